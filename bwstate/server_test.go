package bwstate

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/resp"
)

// inTurn answers each request with the next of some frames.
type inTurn struct{ frames []string }

func (s *inTurn) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	next := replies(s.frames[:1])
	s.frames = s.frames[1:]
	return next.RoundTrip(ctx, q, h)
}

const noHello = "-ERR unknown command\r\n"

func TestServerSaysWhoItIs(t *testing.T) {
	info := "# Server\r\nredis_version:7.2.4\r\nredis_mode:standalone\r\n# Replication\r\nrole:master\r\n"
	valkey := "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.0\r\nrole:slave\r\n"
	for name, c := range map[string]struct {
		frames []string
		want   Server
	}{
		"RESP3":            {[]string{"%4\r\n+server\r\n+valkey\r\n+version\r\n+8.1.0\r\n+proto\r\n:3\r\n+role\r\n+replica\r\n"}, Server{"valkey", "8.1.0", 3, "replica"}},
		"RESP2":            {[]string{"*4\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:2\r\n"}, Server{"redis", "", 2, ""}},
		"no HELLO":         {[]string{noHello, bulk(info)}, Server{"redis", "7.2.4", 2, "master"}},
		"no HELLO, valkey": {[]string{noHello, bulk(valkey)}, Server{"valkey", "8.1.0", 2, "replica"}},
		"no empty HELLO":   {[]string{noHello, "=25\r\ntxt:redis_version:6.0.16\n\r\n"}, Server{"redis", "6.0.16", 3, ""}},
		"says nothing":     {[]string{noHello, bulk("")}, Server{Protocol: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := New(&inTurn{c.frames}).Server(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
	_, err := New(&inTurn{[]string{"-NOPERM no\r\n", "-NOPERM no\r\n"}}).Server(t.Context())
	require.True(t, resp.IsCode(err, "NOPERM"))
	_, err = New(&inTurn{[]string{noHello, "*0\r\n"}}).Server(t.Context())
	require.Error(t, err)
}
