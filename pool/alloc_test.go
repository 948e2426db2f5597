package pool_test

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

// parrot answers every read with one +OK, and allocates nothing once it is warm. It is for one caller at a time.
func parrot(nc net.Conn) {
	defer func() { _ = nc.Close() }()
	in, out := make([]byte, 4<<10), []byte("+OK\r\n")
	for {
		if _, err := nc.Read(in); err != nil {
			return
		}
		if _, err := nc.Write(out); err != nil {
			return
		}
	}
}

func parrotPool(tb testing.TB, cfg pool.Config) *pool.Pool {
	tb.Helper()
	d := conn.Dialer{Protocol: 2, DialContext: func(context.Context, string, string) (net.Conn, error) {
		client, server := redistest.Pipe()
		go parrot(server)
		return client, nil
	}}
	cfg.Dial = func(ctx context.Context) (*conn.Conn, error) { return d.Dial(ctx, "tcp", "memory:0") }
	p, err := pool.New(cfg)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = p.Close() })
	return p
}

// counter is a handler as callers who care for allocations write them.
type counter int

func (n *counter) HandleReply(_ int, r *resp.Reply) error {
	*n++
	return r.Err()
}

func TestWarmRequestsAllocateNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	p := parrotPool(t, pool.Config{})
	ctx := context.Background()
	var q resp.Request
	q.Cmd("SET").Str("key").Str("value")
	var n counter
	roundTrip := func(h resp.Handler) func() {
		return func() {
			if err := p.RoundTrip(ctx, &q, h); err != nil {
				t.Error(err)
			}
		}
	}
	fn := func(c *conn.Conn) error { return c.RoundTrip(ctx, &q, &n) }
	with := func() {
		if err := p.With(ctx, fn); err != nil {
			t.Error(err)
		}
	}
	require.Zero(t, testing.AllocsPerRun(1000, roundTrip(&n)))
	require.Zero(t, testing.AllocsPerRun(1000, roundTrip(nil)))
	require.Zero(t, testing.AllocsPerRun(1000, with))
	q.MarkBlocking()
	require.Zero(t, testing.AllocsPerRun(1000, roundTrip(&n)))
}
