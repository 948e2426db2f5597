package pool_test

import (
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

// Connections to the new server are not closed with those to the old one, although the pool was reset once more in between.
func TestSwitchAndAResetInBetween(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var p *pool.Pool
		var fresh chan answer
		resets := 0
		p = newBackend(t, nil).pool(pool.Config{Trace: &pool.Trace{Reset: func(pool.ResetTrace) {
			if resets++; resets == 1 {
				fresh = start(t.Context(), p, "SLEEP", "2000")
				p.Reset()
			}
		}}})
		old := start(t.Context(), p, "SLEEP", "3000")
		p.Switch(time.Second / 2)
		require.NoError(t, (<-fresh).err)
		require.ErrorIs(t, (<-old).err, pool.ErrSwitched)
		require.Equal(t, 2, resets)
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
