package pool_test

import (
	"context"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
)

// When packets are lost, dials take long to fail. Only who begins one waits for it.
func TestOutageWithDialsThatHang(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		b.before = func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }
		p := b.pool(pool.Config{DialTimeout: 5 * time.Second})
		_, err := do(t.Context(), p, "PING")
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		time.Sleep(time.Second)

		tester := start(t.Context(), p, "PING")
		synctest.Wait()
		for range 100 {
			asked := time.Now()
			_, err := do(t.Context(), p, "PING")
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			require.True(t, conn.NotSent(err))
			require.Zero(t, time.Since(asked), "somebody finds out whether the server is back")
		}
		asked := time.Now()
		require.Error(t, (<-tester).err)
		require.Equal(t, 5*time.Second, time.Since(asked))
		require.Len(t, b.dials(), 2)

		b.setBefore(nil)
		time.Sleep(time.Second)
		require.NotEmpty(t, connection(t, p), "who finds the server back is served")
	})
}

// In the first moments of an outage callers wait for the next dial: it may well be over.
func TestShortOutageIsWaitedFor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		b.before = func(context.Context, int) error { return os.ErrPermission }
		p := b.pool(pool.Config{})
		_, err := do(t.Context(), p, "PING")
		require.ErrorIs(t, err, os.ErrPermission)
		b.setBefore(func(context.Context, int) error { time.Sleep(10 * time.Millisecond); return nil })
		time.Sleep(25 * time.Millisecond)
		var answers []chan answer
		for range 50 {
			answers = append(answers, start(t.Context(), p, "PING"))
		}
		for _, a := range answers {
			require.NoError(t, (<-a).err)
		}
	})
}

// A server, or a proxy in front of one that is away, that takes connections and drops them is not dialled for every request.
func TestServerThatDropsWhatItAccepts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		drop := func(c *redistest.Session, _ []string) { c.Reset() }
		b := newBackend(t, map[string]redistest.Handler{"INCR": drop})
		p := b.pool(pool.Config{})
		began := time.Now()
		for time.Since(began) < 10*time.Second {
			_, err := do(t.Context(), p, "INCR", "n")
			require.Error(t, err)
			time.Sleep(time.Millisecond)
		}
		require.Less(t, len(b.dials()), 30, "of about 10,000 requests")

		time.Sleep(time.Second)
		connection(t, p) // PING and the like work
		require.NotEmpty(t, connection(t, p))
		_, err := do(t.Context(), p, "INCR", "n")
		require.False(t, conn.NotSent(err), "it is forgotten: %v", err)
	})
}
