package pool_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/pool"
)

var errRefused = errors.New("refused")

func refuses(context.Context, int) error { return errRefused }

// While a connection that has lived for too long cannot be replaced, the pool's timer does not run hot: in virtual time it would stand still.
func TestTimerWaitsForTheReplacementOfAnOldConnection(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		b.before = func(ctx context.Context, n int) error {
			if n > 1 { // packets are lost
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		p := b.pool(pool.Config{Keep: 1, MaxLifetime: 100 * time.Millisecond, DialTimeout: time.Second})
		connection(t, p)
		_, err := do(t.Context(), p, "SLEEP", "60000")
		require.NoError(t, err)
	})
}

// Who leaves in the moment in which he is handed a connection that is to be probed and the pool is reset leaves nothing behind.
func TestLeaveAndHandoverAndResetAtOnce(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 1, MaxOpen: 2})
		one := borrow(t.Context(), p)
		connection(t, p) // of its own dial
		time.Sleep(30 * time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		waiter := borrow(ctx, p)
		require.Equal(t, 1, p.Stats().Waiting)
		cancel()
		one.give <- errors.New("broken")
		<-one.done
		p.Reset()
		<-waiter.done
		synctest.Wait()
		require.Zero(t, p.Stats().Open, "all were retired, and nobody uses any")
		connection(t, p)
		require.EqualValues(t, 3, p.Stats().Dials)
	})
}

// A connection is old also when it was checked out while the other came.
func TestLifetimeOfAConnectionThatIsCheckedOut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		b.before = func(context.Context, int) error { time.Sleep(3 * time.Second); return nil }
		p := b.pool(pool.Config{Keep: 1, MaxOpen: 2, MaxLifetime: 10 * time.Second})
		first := connection(t, p)
		for len(b.dials()) < 2 { // it is used until its life is over and another is being dialled
			time.Sleep(100 * time.Millisecond)
			connection(t, p)
		}
		alone := borrow(t.Context(), p)
		require.Equal(t, first, alone.id)
		time.Sleep(5 * time.Second) // the new one has come
		alone.back(t)
		require.NotEqual(t, first, connection(t, p))
	})
}

// A program that only ever has connections alone, for blocking commands, has new ones now and then as well.
func TestLifetimeOfAConnectionThatIsAlwaysAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{MaxLifetime: 10 * time.Second})
		for began := time.Now(); time.Since(began) < time.Minute; {
			require.NoError(t, p.With(t.Context(), func(c *conn.Conn) error {
				_, err := c.Do(t.Context(), "SLEEP", "1000")
				return err
			}))
		}
		require.InDelta(t, 7, len(b.dials()), 2)
	})
}

// A failover that ends an outage ends what the log says of it.
func TestLogOfAnOutageThatAResetEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log bytes.Buffer
		b := newBackend(t, nil)
		b.before = refuses
		p := b.pool(pool.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.Error(t, ignore(do(t.Context(), p, "PING")))
		synctest.Wait()
		b.setBefore(nil)
		time.Sleep(time.Millisecond)
		p.Reset()
		connection(t, p)
		synctest.Wait()
		require.Contains(t, log.String(), "connected again")
	})
}

// A connection that is older than the outage does not end it.
func TestOldConnectionDoesNotEndAnOutage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log bytes.Buffer
		b := newBackend(t, nil)
		p := b.pool(pool.Config{Keep: 2, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, p.Warm(t.Context()))
		hot := borrow(t.Context(), p)
		b.setBefore(refuses)
		require.Error(t, p.Warm(t.Context()))
		synctest.Wait()
		connection(t, p) // the other one
		synctest.Wait()
		hot.back(t)
		require.NotContains(t, log.String(), "connected again")
	})
}

// Connections that the server closes before anybody has used them, because they sat idle, are no outage.
func TestWarmConnectionsThatTheServerCloses(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{Keep: 10})
		for range 5 {
			require.NoError(t, p.Warm(t.Context()))
			for range 100 {
				connection(t, p)
			}
			time.Sleep(2 * time.Minute)
			b.closeAll()
			require.NoError(t, ignore(do(t.Context(), p, "PING")))
		}
	})
}

// An outage whose end was not noticed by anybody is not held against the next failure.
func TestOutageThatEndedUnnoticed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		b.before = refuses
		p := b.pool(pool.Config{Keep: 1})
		for range 100 {
			require.Error(t, ignore(do(t.Context(), p, "PING")))
			time.Sleep(100 * time.Millisecond)
		}
		b.setBefore(nil)
		time.Sleep(time.Second)
		require.NoError(t, p.Warm(t.Context()))
		time.Sleep(24 * time.Hour) // unused, and closed
		require.Zero(t, p.Stats().Open)
		var tried atomic.Bool
		b.setBefore(func(context.Context, int) error {
			if tried.CompareAndSwap(false, true) {
				return errRefused
			}
			return nil
		})
		require.Error(t, ignore(do(t.Context(), p, "PING")))
		time.Sleep(25 * time.Millisecond)
		connection(t, p)
	})
}

// While nothing can be dialled, a connection that is being probed, or is used as much as it may be, is waited for.
func TestConnectionThereIsServesAllDuringAnOutage(t *testing.T) {
	for name, cfg := range map[string]pool.Config{"probed": {}, "full": {MaxShare: 2}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBackend(t, nil)
				p := b.pool(cfg)
				connection(t, p)
				b.setBefore(refuses)
				for range 20 {
					time.Sleep(time.Second)
					done := make(chan error, 10)
					for range cap(done) {
						go func() { _, err := do(t.Context(), p, "SLEEP", "1"); done <- err }()
					}
					for range cap(done) {
						require.NoError(t, <-done)
					}
				}
				require.Equal(t, 1, p.Stats().Open)
			})
		})
	}
}

// Warm does not begin again where connections become too old while others are dialled.
func TestWarmEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		b.before = func(context.Context, int) error { time.Sleep(300 * time.Millisecond); return nil }
		p := b.pool(pool.Config{Keep: 50, IdleTimeout: time.Second})
		require.NoError(t, p.Warm(t.Context()))
		require.Len(t, b.dials(), 50)
	})
}

// What has died meanwhile is not warm.
func TestWarmLooksAtWhatThereIs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{})
		require.NoError(t, p.Warm(t.Context()))
		time.Sleep(30 * time.Second)
		b.closeAll()
		require.NoError(t, p.Warm(t.Context()))
		require.Len(t, b.dials(), 6)
		connection(t, p)
		require.Len(t, b.dials(), 6)
	})
}

// Requests are timed also where a connection is never without one.
func TestRequestsAreTimedUnderSteadyLoad(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 1})
		connection(t, p)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for began := time.Now(); time.Since(began) < time.Minute; {
					_, err := do(t.Context(), p, "SLEEP", "10")
					assert.NoError(t, err)
				}
			})
		}
		wg.Wait()
		require.Greater(t, p.Stats().RoundTrip.Count, uint64(1000), "of 6000 in a minute")
	})
}

// A trace that panics, which it must not, keeps Close from nothing.
func TestTraceThatPanics(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		var armed atomic.Bool
		b.dialer.Trace = &conn.Trace{Close: func(conn.CloseTrace) {
			if armed.CompareAndSwap(true, false) {
				panic("trace")
			}
		}}
		p := b.pool(pool.Config{})
		require.NoError(t, p.Warm(t.Context()))
		armed.Store(true)
		require.Panics(t, p.Reset)
		require.NoError(t, p.Close())
	})
}

// A pool that nobody uses dials nothing, however short its connections live.
func TestUnusedPoolDoesNotDial(t *testing.T) {
	for _, life := range []time.Duration{1, 40 * time.Millisecond, 200 * time.Millisecond, time.Second} {
		t.Run(life.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBackend(t, nil)
				p := b.pool(pool.Config{MaxLifetime: life})
				connection(t, p)
				time.Sleep(time.Hour)
				require.LessOrEqual(t, len(b.dials()), 3)
				require.Zero(t, p.Stats().Open)
			})
		})
	}
}

// A server, or a proxy, that closes each connection right after the handshake is not dialled again and again for one caller.
func TestServerThatClosesAfterTheHandshake(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p, err := pool.New(pool.Config{Dial: func(ctx context.Context) (*conn.Conn, error) {
			c, err := b.dial(ctx)
			time.Sleep(20 * time.Millisecond)
			b.closeAll()
			return c, err
		}})
		require.NoError(t, err)
		var wg sync.WaitGroup
		for i := range 8 { // each of whose connections dies while others are being dialled
			wg.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(10 * time.Millisecond) {
					err := p.With(t.Context(), func(c *conn.Conn) error { _, err := c.Do(t.Context(), "PING"); return err })
					assert.Error(t, err)
				}
			})
		}
		wg.Wait()
		require.Less(t, len(b.dials()), 100)
		require.NoError(t, p.Close())
		balanced(t, p)
	})
}

// Warm goes on when room comes from a connection that is given back.
func TestWarmWaitsForRoom(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{Keep: 1, MaxOpen: 2, MaxLifetime: 10 * time.Second, IdleTimeout: time.Hour})
		slow := start(t.Context(), p, "SLEEP", "60000")
		for p.Stats().Dials < 2 { // the slow one's connection is old
			time.Sleep(100 * time.Millisecond)
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			_, _ = do(ctx, p, "PING")
			cancel()
		}
		alone := borrow(t.Context(), p)
		warm := make(chan error, 1)
		go func() { warm <- p.Warm(t.Context()) }()
		require.NoError(t, (<-slow).err)
		require.NoError(t, <-warm)
		alone.back(t)
	})
}
