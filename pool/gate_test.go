package pool_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

// The gate is asked before each attempt, and once more when there is a connection, with what is to be sent.
func TestGate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		var mu sync.Mutex
		var asked []string
		var wait chan struct{}
		p := b.pool(pool.Config{Gate: func(q *resp.Request) <-chan struct{} {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case q == nil:
				asked = append(asked, "with")
			case q.ReadOnly():
				asked = append(asked, "read")
			default:
				asked = append(asked, "write")
			}
			return wait
		}})
		connection(t, p)
		var q resp.Request
		_, err := send(t.Context(), p, q.Cmd("PING").MarkReadOnly())
		require.NoError(t, err)
		require.NoError(t, p.With(t.Context(), func(*conn.Conn) error { return nil }))
		require.Equal(t, []string{"write", "write", "read", "read", "with", "with"}, asked)

		asked = nil
		b.closeAll()
		_, err = send(t.Context(), p, &q)
		require.NoError(t, err)
		require.Equal(t, []string{"read", "read", "read", "read"}, asked, "the second attempt, too")

		mu.Lock()
		wait = make(chan struct{})
		mu.Unlock()
		held := start(t.Context(), p, "PING")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err = p.With(ctx, func(*conn.Conn) error { return nil })
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "held back")
		require.True(t, conn.NotSent(err))
		mu.Lock()
		close(wait)
		wait = nil
		mu.Unlock()
		require.NoError(t, (<-held).err)
	})
}

// Who has passed the gate and waits for a connection has not passed it when it closes meanwhile; the connection goes to others.
func TestGateClosesWhileSomebodyWaits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		var wait atomic.Pointer[chan struct{}]
		p := b.pool(pool.Config{Gate: func(q *resp.Request) <-chan struct{} {
			if c := wait.Load(); c != nil && !q.ReadOnly() {
				return *c
			}
			return nil
		}})
		b.setBefore(func(context.Context, int) error { time.Sleep(time.Second); return nil })
		write := start(t.Context(), p, "PING")
		closed := make(chan struct{})
		wait.Store(&closed)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Empty(t, write, "it is held")
		require.EqualValues(t, 0, p.Stats().InUse)
		var q resp.Request
		_, err := send(t.Context(), p, q.Cmd("PING").MarkReadOnly())
		require.NoError(t, err)
		wait.Store(nil)
		close(closed)
		require.NoError(t, (<-write).err)
	})
}

// A barrier is a gate that tests close and open.
type barrier struct{ wait atomic.Pointer[chan struct{}] }

func (b *barrier) gate(*resp.Request) <-chan struct{} {
	if c := b.wait.Load(); c != nil {
		return *c
	}
	return nil
}

func (b *barrier) close() {
	c := make(chan struct{})
	b.wait.Store(&c)
}

func (b *barrier) open() { close(*b.wait.Swap(nil)) }

// The same holds for who waits until a connection is free that he may have to himself.
func TestGateClosesWhileSomebodyQueues(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var gate barrier
		p := newBackend(t, nil).pool(pool.Config{Keep: 1, MaxOpen: 2, Gate: gate.gate})
		first := borrow(t.Context(), p)
		queued := borrow(t.Context(), p)
		require.Equal(t, 1, p.Stats().Waiting)
		gate.close()
		first.back(t)
		time.Sleep(time.Second)
		require.Empty(t, queued.id, "it is held")
		require.EqualValues(t, 0, p.Stats().InUse)
		gate.open()
		queued.back(t)
		require.Equal(t, first.id, queued.id)
	})
}

// A gate that opens and closes again before anybody has passed is closed.
func TestGateIsAskedAgainWhenItOpens(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var gate barrier
		p := newBackend(t, nil).pool(pool.Config{Gate: gate.gate})
		gate.close()
		held := start(t.Context(), p, "PING")
		first := gate.wait.Load()
		gate.close()
		close(*first)
		synctest.Wait()
		require.Empty(t, held)
		require.Empty(t, p.Stats().Dials, "nothing is dialled for who is held")
		gate.open()
		require.NoError(t, (<-held).err)
	})
}

// When the second attempt is held until the caller leaves, nothing was executed.
func TestGateHoldsTheSecondAttempt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var gate barrier
		b := newBackend(t, map[string]redistest.Handler{"SET": func(c *redistest.Session, _ []string) {
			gate.close()
			c.Error("READONLY You can't write against a read only replica.")
		}})
		p := b.pool(pool.Config{Gate: gate.gate})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := do(ctx, p, "SET", "a", "b")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "held back")
		require.True(t, resp.IsCode(err, "READONLY"), "%v", err)
	})
}

// Switches, resets, callers of all sorts and Close may come at any time: nothing is left of the pool.
func TestSwitchAndCloseAtAnyTime(t *testing.T) {
	for seed := range 10 {
		bubble(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(uint64(seed), 1))
			p := newBackend(t, nil).pool(pool.Config{})
			ctx, cancel := context.WithCancel(t.Context())
			every := time.Duration(1+rnd.IntN(300)) * time.Millisecond
			var tasks sync.WaitGroup
			for _, f := range []func(){
				func() { p.Switch(every / 2); time.Sleep(every) },
				func() { p.Reset(); time.Sleep(every + time.Millisecond) },
				func() {
					_ = p.With(ctx, func(c *conn.Conn) error { _, err := c.Do(ctx, "SLEEP", "300"); return err })
				},
				func() { _, _ = do(ctx, p, "SLEEP", "20") },
				func() { _, _ = do(ctx, p, "SLEEP", "20") },
			} {
				tasks.Go(func() {
					for ctx.Err() == nil {
						f()
						time.Sleep(time.Millisecond)
					}
				})
			}
			time.Sleep(time.Duration(rnd.IntN(3000)) * time.Millisecond)
			require.NoError(t, p.Close())
			cancel()
			tasks.Wait()
			require.Zero(t, p.Stats().Open)
		})
	}
}
