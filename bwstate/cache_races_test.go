package bwstate

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
	"github.com/bwredis/bwredis/sentinel"
)

// What one cache of a State has written, another of the same name sees, whoever is faster to tell.
func TestCachesOfOneName(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		a, b := r.cache(CacheConfig{}), r.cache(CacheConfig{})
		r.put("k", "1")
		r.require(b, "k", "1", false)
		r.require(b, "k", "1", true)
		require.NoError(t, a.Set(r.t.Context(), "k", []byte("2"), 0))
		r.require(b, "k", "2", false)

		go func() { // a load that has begun before the deletion
			_, _ = b.GetOrLoad(r.t.Context(), "l", func(context.Context) ([]byte, bool, error) {
				time.Sleep(time.Second)
				return []byte("old"), true, nil
			})
		}()
		synctest.Wait()
		_, err := a.Delete(r.t.Context(), "l")
		require.NoError(t, err)
		e, err := b.GetOrLoad(r.t.Context(), "l", found("new"))
		require.NoError(t, err)
		require.Equal(t, "new", string(e.Value))
		settle(time.Minute)
	})
}

// What is not understood of the news is taken for the worst.
func TestCacheNewsThatMakeNoSense(t *testing.T) {
	key := "bwredis:cache:c:a"
	for name, c := range map[string]struct {
		frame string
		kept  bool
	}{
		"a text in the place of a list": {">2\r\n$10\r\ninvalidate\r\n" + fmt.Sprintf("$%d\r\n%s\r\n", len(key), key), false},
		"no keys at all":                {">1\r\n$10\r\ninvalidate\r\n", false},
		"null in the list":              {">2\r\n$10\r\ninvalidate\r\n*1\r\n_\r\n", false},
		"a list in the list":            {">2\r\n$10\r\ninvalidate\r\n*1\r\n*1\r\n+a\r\n", false},
		"an empty list":                 {">2\r\n$10\r\ninvalidate\r\n*0\r\n", true},
		"more behind the list":          {">3\r\n$10\r\ninvalidate\r\n*1\r\n+b\r\n+c\r\n", true},
		"another kind":                  {">2\r\n$8\r\nsomething\r\n_\r\n", true},
		"nothing":                       {">0\r\n", true},
		"null":                          {"_\r\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			withCaches(t, func(r *cacheRig) {
				cache := r.cache(CacheConfig{})
				r.put("a", "1")
				r.require(cache, "a", "1", false)
				var push resp.Reply
				push.Reset([]byte(c.frame))
				r.line().told(&push)
				r.require(cache, "a", "1", c.kept)
			})
		})
	}
}

// News of very many keys, most of them of others, and a flood of flushes.
func TestCacheFloodOfNews(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{})
		r.put("a", "1")
		r.require(c, "a", "1", false)
		keys := make([]string, 100_000)
		for i := range keys {
			keys[i] = fmt.Sprintf("bwredis:cache:c:%d", i)
		}
		r.line().tell(keys...)
		r.require(c, "a", "1", true)
		r.line().tell(append(keys, "bwredis:cache:c:a")...)
		for range 1000 {
			r.line().tell()
		}
		r.require(c, "a", "1", false)
		require.EqualValues(t, 1001, c.Stats().Invalidations)
	})
}

// What was asked for while nobody tells of changes leaves no copy that could serve later, not even while the server is away; and once the server is back, nothing serves any
// more that is from before.
func TestCacheForgetsWhatNobodyToldOf(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{WhenAway: LocalWhenAway, TTL: time.Hour})
		away := errors.New("away")
		r.put("before", "1")
		r.put("meanwhile", "1")
		r.require(c, "before", "1", false)
		r.set(func() { r.dialErr = away })
		r.line().end()
		synctest.Wait()
		r.require(c, "meanwhile", "1", false)
		r.set(func() { r.fails = away })
		_, err := c.Get(r.t.Context(), "meanwhile")
		require.ErrorIs(t, err, away)
		e, err := c.Get(r.t.Context(), "before")
		require.NoError(t, err)
		require.True(t, e.Degraded)

		r.set(func() { r.fails, r.dialErr = nil, nil })
		settle(longestPause)
		require.Equal(t, "on", c.Stats().Tracking)
		r.set(func() { r.fails, r.dialErr = away, away })
		_, err = c.Get(r.t.Context(), "before")
		require.ErrorIs(t, err, away, "it may have changed when nobody told")
	})
}

// A copy that serves while the server is away is no older than LocalTTL, and that nothing was found holds for NegativeTTL.
func TestCacheAwayWithinLimits(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{WhenAway: LocalWhenAway, TTL: time.Hour, LocalTTL: time.Minute, NegativeTTL: time.Second})
		r.put("a", "1")
		r.require(c, "a", "1", false)
		away := errors.New("away")
		r.set(func() { r.fails, r.dialErr = away, away })
		r.line().end()
		synctest.Wait()
		e, err := c.GetOrLoad(r.t.Context(), "none", func(context.Context) ([]byte, bool, error) { return nil, false, nil })
		require.NoError(t, err)
		require.True(t, e.Degraded && e.Negative)
		settle(time.Second - 1)
		e, err = c.Get(r.t.Context(), "none")
		require.NoError(t, err)
		require.True(t, e.Degraded && e.Negative)
		settle(1)
		_, err = c.Get(r.t.Context(), "none")
		require.ErrorIs(t, err, away)
		settle(59*time.Second - 1)
		e, err = c.Get(r.t.Context(), "a")
		require.NoError(t, err)
		require.True(t, e.Degraded)
		settle(1)
		_, err = c.Get(r.t.Context(), "a")
		require.ErrorIs(t, err, away)
	})
}

// Somebody asks again while an older question is under way, whose connection for changes is lost: the older answer leaves no copy.
func TestCacheAnswerOfALostConnection(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{LocalTTL: time.Hour})
		a := c.local.await("a", c.topic)
		epoch := c.topic.epoch.Swap(0) // as when the connection is lost, before everything is forgotten
		b := c.local.await("a", c.topic)
		c.topic.dropAll(false)
		c.topic.epoch.Store(epoch)
		for _, one := range []*awaited{a, b} {
			c.local.keep(one, CacheEntry{Found: true}, []byte("old"), 1000, time.Now())
		}
		require.Zero(t, c.Stats().Entries)
	})
}

// When there is another master, the pool has left the old one before anybody can follow changes on the new one.
func TestSwitchTellsThePoolFirst(t *testing.T) {
	var order []string
	p, err := pool.New(pool.Config{
		Dial:  func(context.Context) (*conn.Conn, error) { return nil, errLost },
		Trace: &pool.Trace{Reset: func(pool.ResetTrace) { order = append(order, "pool") }},
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, p.Close()) }()
	b := &backend{pool: p, onSwitch: func() { order = append(order, "caches") }}
	for _, down := range []bool{false, true} {
		b.switched(sentinel.Switch{Down: down})
	}
	require.Equal(t, []string{"pool", "caches", "pool", "caches"}, order)
}

// Every Get is counted once.
func TestCacheStatsAddUp(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{MaxLocalBytes: 2 * size(3)})
		for i := range 10 {
			r.put(fmt.Sprint(i%4), "1")
		}
		for i := range 1000 {
			_, err := c.GetMany(r.t.Context(), fmt.Sprint(i%7), fmt.Sprint(i%3))
			require.NoError(t, err)
		}
		s := c.Stats()
		require.EqualValues(t, 2000, s.LocalHits+s.Hits+s.Misses)
		require.LessOrEqual(t, s.Bytes, 2*size(3))
	})
}

// A batch asks the server, keeps a copy by the same rules as Get, and awaits nothing when it is over.
func TestBatchCacheGet(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{})
		r.put("a", "1")
		r.put("b", "1")
		b := r.state.NewBatch()
		got, other := b.CacheGet(c, "a"), b.CacheGet(c, "b")
		r.onAnswer(func() { r.line().tell("bwredis:cache:c:b") })
		require.NoError(t, b.Run(r.t.Context()))
		for _, p := range []Pending[CacheEntry]{got, other} {
			e, err := p.Result()
			require.NoError(t, err)
			require.Equal(t, "1", string(e.Value))
		}
		r.require(c, "a", "1", true)
		r.require(c, "b", "1", false)

		b.Reset()
		lost := b.CacheGet(c, "a")
		_ = b.CacheGet(c, "never sent")
		r.set(func() { r.fails = errLost })
		require.ErrorIs(t, b.Run(r.t.Context()), errLost)
		_, err := lost.Result()
		require.ErrorIs(t, err, errLost)
	})
}
