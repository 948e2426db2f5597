package pool_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

func TestCloseOfAnIdlePool(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{})
		connection(t, p)
		require.NoError(t, p.Close())
		require.Equal(t, pool.Stats{Dials: 1, Waits: 1, ClosedByUs: 1}, counts(p))

		_, err := do(t.Context(), p, "PING")
		require.ErrorIs(t, err, pool.ErrClosed)
		require.ErrorIs(t, p.With(t.Context(), nil), pool.ErrClosed)
		p.Reset()
		require.NoError(t, p.Close())
		require.Len(t, b.dials(), 1)
	})
}

func TestCloseWaitsForRepliesOfSharedRequests(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 1})
		connection(t, p)
		one, two := start(t.Context(), p, "SLEEP", "1000"), start(t.Context(), p, "SLEEP", "1000")
		p.Reset() // retired ones count, too
		three := start(t.Context(), p, "SLEEP", "1000")
		began := time.Now()
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { _ = p.Close() })
		}
		wg.Wait()
		require.Equal(t, 2*time.Second, time.Since(began))
		for _, a := range []chan answer{one, two, three} {
			require.NoError(t, (<-a).err)
		}
		require.Equal(t, 0, p.Stats().Open)
	})
}

func TestCloseInterruptsWhoHasAConnectionAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{})
		blocked := make(chan error, 2)
		block := func() {
			var q resp.Request
			q.Cmd("SLEEP").Str("3600000").MarkBlocking()
			_, err := send(t.Context(), p, &q)
			blocked <- err
		}
		go block()
		synctest.Wait()
		p.Reset()
		go block()
		synctest.Wait()
		began := time.Now()
		require.NoError(t, p.Close())
		require.Zero(t, time.Since(began))
		require.ErrorIs(t, <-blocked, conn.ErrClosed)
		require.ErrorIs(t, <-blocked, conn.ErrClosed)
		s := p.Stats()
		require.EqualValues(t, 1, s.ClosedByUs)
		require.EqualValues(t, 1, s.ClosedReset, "retired before")
		require.EqualValues(t, 0, s.ClosedDead)
	})
}

func TestCloseTellsWaiters(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 1, MaxShare: 1, MaxOpen: 2})
		busy := start(t.Context(), p, "SLEEP", "1000")
		alone := borrow(t.Context(), p)
		waiting := start(t.Context(), p, "PING")
		waitingAlone := borrow(t.Context(), p)
		closed := make(chan error)
		go func() { closed <- p.Close() }()
		synctest.Wait()
		require.ErrorIs(t, (<-waiting).err, pool.ErrClosed)
		require.ErrorIs(t, <-waitingAlone.done, pool.ErrClosed)
		alone.give <- nil
		require.NoError(t, <-alone.done)
		require.NoError(t, (<-busy).err)
		require.NoError(t, <-closed)
		require.EqualValues(t, 2, p.Stats().ClosedByUs)
	})
}

func TestCloseEndsDials(t *testing.T) {
	for name, tc := range map[string]struct {
		before func(context.Context) error
		takes  time.Duration
		want   pool.Stats
	}{
		"ends with its context": {
			func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
			0,
			pool.Stats{Waits: 1, Dials: 1, DialErrors: 1},
		},
		"does not": {
			func(context.Context) error { time.Sleep(time.Minute); return nil },
			time.Second,
			pool.Stats{Waits: 1, Dials: 1, DialErrors: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBackend(t, nil)
				b.before = func(ctx context.Context, _ int) error { return tc.before(ctx) }
				p := b.pool(pool.Config{})
				waiting := start(t.Context(), p, "PING")
				began := time.Now()
				require.NoError(t, p.Close())
				require.Equal(t, tc.takes, time.Since(began))
				require.ErrorIs(t, (<-waiting).err, pool.ErrClosed)
				require.Equal(t, tc.want, counts(p))
				time.Sleep(time.Minute) // what was given up ends as well
			})
		})
	}
}

// A Dial function that does not look at its context hands over a connection to a pool that is closed.
func TestConnectionThatComesAfterClose(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p, err := pool.New(pool.Config{Dial: func(context.Context) (*conn.Conn, error) {
			time.Sleep(time.Minute)
			return b.dial(context.Background())
		}})
		require.NoError(t, err)
		waiting := start(t.Context(), p, "PING")
		require.NoError(t, p.Close())
		require.ErrorIs(t, (<-waiting).err, pool.ErrClosed)
		require.Equal(t, pool.Stats{Waits: 1, Dials: 1, DialErrors: 1}, counts(p))
		time.Sleep(time.Minute)
		b.servers.Wait() // it is closed when it comes
	})
}

func TestClosedPoolHasNoTimer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{IdleTimeout: time.Second})
		connection(t, p)
		require.NoError(t, p.Close())
		time.Sleep(time.Minute)
		require.EqualValues(t, 0, p.Stats().ClosedIdle)
	})
}
