package pool_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/pool"
)

// tick is how coarse the pool's clock is: a connection closes up to that much before it has been idle for IdleTimeout, never later.
const tick = 250 * time.Millisecond

func TestConnectionIsKept(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{})
		require.Empty(t, b.dials(), "New dials nothing")
		id := connection(t, p)
		for range 100 {
			require.Equal(t, id, connection(t, p))
		}
		require.Len(t, b.dials(), 1)
		require.Equal(t, pool.Stats{Open: 1, Idle: 1, Dials: 1, Waits: 1}, counts(p))
	})
}

func TestIdleConnectionClosesAtIdleTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{IdleTimeout: 10 * time.Second})
		for range 3 { // the timer is armed anew
			connection(t, p)
			time.Sleep(10*time.Second - tick - 1)
			synctest.Wait()
			require.Equal(t, 1, p.Stats().Idle)
			time.Sleep(tick + 1)
			synctest.Wait()
			require.Equal(t, 0, p.Stats().Open)
		}
		require.EqualValues(t, 3, p.Stats().ClosedIdle)
	})
}

func TestUseKeepsAConnectionFromIdling(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{IdleTimeout: 10 * time.Second})
		for range 20 {
			connection(t, p)
			time.Sleep(9 * time.Second)
		}
		answer := start(t.Context(), p, "SLEEP", "30000") // longer than IdleTimeout: it is not idle
		require.NoError(t, (<-answer).err)
		require.Len(t, b.dials(), 1)
	})
}

func TestHotConnectionIsUsedAndTheColdOnesAgeOneByOne(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 3, IdleTimeout: 10 * time.Second})
		var out [3]*borrowed
		for i := range out {
			out[i] = borrow(t.Context(), p)
		}
		var idleSince [3]time.Time
		for i, b := range out {
			time.Sleep(time.Second / 2)
			b.back(t)
			idleSince[i] = time.Now()
		}
		for range 10 {
			require.Equal(t, out[2].id, connection(t, p), "the one used last")
		}
		for i := range 2 {
			time.Sleep(time.Until(idleSince[i].Add(10*time.Second-tick)) - 1)
			synctest.Wait()
			require.Equal(t, 3-i, p.Stats().Open)
			time.Sleep(tick + 1)
			synctest.Wait()
			require.Equal(t, 2-i, p.Stats().Open)
		}
		require.Equal(t, out[2].id, connection(t, p))
	})
}

func TestConnectionThatOwesRepliesIsUsedLast(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 2})
		a, b := borrow(t.Context(), p), borrow(t.Context(), p)
		a.back(t)
		b.back(t)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		_, err := do(ctx, p, "SLEEP", "100") // goes to b, and leaves it owing
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, a.id, connection(t, p))
		require.Equal(t, 2, p.Stats().Open, "a caller who leaves costs nobody a connection")
	})
}

func TestSharedConnectionsGrowToKeep(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{Keep: 3})
		var answers []chan answer
		for range 15 {
			answers = append(answers, start(t.Context(), p, "SLEEP", "100"))
		}
		perConnection := map[string]int{}
		for _, a := range answers {
			got := <-a
			require.NoError(t, got.err)
			perConnection[got.text]++
		}
		require.Len(t, b.dials(), 3)
		require.Len(t, perConnection, 3)
		for id, n := range perConnection {
			require.InDelta(t, 5, n, 1, "the load is spread: connection %s had %d", id, n)
		}
		require.Equal(t, 3, p.Stats().Idle)
	})
}

// Many callers share two connections, and still have a place when those are full.
func TestManyRequestsCrowdOntoTwoConnections(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 4, MaxShare: 50})
		require.NoError(t, p.Warm(t.Context()))
		crowd := func(callers int) map[string]int {
			var answers []chan answer
			for range callers {
				answers = append(answers, start(t.Context(), p, "SLEEP", "100"))
			}
			perConnection := map[string]int{}
			for _, a := range answers {
				got := <-a
				require.NoError(t, got.err)
				perConnection[got.text]++
			}
			return perConnection
		}
		for _, tc := range []struct{ callers, most int }{{15, 4}, {80, 36}, {190, 50}} {
			perConnection := crowd(tc.callers)
			require.Len(t, perConnection, 4, "the first few are spread")
			most := slices.Max(slices.Collect(maps.Values(perConnection)))
			require.InDelta(t, tc.most, most, 4, "%d callers: %v", tc.callers, perConnection) // whoever probes a connection has it alone for a moment
		}
		require.EqualValues(t, 4, p.Stats().Dials)
	})
}

func TestBurstOnAColdPoolSharesOneDial(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		b.before = func(context.Context, int) error { time.Sleep(time.Second); return nil }
		p := b.pool(pool.Config{})
		var answers []chan answer
		for range 200 {
			answers = append(answers, start(t.Context(), p, "PING"))
		}
		require.Equal(t, pool.Stats{Dialling: 1, Waiting: 200, Waits: 200}, counts(p))
		for _, a := range answers {
			require.NoError(t, (<-a).err)
		}
		require.Len(t, b.dials(), 1)
	})
}

func TestSurplusClosesOnReturn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 2, MaxOpen: 6})
		var out []*borrowed
		for range 4 {
			out = append(out, borrow(t.Context(), p))
		}
		require.Equal(t, 4, p.Stats().Open)
		for i, b := range out {
			b.back(t)
			require.Equal(t, []int{4, 4, 3, 2}[i], p.Stats().Open)
			require.Equal(t, b.id, connection(t, p), "the warm one stays")
		}
		require.EqualValues(t, 2, p.Stats().ClosedSurplus)
	})
}
