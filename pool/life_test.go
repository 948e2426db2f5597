package pool_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/pool"
)

// A connection in use goes when its time has come, and not before there is another.
func TestLifetimeOfAConnectionInUse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		b.before = func(context.Context, int) error { time.Sleep(3 * time.Second); return nil }
		p := b.pool(pool.Config{Keep: 1, MaxLifetime: 100 * time.Second})
		first := connection(t, p)
		born := time.Now()
		var end time.Time
		for end.IsZero() {
			time.Sleep(100 * time.Millisecond)
			asked := time.Now()
			if connection(t, p) != first {
				end = time.Now()
			}
			require.Zero(t, time.Since(asked), "nobody waits for the new one")
			require.Less(t, time.Since(born), 105*time.Second)
		}
		require.GreaterOrEqual(t, end.Sub(born), 80*time.Second)
		require.EqualValues(t, 1, p.Stats().ClosedAged)
		require.Len(t, b.dials(), 2)
	})
}

// Those that were made together do not end together.
func TestLifetimesDiffer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 20, MaxOpen: 40, MaxLifetime: 1000 * time.Second, IdleTimeout: time.Hour})
		require.NoError(t, p.Warm(t.Context()))
		require.Equal(t, 20, p.Stats().Open)
		time.Sleep(900 * time.Second)
		synctest.Wait()
		require.InDelta(t, 10, p.Stats().Open, 8, "about half of them, and unused ones are not replaced")
		time.Sleep(100*time.Second + tick)
		synctest.Wait()
		s := p.Stats()
		require.Zero(t, s.Open)
		require.EqualValues(t, 20, s.ClosedAged)
		require.EqualValues(t, 20, s.Dials)
	})
}

// While the server is away, an old connection is better than none.
func TestLifetimeDuringAnOutage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{Keep: 1, MaxLifetime: 100 * time.Second})
		first := connection(t, p)
		b.setBefore(func(context.Context, int) error { return errors.New("refused") })
		for range 1500 { // a dial fails once a second or so
			time.Sleep(100 * time.Millisecond)
			require.Equal(t, first, connection(t, p))
		}
		require.Less(t, len(b.dials()), 100)
		b.setBefore(nil)
		time.Sleep(2 * time.Second)
		connection(t, p)
		synctest.Wait()
		require.NotEqual(t, first, connection(t, p))
	})
}

// A burst on an old connection, and With, see nothing of its end.
func TestLifetimeOfABusyConnection(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 1, MaxLifetime: 10 * time.Second})
		alone := borrow(t.Context(), p)
		answer := start(t.Context(), p, "SLEEP", "30000")
		time.Sleep(15 * time.Second)
		alone.back(t)
		connection(t, p)
		require.NoError(t, (<-answer).err)
		time.Sleep(time.Second)
		connection(t, p)
		require.NotZero(t, p.Stats().ClosedAged+p.Stats().ClosedSurplus)
	})
}
