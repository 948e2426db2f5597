//go:build !race

package conn_test

import (
	"context"
	"testing"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

// One warm call is one Write, one Read and no allocation but the value's text.
func TestCallCosts(t *testing.T) {
	cancellable, cancel := context.WithCancel(context.Background())
	defer cancel()
	for name, ctx := range map[string]context.Context{"background": context.Background(), "cancellable": cancellable} {
		for _, call := range []struct {
			command, reply string
			allocs         float64
		}{
			{"INCR", ":1\r\n", 0},
			{"SET", "+OK\r\n", 1},
			{"GET", string(resp.AppendBulk(nil, "some text")), 1},
		} {
			t.Run(name+"/"+call.command, func(t *testing.T) {
				client, server := redistest.PipeSize(1 << 10)
				go parrot(server, call.reply)
				c := dial(t, over(client, conn.Dialer{Protocol: 2}), "memory:0")
				do := func() {
					if _, err := c.Do(ctx, call.command, "key"); err != nil {
						t.Error(err)
					}
				}
				do()
				reads, writes := client.Reads(), client.Writes()
				const runs = 1000
				require.Equal(t, call.allocs, testing.AllocsPerRun(runs, do))
				require.Equal(t, runs+1, client.Reads()-reads)
				require.Equal(t, runs+1, client.Writes()-writes)
			})
		}
	}
}

// A request that is reused costs nothing, whatever it holds, and with a Timeout as well.
func TestRoundTripCosts(t *testing.T) {
	client, server := redistest.Pipe()
	go parrot(server, string(resp.AppendBulk(nil, "some text")))
	c := dial(t, over(client, conn.Dialer{Protocol: 2, Timeout: limit}), "memory:0")
	var q resp.Request
	bytes := 0
	h := resp.Handler(resp.HandlerFunc(func(_ int, r *resp.Reply) error {
		bytes += len(r.Bytes())
		return r.Err()
	}))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		q.Reset()
		for range 10 {
			q.Cmd("GET").Str("key")
		}
		if err := c.RoundTrip(ctx, &q, h); err != nil {
			t.Error(err)
		}
	}))
	require.Equal(t, 1001*10*len("some text"), bytes)
}
