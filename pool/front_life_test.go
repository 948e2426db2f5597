package pool_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/pool"
)

func TestResetOfConnectionsThatAreHadFromTheFront(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 1})
		old := connection(t, p)
		untilFront(t, p)
		held := borrow(t.Context(), p)
		requireHad(t, p, 1)
		p.Reset()
		second := connection(t, p)
		require.NotEqual(t, old, second)
		require.Zero(t, p.Stats().ClosedReset)
		held.back(t)
		require.EqualValues(t, 1, p.Stats().ClosedReset)

		untilFront(t, p)
		p.Reset()
		require.EqualValues(t, 2, p.Stats().ClosedReset)
		free, _ := p.Front()
		require.Zero(t, free)
		require.NotEqual(t, second, connection(t, p))
	})
}

func TestCloseOfConnectionsThatAreHadFromTheFront(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 1})
		connection(t, p)
		untilFront(t, p)
		request := start(t.Context(), p, "SLEEP", "1000")
		requireHad(t, p, 1)
		began := time.Now()
		require.NoError(t, p.Close())
		require.Equal(t, time.Second, time.Since(began))
		require.NoError(t, (<-request).err)
		require.ErrorIs(t, p.With(t.Context(), nothing), pool.ErrClosed)
	})
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 1})
		connection(t, p)
		untilFront(t, p)
		held := borrow(t.Context(), p)
		requireHad(t, p, 1)
		closed := make(chan error, 1)
		go func() { closed <- p.Close() }()
		synctest.Wait()
		require.Empty(t, closed)
		held.give <- nil
		require.NoError(t, <-closed)
		require.NoError(t, <-held.done)
	})
}

func TestConnectionThatDiesInFront(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, nil)
		p := b.pool(pool.Config{Keep: 1})
		connection(t, p)
		untilFront(t, p)
		before := p.Books().Requests
		var kept *conn.Conn
		require.NoError(t, p.With(t.Context(), func(c *conn.Conn) error {
			kept = c
			return nil
		}))
		free, _ := p.Front()
		require.Equal(t, 1, free)
		require.NoError(t, kept.Close())
		anew := func(reason string) {
			t.Helper()
			dials := len(b.dials())
			connection(t, p)
			require.Len(t, b.dials(), dials+1, reason)
		}
		require.NoError(t, p.With(t.Context(), func(c *conn.Conn) error { return c.Err() }), "nobody gets one that is dead")
		require.Len(t, b.dials(), 2)
		require.Equal(t, before+2, p.Books().Requests)
		untilFront(t, p)
		require.Error(t, p.With(t.Context(), func(*conn.Conn) error { return errors.New("on purpose") }))
		anew("nor one whose state nobody knows")
		untilFront(t, p)
		require.Panics(t, func() { _ = p.With(t.Context(), func(*conn.Conn) error { panic("on purpose") }) })
		anew("whatever the reason")
		untilFront(t, p)
		require.NoError(t, p.With(t.Context(), func(c *conn.Conn) error {
			go func() { _, _ = c.Do(t.Context(), "SLEEP", "1000") }()
			synctest.Wait()
			return nil
		}))
		anew("nor one that somebody else still uses")
		require.EqualValues(t, 4, p.Stats().ClosedDead)
	})
}

func TestUnusedConnectionsGrowOldBesideTheFront(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 3, IdleTimeout: 10 * time.Second})
		require.NoError(t, p.Warm(t.Context()))
		used := map[string]bool{}
		var wg sync.WaitGroup
		for range 3 { // at once, so that all of them may be on offer
			wg.Go(func() { _, _ = do(t.Context(), p, "SLEEP", "1") })
		}
		wg.Wait()
		untilFront(t, p)
		free, _ := p.Front()
		require.Equal(t, 3, free)
		for i := range 12 * 4 {
			for range 50 {
				used[connection(t, p)] = true
			}
			if i == 8 {
				free, _ = p.Front()
				require.Equal(t, 1, free, "the others have to be looked at")
				require.Equal(t, 3, p.Stats().Open)
			}
			time.Sleep(time.Second / 4)
		}
		require.Len(t, used, 1)
		require.EqualValues(t, 2, p.Stats().ClosedIdle)
		time.Sleep(10 * time.Second)
		require.EqualValues(t, 3, p.Stats().ClosedIdle)
	})
}

func TestUsesInFrontKeepAConnectionFresh(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 2})
		require.NoError(t, p.Warm(t.Context()))
		one, two := start(t.Context(), p, "SLEEP", "1"), start(t.Context(), p, "SLEEP", "1")
		require.NotEqual(t, (<-one).text, (<-two).text)
		for range 3 { // in each tick, one of them is used only there
			time.Sleep(time.Second / 4)
			connection(t, p)
			untilFront(t, p)
			free, _ := p.Front()
			require.Equal(t, 2, free)
			held := borrow(t.Context(), p)
			connection(t, p)
			requireHad(t, p, 1)
			held.back(t)
		}
	})
}

func TestWhatHasToBeLookedAtIsNotOffered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newBackend(t, nil).pool(pool.Config{Keep: 2})
		require.NoError(t, p.Warm(t.Context()))
		one, two := start(t.Context(), p, "SLEEP", "1"), start(t.Context(), p, "SLEEP", "1")
		require.NotEqual(t, (<-one).text, (<-two).text)
		p.Reset()
		require.NoError(t, p.Warm(t.Context()))
		untilFront(t, p)
		free, _ := p.Front()
		require.Equal(t, 1, free, "the other one has never answered")

		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := do(ctx, p, "SLEEP", "50")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		free, had := p.Front()
		require.Zero(t, free+had, "there is a reply to come")
	})
}
