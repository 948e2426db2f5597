package pool_test

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
)

func TestCallersBeyondMaxShareQueue(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{Keep: 1, MaxShare: 3})
		connection(t, p)
		busy := []chan answer{}
		for range 5 {
			busy = append(busy, start(t.Context(), p, "SLEEP", "100"))
		}
		require.Equal(t, 2, p.Stats().Waiting)
		require.Len(t, b.dials(), 1, "they wait for a connection in use, not for a dial")
		for _, a := range busy {
			require.NoError(t, (<-a).err)
		}
	})
}

func TestWaitersAreServedInTheOrderTheyCame(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log redistest.Log
		b := newBackend(t, nil)
		b.handler = log.Record(b.handler)
		p := b.pool(pool.Config{Keep: 1, MaxShare: 1})
		first := start(t.Context(), p, "SLEEP", "100")
		var rest []chan answer
		var want []string
		for i := range 20 {
			rest = append(rest, start(t.Context(), p, "ECHO", strconv.Itoa(i)))
			want = append(want, "ECHO "+strconv.Itoa(i))
		}
		require.Equal(t, 20, p.Stats().Waiting)
		require.NoError(t, (<-first).err)
		for i, a := range rest {
			require.Equal(t, answer{text: strconv.Itoa(i)}, <-a)
		}
		commands := log.Commands()
		require.Equal(t, want, commands[len(commands)-20:])
	})
}

// Room may come about without anybody giving a connection back: when replies arrive whose callers left. It is for who came first.
func TestNewcomerDoesNotOvertake(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log redistest.Log
		b := newBackend(t, nil)
		b.handler = log.Record(b.handler)
		p := b.pool(pool.Config{Keep: 1, MaxShare: 2})
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := do(ctx, p, "SLEEP", "50")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		long := start(t.Context(), p, "SLEEP", "100")
		time.Sleep(20 * time.Millisecond) // it is sent once the connection has been looked at
		early := start(t.Context(), p, "ECHO", "early")
		time.Sleep(50 * time.Millisecond)
		require.Equal(t, 1, p.Stats().Waiting)
		late := start(t.Context(), p, "ECHO", "late")
		require.Equal(t, 1, p.Stats().Waiting)
		for _, a := range []chan answer{long, early, late} {
			require.NoError(t, (<-a).err)
		}
		commands := log.Commands()
		require.Equal(t, []string{"ECHO early", "ECHO late"}, commands[len(commands)-2:])
	})
}

func TestWaiterWhoLeavesMakesRoom(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 1, MaxShare: 1})
		first := start(t.Context(), p, "SLEEP", "1000")
		ctx, cancel := context.WithCancel(t.Context())
		second := start(ctx, p, "PING")
		third := start(t.Context(), p, "PING")
		require.Equal(t, 2, p.Stats().Waiting)
		cancel()
		synctest.Wait()
		got := <-second
		require.ErrorIs(t, got.err, context.Canceled)
		require.True(t, conn.NotSent(got.err))
		require.Equal(t, 1, p.Stats().Waiting)
		require.NoError(t, (<-first).err)
		require.NoError(t, (<-third).err)
	})
}

func TestContextThatHasEndedAlready(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := do(ctx, p, "PING")
		require.ErrorIs(t, err, context.Canceled)
		require.True(t, conn.NotSent(err))
		require.ErrorIs(t, p.With(ctx, nil), context.Canceled)
		require.Empty(t, b.dials())
	})
}

// Replies whose callers left count as in flight, and nobody reads them while nobody uses the connection.
func TestRepliesLeftBehindDoNotBlockTheConnection(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{Keep: 1, MaxShare: 2})
		for range 2 {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			_, err := do(ctx, p, "SLEEP", "100")
			require.ErrorIs(t, err, context.DeadlineExceeded)
			cancel()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		one, two := start(ctx, p, "PING"), start(ctx, p, "PING")
		require.NoError(t, (<-one).err)
		require.NoError(t, (<-two).err)
		require.Len(t, b.dials(), 1)
	})
}

// A caller whose patience ends in the moment in which he is handed a connection gives it back.
func TestHandoverToACallerWhoLeaves(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 1, MaxShare: 1})
		for range 200 {
			first := start(t.Context(), p, "SLEEP", "10")
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			second, third := start(ctx, p, "PING"), start(t.Context(), p, "PING")
			require.NoError(t, (<-first).err)
			if err := (<-second).err; err != nil {
				require.ErrorIs(t, err, context.DeadlineExceeded)
			}
			require.NoError(t, (<-third).err)
			cancel()
		}
		require.Equal(t, 1, p.Stats().Idle)
	})
}
