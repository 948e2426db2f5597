package pool_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

// After a switch, what is soon answered is; the rest fails, and whoever comes goes to the new server at once.
func TestSwitch(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{})
		before := connection(t, p)
		soon := start(t.Context(), p, "SLEEP", "400")
		alone := borrow(t.Context(), p)
		began := time.Now()
		p.Switch(time.Second / 2)
		require.NotEqual(t, before, connection(t, p))
		fresh := borrow(t.Context(), p) // from the new server
		require.Equal(t, began, time.Now())
		require.NoError(t, (<-soon).err)

		late := start(t.Context(), p, "SLEEP", "10000") // on the new one
		blocked := make(chan error, 1)
		go func() {
			blocked <- p.With(t.Context(), func(c *conn.Conn) error {
				_, err := c.Do(t.Context(), "SLEEP", "10000")
				return err
			})
		}()
		synctest.Wait()
		time.Sleep(time.Second)
		select {
		case a := <-late:
			require.Fail(t, "a connection to the new server was ended", "%v", a.err)
		default:
		}
		fresh.back(t)
		require.EqualValues(t, 0, p.Stats().ClosedDead, "a connection to the new server was ended")
		p.Switch(time.Second / 2)
		began = time.Now()
		err := (<-late).err
		require.Equal(t, 500*time.Millisecond, time.Since(began))
		require.ErrorIs(t, err, pool.ErrSwitched)
		require.False(t, conn.NotSent(err), "its outcome is unknown")
		require.ErrorIs(t, <-blocked, pool.ErrSwitched)
		alone.give <- nil
		require.NoError(t, <-alone.done)
		require.EqualValues(t, 0, p.Stats().InUse)
	})
}

// A read that a dead master owes is asked of the new one.
func TestSwitchSendsReadsAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{})
		connection(t, p)
		done := make(chan error, 1)
		go func() {
			var q resp.Request
			q.Cmd("SLEEP").Str("700").MarkIdempotent()
			_, err := send(t.Context(), p, &q)
			done <- err
		}()
		synctest.Wait()
		began := time.Now()
		p.Switch(time.Second / 2)
		require.NoError(t, <-done)
		require.Equal(t, 1200*time.Millisecond, time.Since(began))
	})
}

// A server that is known to be dead is not waited for.
func TestSwitchAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{})
		connection(t, p)
		busy := start(t.Context(), p, "SLEEP", "100")
		began := time.Now()
		p.Switch(0)
		require.ErrorIs(t, (<-busy).err, pool.ErrSwitched)
		require.Equal(t, began, time.Now())
	})
}

func TestSwitchOfAClosedPool(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{})
		connection(t, p)
		p.Switch(time.Second / 2)
		require.NoError(t, p.Close())
		p.Switch(time.Second / 2)
		time.Sleep(time.Second)
	})
}

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

// When a connection has died, nobody joins another one that is busy: what killed the one may be on its way to the other.
func TestBusyConnectionIsNotJoinedAfterADeath(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{Keep: 2})
		first := start(t.Context(), p, "SLEEP", "100")
		second := start(t.Context(), p, "SLEEP", "200")
		third := start(t.Context(), p, "SLEEP", "300") // they grow to two
		time.Sleep(50 * time.Millisecond)
		require.Len(t, b.dials(), 2)
		b.mu.Lock()
		dead := b.ends[0]
		b.mu.Unlock()
		require.NoError(t, dead.Close())
		synctest.Wait()
		id := connection(t, p)
		for _, done := range []chan answer{first, second, third} {
			if a := <-done; a.err == nil {
				require.NotEqual(t, id, a.text)
			}
		}
	})
}

// Who is held at the gate is told when the pool is closed.
func TestCloseWhileTheGateHolds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		wait := make(chan struct{})
		p := b.pool(pool.Config{Gate: func(*resp.Request) <-chan struct{} { return wait }})
		held := start(t.Context(), p, "PING")
		require.NoError(t, p.Close())
		require.ErrorIs(t, (<-held).err, pool.ErrClosed)
		_, err := do(t.Context(), p, "PING")
		require.ErrorIs(t, err, pool.ErrClosed)
	})
}
