package bwstate

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whatever ends a load, nobody has to wait until its lease ends.
func TestCacheGivesTheLeaseBack(t *testing.T) {
	for name, act := range map[string]func(r *cacheRig, c *Cache, leave func()) LoadFunc{
		"the goroutine is ended": func(*cacheRig, *Cache, func()) LoadFunc {
			return func(context.Context) ([]byte, bool, error) { runtime.Goexit(); return nil, false, nil }
		},
		"a panic": func(*cacheRig, *Cache, func()) LoadFunc {
			return func(context.Context) ([]byte, bool, error) { panic("x") }
		},
		"an error": func(*cacheRig, *Cache, func()) LoadFunc {
			return func(context.Context) ([]byte, bool, error) { return nil, false, errors.New("x") }
		},
		"the caller leaves while the lease is asked for": func(r *cacheRig, _ *Cache, leave func()) LoadFunc {
			r.onAnswer(func() { r.onAnswer(func() { leave(); time.Sleep(time.Millisecond) }) }) // Get's, then the claim's
			return func(context.Context) ([]byte, bool, error) {
				assert.Fail(r.t, "it is loaded for nobody")
				return nil, false, nil
			}
		},
		"the caller leaves while it loads": func(_ *cacheRig, _ *Cache, leave func()) LoadFunc {
			return func(ctx context.Context) ([]byte, bool, error) { leave(); <-ctx.Done(); return nil, false, ctx.Err() }
		},
		"the State is closed while it loads": func(r *cacheRig, _ *Cache, _ func()) LoadFunc {
			return func(ctx context.Context) ([]byte, bool, error) {
				go func() { assert.NoError(r.t, r.state.Close()) }()
				<-ctx.Done()
				return nil, false, ctx.Err()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			withCaches(t, func(r *cacheRig) {
				c := r.cache(CacheConfig{})
				ctx, leave := context.WithCancel(r.t.Context())
				defer leave()
				_, err := c.GetOrLoad(ctx, "a", act(r, c, leave))
				require.Error(t, err)
				settle(time.Second)
				r.requireNoLease("a")
			})
		})
	}
}

// What is loaded when the last caller leaves is written all the same.
func TestCacheStoresWhatNobodyWaitsFor(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{})
		ctx, leave := context.WithCancel(r.t.Context())
		_, err := c.GetOrLoad(ctx, "a", func(context.Context) ([]byte, bool, error) {
			r.onAnswer(leave) // when it was written
			return []byte("x"), true, nil
		})
		require.True(t, err == nil || errors.Is(err, context.Canceled), "%v", err)
		synctest.Wait()
		r.requireNoLease("a")
		r.require(c, "a", "x", false)
		require.Zero(t, c.Stats().NotStored)
	})
}

// Close waits for loads, but not for ever for one that does not look at its context.
func TestCacheCloseWaitsForLoads(t *testing.T) {
	for slow, want := range map[time.Duration]time.Duration{time.Second: time.Second, time.Hour: closePatience} {
		t.Run(slow.String(), func(t *testing.T) {
			withCaches(t, func(r *cacheRig) {
				c := r.cache(CacheConfig{LoadTimeout: time.Minute})
				go func() {
					_, err := c.GetOrLoad(r.t.Context(), "a", func(context.Context) ([]byte, bool, error) { time.Sleep(slow); return nil, false, nil })
					assert.ErrorIs(t, err, context.Canceled)
				}()
				synctest.Wait()
				begin := time.Now()
				require.NoError(t, r.state.Close())
				require.Equal(t, want, time.Since(begin))
				settle(slow)
				_, err := c.GetOrLoad(r.t.Context(), "a", found("x"))
				require.ErrorIs(t, err, context.Canceled, "none is begun after Close")
			})
		})
	}
}

// A load that asks for its own entry is refused, at any depth; other entries it may ask for.
func TestCacheLoadWithinALoad(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		a, again := r.cache(CacheConfig{}), r.cache(CacheConfig{})
		begin := time.Now()
		within := func(c *Cache, key string, load LoadFunc) LoadFunc {
			return func(ctx context.Context) ([]byte, bool, error) {
				e, err := c.GetOrLoad(ctx, key, load)
				return e.Value, e.Found, err
			}
		}
		e, err := a.GetOrLoad(r.t.Context(), "a", within(a, "b", found("x")))
		require.NoError(t, err)
		require.Equal(t, "x", string(e.Value))
		for _, c := range []*Cache{a, again} {
			var refused *ArgumentError
			_, err = a.GetOrLoad(r.t.Context(), "c", within(c, "c", found("x")))
			require.ErrorAs(t, err, &refused)
			_, err = a.GetOrLoad(r.t.Context(), "c", within(a, "d", within(c, "c", found("x"))))
			require.ErrorAs(t, err, &refused)
		}
		require.Equal(t, begin, time.Now(), "nobody has waited")
	})
}

// Two loads that ask for each other's entry end with LoadTimeout.
func TestCacheLoadsThatWaitForEachOther(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{})
		var all sync.WaitGroup
		for _, keys := range [][2]string{{"a", "b"}, {"b", "a"}} {
			all.Go(func() {
				_, err := c.GetOrLoad(r.t.Context(), keys[0], func(ctx context.Context) ([]byte, bool, error) {
					time.Sleep(time.Second)
					e, err := c.GetOrLoad(ctx, keys[1], found("x"))
					return e.Value, e.Found, err
				})
				assert.ErrorIs(t, err, context.DeadlineExceeded)
			})
		}
		begin := time.Now()
		all.Wait()
		require.Equal(t, DefaultLoadTimeout, time.Since(begin))
	})
}

// A lease that nobody gives back, and that does not end, keeps nobody for ever.
func TestCacheLeaseWithoutEnd(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{LoadTimeout: 2 * time.Second})
		_, err := r.state.Do(r.t.Context(), "SET", "bwredis:lease:c:a", "of nobody")
		require.NoError(t, err)
		begin := time.Now()
		_, err = c.GetOrLoad(r.t.Context(), "a", found("x"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "others held")
		require.InDelta(t, 3*time.Second, time.Since(begin), float64(longestLook))
		v, err := r.state.Do(r.t.Context(), "GET", "bwredis:lease:c:a")
		require.NoError(t, err)
		text, _ := v.Text()
		require.Equal(t, "of nobody", text, "it is not this load's")
	})
}

// The lease outlives the load, however long the server's answer took.
func TestCacheLeaseOutlivesTheLoad(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{})
		r.onAnswer(func() { r.onAnswer(func() { time.Sleep(2 * time.Second) }) }) // the claim's
		_, err := c.GetOrLoad(r.t.Context(), "a", func(ctx context.Context) ([]byte, bool, error) {
			v, err := r.state.Do(context.Background(), "PTTL", "bwredis:lease:c:a")
			assert.NoError(t, err)
			ms, _ := v.Int()
			deadline, _ := ctx.Deadline()
			assert.LessOrEqual(t, time.Until(deadline), time.Duration(ms)*time.Millisecond)
			<-ctx.Done()
			return nil, false, ctx.Err()
		})
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// What a function returns is its own again when it has returned.
func TestCacheKeepsNothingOfTheFunction(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{})
		buf := []byte("good")
		e, err := c.GetOrLoad(r.t.Context(), "a", func(context.Context) ([]byte, bool, error) {
			r.onAnswer(func() { copy(buf, "evil") }) // when it was written
			return buf, true, nil
		})
		require.NoError(t, err)
		require.Equal(t, "good", string(e.Value))
		r.require(c, "a", "good", false)
	})
}

// Who comes after a deletion of another process does not get what a load found that had begun before.
func TestCacheDeletedElsewhereDuringALoad(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{})
		source := "old"
		load := func(context.Context) ([]byte, bool, error) {
			value := source
			time.Sleep(time.Second)
			return []byte(value), true, nil
		}
		var all sync.WaitGroup
		ask := func(want string) {
			all.Go(func() {
				e, err := c.GetOrLoad(r.t.Context(), "a", load)
				assert.NoError(t, err)
				assert.Equal(t, want, string(e.Value))
			})
			synctest.Wait()
		}
		ask("old")
		source = "new"
		_, err := r.elsewhere().Delete(r.t.Context(), "a")
		require.NoError(t, err)
		ask("new")
		ask("new")
		all.Wait()
		require.EqualValues(t, 2, c.Stats().Loads)
	})
}

// Entries that are deleted all the time keep nobody for ever.
func TestCacheDeletedAllTheTime(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c, other := r.cache(CacheConfig{}), r.elsewhere()
		load := func(context.Context) ([]byte, bool, error) {
			time.Sleep(time.Second)
			_, err := other.Delete(r.t.Context(), "a")
			return []byte("x"), true, err
		}
		begin := time.Now()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				e, err := c.GetOrLoad(r.t.Context(), "a", load)
				assert.NoError(t, err)
				assert.Equal(t, "x", string(e.Value))
			})
		}
		all.Wait()
		require.LessOrEqual(t, time.Since(begin), mostLooks*time.Second)
	})
}

// A load that begins while a Set is under way does not overwrite it.
func TestCacheLoadDuringASet(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c, other := r.cache(CacheConfig{}), r.elsewhere()
		r.set(func() {
			r.between = func() {
				go func() {
					_, _ = other.GetOrLoad(r.t.Context(), "b", func(context.Context) ([]byte, bool, error) {
						time.Sleep(time.Second)
						return []byte("old"), true, nil
					})
				}()
				settle(time.Millisecond)
			}
		})
		require.NoError(t, c.SetMany(r.t.Context(), map[string][]byte{"b": []byte("new")}))
		settle(time.Minute)
		r.require(c, "b", "new", false)
	})
}
