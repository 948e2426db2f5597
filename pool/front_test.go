package pool_test

import (
	"context"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

func nothing(*conn.Conn) error { return nil }

// untilFront uses a pool until connections are on offer in front.
func untilFront(t *testing.T, p *pool.Pool) {
	t.Helper()
	synctest.Wait() // for dials that are still to be told of, which takes the lock
	for range 100 {
		if free, _ := p.Front(); free > 0 {
			return
		}
		require.NoError(t, p.With(t.Context(), nothing))
	}
	require.Fail(t, "nothing is offered in front")
}

// requireHad says how many uses are had from the front.
func requireHad(t *testing.T, p *pool.Pool, want int) {
	t.Helper()
	_, had := p.Front()
	require.Equal(t, want, had)
}

func TestUsesInFrontTakeNoLock(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{})
		connection(t, p)
		untilFront(t, p)
		done := make(chan error, 2)
		p.WithoutLock(func() {
			go func() {
				done <- p.With(context.Background(), nothing)
				_, err := do(context.Background(), p, "PING")
				done <- err
			}()
			for end := 0; len(done) < 2 && end < 1e9; end++ { // somebody who waits for a mutex keeps virtual time from passing
				runtime.Gosched()
			}
			require.Len(t, done, 2)
		})
		require.NoError(t, <-done)
		require.NoError(t, <-done)
	})
}

func TestUsesInFrontAreCounted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{})
		time.Sleep(time.Millisecond)
		connection(t, p)
		before := p.Books()
		untilFront(t, p)
		uses := p.Books().Requests - before.Requests
		for range 100 {
			require.NoError(t, p.With(t.Context(), nothing))
			connection(t, p)
			untilFront(t, p)
		}
		after := p.Books()
		require.Equal(t, before.Requests+uses+200, after.Requests)
		require.Equal(t, before.RequestsAlone+uses+100, after.RequestsAlone)
		require.Equal(t, pool.Books{Requests: after.Requests, RequestsAlone: after.RequestsAlone, Busiest: 1, Rounds: after.Rounds}, after)
		require.EqualValues(t, 32, p.Stats().Hold.Count+p.Stats().RoundTrip.Count, "timed until the next tick")
		time.Sleep(time.Second/4 + time.Millisecond)
		connection(t, p)
		require.EqualValues(t, 33, p.Stats().Hold.Count+p.Stats().RoundTrip.Count, "and then again")
	})
}

func TestWaitersAreServedByWhatComesBackFromTheFront(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 1, MaxOpen: 2})
		connection(t, p)
		untilFront(t, p)
		first := borrow(t.Context(), p)
		requireHad(t, p, 1)
		var served []string
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				_ = p.With(context.Background(), func(*conn.Conn) error {
					served = append(served, strconv.Itoa(i)) // nobody else has one
					return nil
				})
			})
			synctest.Wait()
		}
		require.Equal(t, 10, p.Stats().Waiting)
		free, had := p.Front()
		require.Zero(t, free+had, "nobody overtakes those who wait")
		first.back(t)
		wg.Wait()
		require.Equal(t, []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}, served)
	})
}

func TestBusyConnectionsInFrontAreSharedAndNeverHadAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{Keep: 2})
		require.NoError(t, p.Warm(t.Context()))
		both := func() (busy []chan answer) {
			return []chan answer{start(t.Context(), p, "SLEEP", "100"), start(t.Context(), p, "SLEEP", "100")}
		}
		for _, a := range both() {
			require.NoError(t, (<-a).err) // what has not answered yet is not offered
		}
		busy := both()
		for range 40 { // a request without commands needs no reply
			require.NoError(t, p.RoundTrip(t.Context(), new(resp.Request), nil))
		}
		free, _ := p.Front()
		require.Equal(t, 2, free)
		busy = append(busy, both()...)
		requireHad(t, p, 2)
		require.Len(t, b.dials(), 2)
		require.NoError(t, p.RoundTrip(t.Context(), new(resp.Request), nil))
		free, _ = p.Front()
		require.Equal(t, 2, free)
		alone := borrow(t.Context(), p)
		require.Len(t, b.dials(), 3)
		require.Equal(t, 3, p.Stats().InUse)
		alone.back(t)
		for _, a := range busy {
			require.NoError(t, (<-a).err)
		}
	})
}

func TestSharingInFrontDoesNotKeepThePoolFromGrowing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{Keep: 2})
		connection(t, p)
		untilFront(t, p)
		require.NoError(t, p.With(t.Context(), nothing))
		one := start(t.Context(), p, "SLEEP", "100")
		requireHad(t, p, 1)
		require.Zero(t, p.Books().Alone)
		two := start(t.Context(), p, "SLEEP", "100")
		require.Len(t, b.dials(), 2)
		require.NoError(t, (<-one).err)
		require.NoError(t, (<-two).err)
	})
}

// Behind the lock as before it, the connection that came back last is the first to be used again.
func TestWhatWasUsedLastInFrontIsUsedFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 2})
		require.NoError(t, p.Warm(t.Context()))
		one, two := start(t.Context(), p, "SLEEP", "1"), start(t.Context(), p, "SLEEP", "1")
		ids := []string{(<-one).text, (<-two).text}
		require.NotEqual(t, ids[0], ids[1])
		untilFront(t, p)
		free, _ := p.Front()
		require.Equal(t, 2, free)
		held := borrow(t.Context(), p)
		other := connection(t, p)
		requireHad(t, p, 1)
		held.back(t)
		require.NotEqual(t, held.id, other)
		require.Equal(t, held.id, connection(t, p))
		require.Equal(t, 2, p.Stats().Idle) // which ends the round
		require.Equal(t, held.id, connection(t, p))
	})
}

// A connection whose dial began before the first attempt failed is no use for the second, however idle it is.
func TestSecondAttemptPassesTheFrontBy(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var p *pool.Pool
		var tries []int64
		b := newBackend(t, map[string]redistest.Handler{"TRY": func(c *redistest.Session, _ []string) {
			if tries = append(tries, c.ID); len(tries) == 1 {
				c.Reset()
				return
			}
			c.Simple("OK")
		}})
		var free int
		release, retried := make(chan struct{}), make(chan struct{})
		p = b.pool(pool.Config{Keep: 2, Trace: &pool.Trace{Retry: func(pool.RetryTrace) {
			connection(t, p) // the other one has been looked at now
			untilFront(t, p)
			free, _ = p.Front()
			close(retried)
		}}})
		require.NoError(t, p.Warm(t.Context()))
		one, two := start(t.Context(), p, "SLEEP", "1"), start(t.Context(), p, "SLEEP", "1")
		ids := []string{(<-one).text, (<-two).text}
		untilFront(t, p)
		b.setBefore(func(context.Context, int) error {
			<-release
			return nil
		})
		done := make(chan error, 1)
		go func() {
			var q resp.Request
			tryAgain(&q)
			_, err := send(t.Context(), p, &q)
			done <- err
		}()
		<-retried
		synctest.Wait()
		require.Equal(t, 1, p.Stats().Waiting)
		for range 40 {
			require.NoError(t, p.With(t.Context(), nothing))
		}
		early, _ := p.Front()
		close(release)
		require.NoError(t, <-done)
		require.Equal(t, 1, free)
		require.Zero(t, early, "somebody waits")
		require.Len(t, tries, 2)
		require.Len(t, b.dials(), 3)
		require.Contains(t, ids, strconv.FormatInt(tries[0], 10))
		require.NotContains(t, ids, strconv.FormatInt(tries[1], 10))
	})
}
