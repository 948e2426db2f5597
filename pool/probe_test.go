package pool_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

func TestServerClosedTheIdleConnection(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{})
		for i := range 5 {
			n, err := do(t.Context(), p, "INCR", "n")
			require.NoError(t, err)
			require.Equal(t, string(rune('1'+i)), n)
			time.Sleep(30 * time.Second)
			b.closeAll()
		}
		require.Len(t, b.dials(), 5)
		require.EqualValues(t, 0, p.Stats().Retries, "found by looking, not by failing")
		require.EqualValues(t, 4, p.Stats().ClosedDead)
	})
}

// slowEnd takes a millisecond to find out that the peer is gone.
type slowEnd struct{ net.Conn }

func (c slowEnd) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		time.Sleep(time.Millisecond)
	}
	return n, err
}

// While one caller looks whether a connection lives, no other relies on it.
func TestBurstOntoStaleConnections(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		b.wrap = func(nc net.Conn) net.Conn { return slowEnd{nc} }
		p := b.pool(pool.Config{})
		for range 20 {
			one, two, three := borrow(t.Context(), p), borrow(t.Context(), p), borrow(t.Context(), p)
			one.back(t)
			two.back(t)
			three.back(t)
			time.Sleep(30 * time.Second)
			b.closeAll()
			answers := make(chan error, 64)
			for i := range cap(answers) {
				go func() {
					if i%8 == 0 {
						answers <- p.With(t.Context(), func(c *conn.Conn) error { _, err := c.Do(t.Context(), "INCR", "n"); return err })
						return
					}
					_, err := do(t.Context(), p, "INCR", "n")
					answers <- err
				}()
			}
			for range cap(answers) {
				require.NoError(t, <-answers)
			}
			require.EqualValues(t, 0, p.Stats().Retries)
		}
	})
}

// Who waited for the outcome shares the connection as soon as it is known to live.
func TestProbedConnectionIsShared(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{Keep: 1})
		connection(t, p)
		time.Sleep(30 * time.Second)
		one, two := start(t.Context(), p, "SLEEP", "1000"), start(t.Context(), p, "PING")
		require.Equal(t, 1, p.Stats().Waiting, "a probe of a pipe takes a moment")
		time.Sleep(10 * time.Millisecond)
		require.Equal(t, 0, p.Stats().Waiting)
		require.NoError(t, (<-one).err)
		require.NoError(t, (<-two).err)
		require.Len(t, b.dials(), 1)
	})
}

// A connection that was handed to a waiter is looked at like any other.
func TestStaleConnectionHandedToAWaiter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{Keep: 2, MaxOpen: 3})
		idle, busy := borrow(t.Context(), p), borrow(t.Context(), p) // the second one waits
		idle.back(t)
		require.Equal(t, idle.id, busy.id)
		busy.back(t)

		one, two := start(t.Context(), p, "SLEEP", "10"), start(t.Context(), p, "SLEEP", "10")
		require.NoError(t, (<-one).err)
		require.NoError(t, (<-two).err)
		require.Equal(t, 2, p.Stats().Idle)
		first := borrow(t.Context(), p)
		second := borrow(t.Context(), p) // waits, for the limit is 1
		time.Sleep(30 * time.Second)
		b.closeAll()
		first.give <- errors.New("failed")
		require.Error(t, <-first.done)
		synctest.Wait()
		time.Sleep(10 * time.Millisecond)
		second.back(t) // it worked, on a fresh one
	})
}

// When one connection is found dead, the others are looked at before they are used again, however short that is ago.
func TestContemporariesOfADeadConnectionAreProbed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{Keep: 3})
		one, two, three := borrow(t.Context(), p), borrow(t.Context(), p), borrow(t.Context(), p)
		one.back(t)
		two.back(t)
		three.back(t)
		b.closeAll()
		var q resp.Request
		q.Cmd("ECHO").Str("k").MarkIdempotent()
		_, err := send(t.Context(), p, &q)
		require.NoError(t, err)
		require.EqualValues(t, 1, p.Stats().Retries)
		fresh := borrow(t.Context(), p) // out of the way
		for range 5 {
			_, err = do(t.Context(), p, "INCR", "n")
			require.NoError(t, err)
		}
		require.EqualValues(t, 1, p.Stats().Retries)
		require.EqualValues(t, 3, p.Stats().ClosedDead)
		fresh.back(t)
	})
}

// A server that lives, and a connection that owes replies, pass.
func TestProbedConnectionIsKept(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{})
		id := connection(t, p)
		for range 5 {
			time.Sleep(30 * time.Second)
			require.Equal(t, id, connection(t, p))
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			_, err := do(ctx, p, "SLEEP", "5")
			require.ErrorIs(t, err, context.DeadlineExceeded)
			cancel()
		}
		require.Len(t, b.dials(), 1)
	})
}

// Nor is one relied upon that owes replies since long and was closed meanwhile.
func TestConnectionThatOwesRepliesIsProbed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := do(ctx, p, "SLEEP", "5")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		time.Sleep(30 * time.Second)
		b.closeAll()
		_, err = do(t.Context(), p, "INCR", "n")
		require.NoError(t, err)
		require.EqualValues(t, 1, p.Stats().ClosedDead)
	})
}

func TestPushHandlerThatPanicsInAProbe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		b.dialer.OnPush = func(*resp.Reply) { panic("push") }
		p := b.pool(pool.Config{})
		connection(t, p)
		time.Sleep(30 * time.Second)
		b.mu.Lock()
		_, err := b.ends[0].Write([]byte(">1\r\n+hello\r\n"))
		b.mu.Unlock()
		require.NoError(t, err)
		require.PanicsWithValue(t, "push", func() { _, _ = do(t.Context(), p, "PING") })
		require.Equal(t, 0, p.Stats().Open)
		connection(t, p)
	})
}
