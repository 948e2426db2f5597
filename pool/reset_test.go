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

func TestResetClosesIdleConnections(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{})
		a, b := borrow(t.Context(), p), borrow(t.Context(), p)
		a.back(t)
		b.back(t)
		p.Reset()
		require.Equal(t, pool.Stats{Dials: 2, Waits: 2, ClosedReset: 2}, counts(p))
		require.NotContains(t, []string{a.id, b.id}, connection(t, p))
	})
}

func TestResetLetsBusyConnectionsFinish(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 1, MaxOpen: 2})
		old := connection(t, p)
		one := start(t.Context(), p, "SLEEP", "100")
		two := start(t.Context(), p, "SLEEP", "100")
		alone := borrow(t.Context(), p)
		p.Reset()
		p.Reset() // once or twice
		require.Equal(t, 2, p.Stats().InUse)

		fresh := connection(t, p) // although MaxOpen old ones are in use
		require.NotEqual(t, old, fresh)
		again := borrow(t.Context(), p)
		require.NotEqual(t, alone.id, again.id)

		require.Equal(t, answer{text: old}, <-one)
		synctest.Wait()
		require.EqualValues(t, 0, p.Stats().ClosedReset, "its last caller is not done")
		require.Equal(t, answer{text: old}, <-two)
		synctest.Wait()
		require.EqualValues(t, 1, p.Stats().ClosedReset)
		alone.back(t)
		require.EqualValues(t, 2, p.Stats().ClosedReset)
		third := borrow(t.Context(), p)
		require.Empty(t, third.id, "the old one does not count any more")
		again.back(t)
		third.back(t)
		require.NotContains(t, []string{old, alone.id}, connection(t, p))
	})
}

// Who waits after a Reset waits for a new dial, whatever the old one is up to.
func TestResetGivesUpDialsInFlight(t *testing.T) {
	for name, old := range map[string]func(context.Context) error{
		"ends with its context": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		"fails later":           func(context.Context) error { time.Sleep(time.Second); return errors.New("old") },
		"succeeds later":        func(context.Context) error { time.Sleep(time.Second); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBackend(t, nil)
				b.before = func(ctx context.Context, n int) error {
					if n == 1 {
						return old(ctx)
					}
					return nil
				}
				p := b.pool(pool.Config{Keep: 1})
				early := start(t.Context(), p, "PING")
				require.Equal(t, 1, p.Stats().Dialling)
				began := time.Now()
				p.Reset()
				require.NoError(t, (<-early).err)
				require.Zero(t, time.Since(began))
				synctest.Wait()
				require.Equal(t, name != "ends with its context", p.Stats().Dialling == 1)
				time.Sleep(time.Second)
				synctest.Wait()
				require.Equal(t, 0, p.Stats().Dialling)
				require.Len(t, b.dials(), 2)
				require.Equal(t, 1, p.Stats().Idle)

				// What came of the old one says nothing about the new ones.
				first, second := borrow(t.Context(), p), borrow(t.Context(), p)
				first.back(t)
				second.back(t)
				require.Len(t, b.dials(), 3)
			})
		})
	}
}

func TestResetForgetsTheOutage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		b.before = func(context.Context, int) error { return errors.New("refused") }
		p := b.pool(pool.Config{})
		_, err := do(t.Context(), p, "PING")
		require.Error(t, err)
		b.setBefore(nil)
		_, err = do(t.Context(), p, "PING")
		require.Error(t, err, "too early")
		p.Reset()
		connection(t, p)
	})
}

func TestResetServesThoseWhoWaitForABusyConnection(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 1, MaxShare: 1, MaxOpen: 2})
		busy := start(t.Context(), p, "SLEEP", "60000")
		alone := borrow(t.Context(), p)
		waiting := start(t.Context(), p, "PING")
		waitingAlone := borrow(t.Context(), p)
		require.Equal(t, 2, p.Stats().Waiting)
		began := time.Now()
		p.Reset()
		require.NoError(t, (<-waiting).err)
		synctest.Wait()
		require.NotEmpty(t, waitingAlone.id)
		require.Zero(t, time.Since(began))
		alone.back(t)
		waitingAlone.back(t)
		require.NoError(t, (<-busy).err)
		require.Equal(t, 1, p.Stats().Open)
	})
}
