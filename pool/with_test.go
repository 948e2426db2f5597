package pool_test

import (
	"context"
	"errors"
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

func TestBorrowedConnectionIsNotShared(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 1})
		b := borrow(t.Context(), p)
		for range 10 {
			require.NotEqual(t, b.id, connection(t, p))
		}
		b.back(t)
		require.Equal(t, b.id, connection(t, p))
	})
}

func TestBorrowersQueueAtTheLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{Keep: 2, MaxOpen: 4})
		one, two := borrow(t.Context(), p), borrow(t.Context(), p)
		three, four := borrow(t.Context(), p), borrow(t.Context(), p)
		require.Equal(t, 2, p.Stats().Waiting)
		require.Len(t, b.dials(), 2, "no dial that could not be used")

		require.NotEmpty(t, connection(t, p), "plain requests have connections of their own")
		two.back(t)
		require.Equal(t, two.id, three.id, "the one who came first")
		require.Empty(t, four.id)
		one.back(t)
		require.Equal(t, one.id, four.id)
		three.back(t)
		four.back(t)
		require.LessOrEqual(t, p.Stats().Open, 2)
	})
}

func TestBorrowerWhoLeavesTheQueue(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 1, MaxOpen: 2})
		one := borrow(t.Context(), p)
		ctx, cancel := context.WithCancel(t.Context())
		two := borrow(ctx, p)
		cancel()
		require.ErrorIs(t, <-two.done, context.Canceled)
		require.Equal(t, 0, p.Stats().Waiting)
		one.give <- errors.New("on purpose")
		require.Error(t, <-one.done)
		three := borrow(t.Context(), p) // nobody is before him
		require.NotEmpty(t, three.id)
		three.back(t)
	})
}

// What needs a connection alone is not kept waiting by plain requests, however many wait.
func TestBorrowerDoesNotWaitBehindSharedRequests(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 1, MaxShare: 1, MaxOpen: 2})
		var answers []chan answer
		for range 20 {
			answers = append(answers, start(t.Context(), p, "SLEEP", "100"))
		}
		b := borrow(t.Context(), p)
		require.NotEmpty(t, b.id)
		b.back(t) // one of the waiters may take it now, but not for good
		again := borrow(t.Context(), p)
		time.Sleep(150 * time.Millisecond)
		require.NotEmpty(t, again.id)
		again.back(t)
		for _, a := range answers {
			require.NoError(t, (<-a).err)
		}
		require.Equal(t, 1, p.Stats().Open)
	})
}

func TestWaiterTakesWhateverComesFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		b.before = func(_ context.Context, n int) error {
			if n == 2 {
				time.Sleep(time.Second)
			}
			return nil
		}
		p := b.pool(pool.Config{Keep: 3})
		one := borrow(t.Context(), p)
		two := borrow(t.Context(), p)
		require.Equal(t, 1, p.Stats().Dialling)
		one.back(t)
		require.Equal(t, one.id, two.id)
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, pool.Stats{Open: 2, Idle: 1, InUse: 1, Dials: 2, Waits: 2}, counts(p))
		two.back(t)
	})
}

func TestHowWithEnds(t *testing.T) {
	failure := errors.New("no")
	for name, tc := range map[string]struct {
		do   func(ctx context.Context, c *conn.Conn) error
		kept bool
	}{
		"well":      {kept: true, do: func(context.Context, *conn.Conn) error { return nil }},
		"error":     {do: func(context.Context, *conn.Conn) error { return failure }},
		"panic":     {do: func(context.Context, *conn.Conn) error { panic(failure) }},
		"dead":      {do: func(_ context.Context, c *conn.Conn) error { return c.Close() }},
		"owes":      {do: func(ctx context.Context, c *conn.Conn) error { return leaveOwing(ctx, c) }},
		"server no": {kept: true, do: func(ctx context.Context, c *conn.Conn) error { _, _ = c.Do(ctx, "NOSUCH"); return nil }},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := newBackend(t, nil).pool(pool.Config{})
				func() {
					defer func() { _ = recover() }()
					_ = p.With(t.Context(), func(c *conn.Conn) error { return tc.do(t.Context(), c) })
				}()
				s := p.Stats()
				require.Equal(t, tc.kept, s.Idle == 1)
				require.Equal(t, !tc.kept, s.ClosedDead == 1)
				require.NotEmpty(t, connection(t, p))
			})
		})
	}
}

func TestConnectionThatIsClosedBehindThePoolsBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{})
		var kept *conn.Conn
		require.NoError(t, p.With(t.Context(), func(c *conn.Conn) error { kept = c; return nil }))
		require.NoError(t, kept.Close())
		require.NotEmpty(t, connection(t, p))
		require.Equal(t, 1, p.Stats().Open)
		require.EqualValues(t, 1, p.Stats().ClosedDead)
	})
}

// leaveOwing sends a request and does not wait for its reply.
func leaveOwing(ctx context.Context, c *conn.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	_, _ = c.Do(ctx, "SLEEP", "50")
	return nil
}

func TestBlockingRequestHasAConnectionToItself(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 1})
		done := make(chan error, 1)
		go func() {
			var q resp.Request
			q.Cmd("SLEEP").Str("60000").MarkBlocking()
			_, err := send(t.Context(), p, &q)
			done <- err
		}()
		synctest.Wait()
		began := time.Now()
		connection(t, p)
		require.Zero(t, time.Since(began))
		require.NoError(t, <-done)
		require.Equal(t, 1, p.Stats().Open)
	})
}

func TestConnectionOfACancelledBlockingRequestCloses(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var q resp.Request
		q.Cmd("SLEEP").Str("5000").MarkBlocking()
		_, err := send(ctx, p, &q)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualValues(t, 1, p.Stats().ClosedDead)
	})
}

func TestBurstOfBorrowersDialsAFewAtATime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var now, most atomic.Int32
		b := newBackend(t, map[string]redistest.Handler{})
		b.before = func(context.Context, int) error {
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(10 * time.Millisecond)
			now.Add(-1)
			return nil
		}
		p := b.pool(pool.Config{Keep: 3, MaxOpen: 3 + 40})
		var out []*borrowed
		for range 40 {
			out = append(out, borrow(t.Context(), p))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		require.EqualValues(t, 8, most.Load())
		require.Len(t, b.dials(), 40)
		for _, one := range out {
			require.NotEmpty(t, one.id)
			one.back(t)
		}
		require.Equal(t, 3, p.Stats().Open)
	})
}
