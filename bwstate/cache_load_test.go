package bwstate

import (
	"context"
	"errors"
	"math"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func found(value string) LoadFunc {
	return func(context.Context) ([]byte, bool, error) { return []byte(value), true, nil }
}

// A caller who leaves gets away at once, and the load goes on for the others; when nobody is left, its context ends.
func TestCacheCallersLeave(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{})
		type key struct{}
		ended := make(chan any, 1)
		wait := func(ctx context.Context) ([]byte, bool, error) {
			select {
			case <-ctx.Done():
				ended <- ctx.Value(key{})
				return nil, false, ctx.Err()
			case <-time.After(5 * time.Second):
				return []byte("x"), true, nil
			}
		}
		var all sync.WaitGroup
		call := func(name string, after time.Duration, want error) {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(context.WithValue(r.t.Context(), key{}, name), after)
				defer cancel()
				begin := time.Now()
				e, err := c.GetOrLoad(ctx, name[:1], wait)
				assert.ErrorIs(t, err, want)
				assert.Equal(t, want == nil, string(e.Value) == "x")
				if want != nil {
					assert.Equal(t, after, time.Since(begin))
				}
			})
			synctest.Wait()
		}
		call("a first", time.Second, context.DeadlineExceeded)
		call("a second", time.Minute, nil)
		call("b first", time.Second, context.DeadlineExceeded)
		call("b second", 2*time.Second, context.DeadlineExceeded)
		all.Wait()
		require.Equal(t, "b first", <-ended)
		require.Empty(t, ended)
		require.Equal(t, uint64(2), c.Stats().Loads)
		require.Empty(t, c.loads)
		settle(time.Second)
		e, err := c.GetOrLoad(r.t.Context(), "b", found("y"))
		require.NoError(t, err)
		require.Equal(t, "y", string(e.Value), "the lease was given back")
	})
}

// Everybody who waits gets what a load fails with, whatever it is.
func TestCacheLoadsThatEndBadly(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		load LoadFunc
		want string
	}{
		"an error": {func(context.Context) ([]byte, bool, error) { time.Sleep(time.Second); return nil, true, broken }, "broken"},
		"a panic":  {func(context.Context) ([]byte, bool, error) { time.Sleep(time.Second); panic(broken) }, "panicked: broken"},
		"an end": {func(context.Context) ([]byte, bool, error) {
			time.Sleep(time.Second)
			runtime.Goexit()
			return nil, false, nil
		}, "ended its goroutine"},
		"too long":        {func(ctx context.Context) ([]byte, bool, error) { <-ctx.Done(); return []byte("x"), true, nil }, "longer than LoadTimeout"},
		"too long anyway": {func(context.Context) ([]byte, bool, error) { time.Sleep(time.Hour); return []byte("x"), true, nil }, "longer than LoadTimeout"},
		"too large": {func(context.Context) ([]byte, bool, error) {
			time.Sleep(time.Second)
			return make([]byte, maxCacheValue+1), true, nil
		}, "larger than 16 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			withCaches(t, func(r *cacheRig) {
				cache := r.cache(CacheConfig{})
				var all sync.WaitGroup
				for range 8 {
					all.Go(func() {
						_, err := cache.GetOrLoad(r.t.Context(), "a", c.load)
						assert.ErrorContains(t, err, c.want)
					})
				}
				all.Wait()
				require.Equal(t, uint64(1), cache.Stats().Loads)
				settle(2 * time.Hour)
				require.Equal(t, uint64(1), cache.Stats().LoadErrors)
				e, err := cache.GetOrLoad(r.t.Context(), "a", found("y"))
				require.NoError(t, err)
				require.Equal(t, "y", string(e.Value))
			})
		})
	}
}

// Close ends loads, and whoever waits for one.
func TestCacheCloseDuringALoad(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{})
		var all sync.WaitGroup
		all.Go(func() {
			_, err := c.GetOrLoad(r.t.Context(), "a", func(ctx context.Context) ([]byte, bool, error) {
				<-ctx.Done()
				return nil, false, ctx.Err()
			})
			assert.ErrorIs(t, err, context.Canceled)
		})
		synctest.Wait()
		require.NoError(t, r.state.Close())
		all.Wait()
	})
}

// Who deletes an entry and asks again does not get what a load found that had begun before.
func TestCacheDeleteDuringALoad(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{})
		var source atomic.Value
		source.Store("old")
		load := func(context.Context) ([]byte, bool, error) {
			value := source.Load().(string)
			time.Sleep(time.Second)
			return []byte(value), true, nil
		}
		var all sync.WaitGroup
		all.Go(func() {
			e, err := c.GetOrLoad(r.t.Context(), "a", load)
			assert.NoError(t, err)
			assert.Equal(t, "old", string(e.Value))
		})
		synctest.Wait()
		source.Store("new")
		_, err := c.Delete(r.t.Context(), "a")
		require.NoError(t, err)
		for range 2 {
			e, err := c.GetOrLoad(r.t.Context(), "a", load)
			require.NoError(t, err)
			require.Equal(t, "new", string(e.Value))
		}
		all.Wait()
		e, err := c.Get(r.t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, "new", string(e.Value))
		require.Equal(t, uint64(2), c.Stats().Loads)
	})
}

// Whoever holds a lease and dies keeps others waiting for LoadTimeout only.
func TestCacheLeaseOfSomebodyWhoDied(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{LoadTimeout: 3 * time.Second})
		_, err := r.state.Do(r.t.Context(), "SET", "bwredis:lease:c:a", "of a process that was killed", "PX", "3000")
		require.NoError(t, err)
		begin := time.Now()
		e, err := c.GetOrLoad(r.t.Context(), "a", found("x"))
		require.NoError(t, err)
		require.Equal(t, "x", string(e.Value))
		require.GreaterOrEqual(t, time.Since(begin), 3*time.Second)
		require.Less(t, time.Since(begin), 3*time.Second+longestLook)
		require.Less(t, r.state.RoundTrips(), uint64(120))
	})
}

// What was loaded is returned although the server does not take it.
func TestCacheServerThatTakesNothing(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{})
		e, err := c.GetOrLoad(r.t.Context(), "a", func(context.Context) ([]byte, bool, error) {
			r.set(func() { r.fails = errLost })
			return []byte("x"), true, nil
		})
		require.NoError(t, err)
		require.True(t, e.Degraded && string(e.Value) == "x")
		require.Equal(t, uint64(1), c.Stats().NotStored)
	})
}

// An entry is loaded early, by one, about as long before its end as the load takes, and nobody waits for it.
func TestCacheRefreshesEarly(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{RefreshEarly: true, TTL: time.Minute})
		load := func(context.Context) ([]byte, bool, error) {
			time.Sleep(time.Second)
			return []byte("x"), true, nil
		}
		_, err := c.GetOrLoad(r.t.Context(), "a", load)
		require.NoError(t, err)
		begin := time.Now()
		early := 0
		for time.Since(begin) < 20*time.Minute {
			asked := time.Now()
			e, err := c.GetOrLoad(r.t.Context(), "a", load)
			require.NoError(t, err)
			require.True(t, e.Found)
			require.Equal(t, asked, time.Now(), "somebody waited")
			synctest.Wait()
			if len(c.refreshing) > 0 && early < int(c.Stats().Loads) {
				early = int(c.Stats().Loads)
				require.Less(t, e.Remaining, time.Duration(math.Pow(2, 5))*time.Second)
			}
			time.Sleep(50 * time.Millisecond)
		}
		loads := c.Stats().Loads
		require.Greater(t, loads, uint64(20), "none would be enough for less")
		require.Less(t, loads, uint64(32))
		require.Equal(t, uint64(1), c.Stats().Misses)
	})
}

// The statistics of a cache can be published, and say nothing of what is in it.
func TestCacheVar(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{})
		r.put("a", "1")
		r.require(c, "a", "1", false)
		r.require(c, "a", "1", true)
		text := c.Var().String()
		require.Contains(t, text, `"LocalHits":1,"Hits":1,`)
		require.Contains(t, text, `"Tracking":"on"`)
		require.False(t, strings.Contains(text, "bwredis"))
	})
}
