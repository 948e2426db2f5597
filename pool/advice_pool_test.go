package pool_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/pool"
)

// turns lets so many callers do something at once, again and again for an hour of virtual time.
func turns(t *testing.T, callers int, every time.Duration, turn func() error, pause func()) {
	t.Helper()
	for began := time.Now(); time.Since(began) < time.Hour; time.Sleep(every) {
		done := make(chan error, callers)
		for range callers {
			go func() { done <- turn() }()
		}
		for range callers {
			require.NoError(t, <-done)
		}
		pause()
	}
}

// What a pool has been through leads to the advice that follows from it.
func TestAdvice(t *testing.T) {
	alone := func(t *testing.T, p *pool.Pool) func() error {
		return func() error {
			return p.With(t.Context(), func(*conn.Conn) error { time.Sleep(10 * time.Millisecond); return nil })
		}
	}
	shared := func(t *testing.T, p *pool.Pool) func() error {
		return func() error { _, err := do(t.Context(), p, "SLEEP", "5"); return err }
	}
	for name, tc := range map[string]struct {
		cfg     pool.Config
		callers int
		every   time.Duration
		turn    func(*testing.T, *pool.Pool) func() error
		ends    bool // the server closes what is idle
		want    []string
	}{
		"fits": {
			callers: 2, every: time.Second, turn: shared,
			want: []string{"The settings fit: REDIS_KEEPALIVE_POOL=3 (at most 2 connections were in use at once"},
		},
		"too few are kept": {
			cfg: pool.Config{Keep: 1, MaxOpen: 10}, callers: 4, every: time.Second, turn: alone,
			want: []string{"Raise REDIS_KEEPALIVE_POOL from 1 to 4", "closed on their return because 1 were kept"},
		},
		"too few may share": {
			cfg: pool.Config{Keep: 1, MaxShare: 4}, callers: 12, every: time.Second, turn: shared,
			want: []string{"Raise REDIS_KEEPALIVE_POOL from 1 to 3, or Config.MaxShare", "had 4 requests in flight"},
		},
		"too few may be alone": {
			cfg: pool.Config{Keep: 1, MaxOpen: 2}, callers: 5, every: time.Second, turn: alone,
			want: []string{"Raise Config.MaxOpen from 2 to 6", "REDIS_KEEPALIVE_POOL does not change that"},
		},
		"the server is less patient": {
			cfg: pool.Config{Keep: 1}, callers: 30, every: 100 * time.Second, turn: shared, ends: true,
			want: []string{"Lower REDIS_KEEPALIVE_IDLE from 300s to", "had ended when they were wanted again after a pause of"},
		},
		"they are wanted again": {
			cfg: pool.Config{Keep: 1, IdleTimeout: 30 * time.Second}, callers: 30, every: 40 * time.Second, turn: shared,
			want: []string{"Raise REDIS_KEEPALIVE_IDLE from 30s to", "were wanted again"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBackend(t, nil)
				p := b.pool(tc.cfg)
				require.Contains(t, p.Advice()[0], "Too early")
				pause := func() {}
				if tc.ends {
					pause = b.closeAll
				}
				turns(t, tc.callers, tc.every, tc.turn(t, p), pause)
				advice := strings.Join(p.Advice(), "\n")
				for _, text := range tc.want {
					require.Contains(t, advice, text)
				}
				require.NotContains(t, advice, "%!")
			})
		})
	}
}
