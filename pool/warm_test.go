package pool_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/pool"
)

func TestWarm(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		b.before = func(context.Context, int) error { time.Sleep(time.Second); return nil }
		p := b.pool(pool.Config{Keep: 20})
		began := time.Now()
		require.NoError(t, p.Warm(t.Context()))
		require.Equal(t, 3*time.Second, time.Since(began), "eight at a time")
		require.Equal(t, 20, p.Stats().Idle)
		require.NoError(t, p.Warm(t.Context()))
		require.Len(t, b.dials(), 20)
		began = time.Now()
		connection(t, p)
		require.Zero(t, time.Since(began), "the first caller need not wait")
	})
}

func TestWarmGivesUp(t *testing.T) {
	refused := errors.New("refused")
	for name, tc := range map[string]struct {
		before func(ctx context.Context, n int) error
		close  bool
		want   error
	}{
		"when a dial fails":       {before: func(_ context.Context, n int) error { return map[bool]error{n == 2: refused}[true] }, want: refused},
		"when its context ends":   {before: func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }, want: context.DeadlineExceeded},
		"when the pool is closed": {before: func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }, close: true, want: pool.ErrClosed},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBackend(t, nil)
				b.before = tc.before
				p := b.pool(pool.Config{Keep: 3, DialTimeout: time.Minute})
				if tc.close {
					time.AfterFunc(time.Second, func() { _ = p.Close() })
				}
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				err := p.Warm(ctx)
				require.ErrorIs(t, err, tc.want)
				require.True(t, conn.NotSent(err) || !errors.As(err, new(*conn.Error)))
			})
		})
	}
}

// A pool that is reset while it is warmed warms what is new.
func TestWarmAndReset(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		b.before = func(ctx context.Context, _ int) error {
			select {
			case <-time.After(time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		p := b.pool(pool.Config{Keep: 3})
		time.AfterFunc(time.Second/2, p.Reset)
		require.NoError(t, p.Warm(t.Context()))
		require.Equal(t, 3, p.Stats().Idle)
		require.Len(t, b.dials(), 6)
	})
}
