package bwstate

import (
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/resp"
)

// An answer that was under way when its key changed leaves no copy.
func TestCacheChangeDuringAGet(t *testing.T) {
	for name, c := range map[string]struct {
		change func(r *cacheRig, c *Cache)
		kept   bool
	}{
		"of the key": {func(r *cacheRig, _ *Cache) { r.line().tell("bwredis:cache:c:other", "bwredis:cache:c:a") }, false},
		"of another key": {func(r *cacheRig, _ *Cache) {
			r.line().tell("bwredis:cache:c:b", "bwredis:cache:d:a", "bwredis:cache:c", "a")
		}, true},
		"of everything":       {func(r *cacheRig, _ *Cache) { r.line().tell() }, false},
		"that is a Set":       {func(r *cacheRig, c *Cache) { require.NoError(r.t, c.Set(r.t.Context(), "a", []byte("2"), 0)) }, false},
		"that is a Delete":    {func(r *cacheRig, c *Cache) { _, err := c.Delete(r.t.Context(), "a"); require.NoError(r.t, err) }, false},
		"that nobody saw":     {func(r *cacheRig, _ *Cache) { r.line().end(); settle(time.Second) }, false},
		"of the master":       {func(r *cacheRig, _ *Cache) { r.state.switchCaches(); settle(time.Second) }, false},
		"that is no news":     {func(r *cacheRig, _ *Cache) { r.line().told(pushOf("message", "bwredis:cache:c:a")) }, true},
		"that makes no sense": {func(r *cacheRig, _ *Cache) { r.line().told(new(resp.Reply)) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			withCaches(t, func(r *cacheRig) {
				cache := r.cache(CacheConfig{})
				r.put("a", "1")
				r.onAnswer(func() { c.change(r, cache) })
				r.require(cache, "a", "1", false)
				e, err := cache.Get(r.t.Context(), "a")
				require.NoError(t, err)
				require.Equal(t, c.kept, e.Local)
			})
		})
	}
}

func pushOf(words ...string) *resp.Reply {
	frame := resp.AppendAggregate(nil, resp.Push, len(words), 3)
	for _, word := range words {
		frame = resp.AppendBulk(frame, word)
	}
	r := new(resp.Reply)
	r.Reset(frame)
	return r
}

// Who asked behind the change may keep a copy, although somebody who asked before it may not.
func TestCacheGetsAroundAChange(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{})
		r.put("a", "1")
		r.onAnswer(func() {
			r.put("a", "2")
			r.line().tell("bwredis:cache:c:a")
			r.require(c, "a", "2", false)
			r.require(c, "a", "2", true)
		})
		r.require(c, "a", "1", false)
		r.require(c, "a", "2", true)
		require.Equal(t, uint64(1), c.Stats().Invalidations)
	})
}

// Many keys at once obey the same rules.
func TestCacheChangeDuringGetMany(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{})
		r.put("a", "1")
		r.put("b", "1")
		r.onAnswer(func() { r.line().tell("bwredis:cache:c:a") })
		_, err := c.GetMany(r.t.Context(), "a", "b", "none")
		require.NoError(t, err)
		trips := r.state.RoundTrips()
		entries, err := c.GetMany(r.t.Context(), "b", "b")
		require.NoError(t, err)
		require.True(t, entries[0].Local && entries[1].Local)
		require.Equal(t, trips, r.state.RoundTrips())
		r.require(c, "a", "1", false)
	})
}

// While the server is away a copy is returned if that was asked for, for as long as its entry would have lived.
func TestCacheAway(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		local, fails := r.cache(CacheConfig{WhenAway: LocalWhenAway, TTL: time.Minute}), r.cache(CacheConfig{})
		require.NoError(t, local.Set(r.t.Context(), "a", []byte("1"), 0))
		require.NoError(t, local.Set(r.t.Context(), "deleted", []byte("1"), 0))
		for _, key := range []string{"a", "deleted"} {
			r.require(local, key, "1", false)
			r.require(fails, key, "1", false)
		}
		r.line().tell("bwredis:cache:c:deleted")
		away := errors.New("away")
		r.set(func() { r.fails, r.dialErr = away, away })
		r.line().end()
		synctest.Wait()
		_, err := fails.Get(r.t.Context(), "a")
		require.ErrorIs(t, err, away)
		e, err := local.Get(r.t.Context(), "a")
		require.NoError(t, err)
		require.True(t, e.Degraded && e.Local && string(e.Value) == "1")
		entries, err := local.GetMany(r.t.Context(), "a")
		require.NoError(t, err)
		require.True(t, entries[0].Degraded)
		_, err = local.Get(r.t.Context(), "deleted")
		require.ErrorIs(t, err, away, "the server has said that it is gone")

		for range 2 { // loaded once, and then a copy
			e, err = local.GetOrLoad(r.t.Context(), "b", found("2"))
			require.NoError(t, err)
			require.True(t, e.Degraded && string(e.Value) == "2")
		}
		require.Equal(t, uint64(1), local.Stats().Loads)
		_, err = fails.GetOrLoad(r.t.Context(), "b", found("2"))
		require.ErrorIs(t, err, away)
		require.ErrorIs(t, local.Set(r.t.Context(), "a", nil, 0), away)
		_, err = local.Get(r.t.Context(), "a")
		require.ErrorIs(t, err, away, "nobody knows whether it was set")

		settle(time.Minute)
		_, err = local.Get(r.t.Context(), "b")
		require.ErrorIs(t, err, away, "it would have ended by now")
		_, err = local.GetOrLoad(r.t.Context(), "b", found("2"))
		require.NoError(t, err)
		r.set(func() { r.fails, r.dialErr = nil, nil })
		settle(longestPause)
		e, err = local.Get(r.t.Context(), "b")
		require.NoError(t, err)
		require.False(t, e.Found, "what was loaded meanwhile counts for nothing")
	})
}

// Of too many copies the one used longest ago goes, and one that is too large does not push the others out.
func TestCacheMakesRoom(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{MaxLocalBytes: 3 * size(2)})
		for _, key := range []string{"a", "b", "c"} {
			r.put(key, "1")
			r.require(c, key, "1", false)
		}
		r.require(c, "a", "1", true)
		r.put("d", "1")
		r.require(c, "d", "1", false)
		for _, key := range []string{"a", "c", "d"} {
			r.require(c, key, "1", true)
		}
		stats := c.Stats()
		require.Equal(t, 3, stats.Entries)
		require.Equal(t, 3*size(2), stats.Bytes)
		require.Equal(t, uint64(1), stats.Evicted)
		require.NoError(t, c.Set(r.t.Context(), "large", make([]byte, 1000), 0))
		_, err := c.Get(r.t.Context(), "large")
		require.NoError(t, err)
		require.Equal(t, stats.Entries, c.Stats().Entries)
	})
}

// Copies take no more memory than they count for.
func TestCacheMemory(t *testing.T) {
	if underRace {
		t.Skip("the race detector takes memory of its own")
	}
	for _, length := range []int{0, 10, 100, 1000, 40000} {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			const limit = 8 << 20
			heap := func() int {
				var m runtime.MemStats
				runtime.GC()
				runtime.GC()
				runtime.ReadMemStats(&m)
				return int(m.HeapAlloc)
			}
			before := heap()
			l, p := newLocalLayer(limit), new(topic)
			p.epoch.Store(untold)
			value := make([]byte, length)
			for i := range 3 * limit / size(length+12) {
				l.keep(l.await(fmt.Sprintf("key %08d", i), p), CacheEntry{Found: true}, value, noExpiry, time.Now())
			}
			_, bytes, evicted := l.figures()
			grown := heap() - before
			require.Positive(t, evicted)
			require.LessOrEqual(t, bytes, limit)
			require.Greater(t, bytes, limit*3/4)
			require.LessOrEqual(t, grown, limit+limit/20, "%d bytes are counted", bytes)
			require.Greater(t, grown, limit/3, "it is counted far too much: %d", bytes)
			runtime.KeepAlive(l)
		})
	}
}

// A copy costs nothing where there is room for it.
func TestCacheCopyAllocatesNothing(t *testing.T) {
	if underRace {
		t.Skip("the race detector allocates")
	}
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{LocalTTL: time.Hour})
		r.put("a", "some text")
		r.require(c, "a", "some text", false)
		ctx, room := r.t.Context(), make([]byte, 0, 64)
		require.Zero(t, testing.AllocsPerRun(1000, func() {
			if e, err := c.AppendGet(ctx, room, "a"); err != nil || !e.Local || len(e.Value) != 9 {
				t.Error(e, err)
			}
		}))
	})
}
