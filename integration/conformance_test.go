package integration

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/internal/conformance"
	"github.com/bwredis/bwredis/pool"
)

// The operations do on every server what they do on the embedded store, and what BunkerWeb's own code did, in both protocols.
func TestConformance(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Shared(t, v)
		t.Run("RESP3", func(t *testing.T) {
			t.Parallel()
			conformance.Run(t, func(t *testing.T) *bwstate.State {
				return open(t, with(server.Settings(), "REDIS_DATABASE", strconv.Itoa(server.Database(t))))
			})
		})
		t.Run("RESP2", func(t *testing.T) {
			t.Parallel()
			conformance.Run(t, func(t *testing.T) *bwstate.State { return openRESP2(t, server, server.Database(t)) })
		})
	})
}

// openRESP2 opens a state whose connections never try RESP3.
func openRESP2(t *testing.T, server *harness.Server, database int) *bwstate.State {
	dialer := conn.Dialer{Protocol: 2, DB: database}
	p, err := pool.New(pool.Config{Dial: func(ctx context.Context) (*conn.Conn, error) { return dialer.Dial(ctx, "tcp", server.Addr) }})
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close() })
	return bwstate.New(p)
}

// A value of every type that the protocol has comes out the same in both protocols, as far as RESP2 can say it.
func TestTypes(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Shared(t, v)
		three := open(t, server.Settings())
		for name, want := range map[string]string{
			"string": `"Hello World"`, "integer": "12345", "null": "null", "array": "[0, 1, 2]", "set": "{0, 1, 2}",
			"map": "{0: false, 1: true, 2: false}", "bignum": "1234567999999999999999999999999999999", "true": "true", "false": "false",
			"verbatim": `"This is a verbatim\nstring"`,
		} {
			value, err := three.Do(short(t), "DEBUG", "PROTOCOL", name)
			require.NoError(t, err, name)
			require.Equal(t, want, value.String(), name)
		}
		pi, err := three.Do(short(t), "DEBUG", "PROTOCOL", "double")
		require.NoError(t, err)
		f, err := pi.Float()
		require.NoError(t, err)
		require.InDelta(t, 3.141, f, 0.001) // Redis 6.0 sends more digits than later servers

		// An attribute is announced before the value it belongs to, and skipped.
		value, err := three.Do(short(t), "DEBUG", "PROTOCOL", "attrib")
		require.NoError(t, err)
		require.Equal(t, `"Some real reply following the attribute"`, value.String())
		require.NoError(t, three.Ping(short(t)))

		two := openRESP2(t, server, 0)
		for _, name := range []string{"string", "integer", "double", "null", "array", "set", "map", "bignum", "true", "false", "verbatim", "attrib"} {
			_, err := two.Do(short(t), "DEBUG", "PROTOCOL", name)
			require.NoError(t, err, name)
		}
		server2, err := two.Server(short(t))
		require.NoError(t, err)
		require.Equal(t, "2", fmt.Sprint(server2.Protocol))
	})
}
