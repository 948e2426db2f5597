package integration

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/integration/harness"
)

// localCache is a cache with copies, named after the test.
func localCache(t testing.TB, s *bwstate.State, cfg bwstate.CacheConfig) *bwstate.Cache {
	t.Helper()
	cfg.Name, cfg.MaxLocalBytes = strings.NewReplacer("/", "-", " ", "_").Replace(own(t)), 1<<20
	c, err := s.Cache(cfg)
	require.NoError(t, err)
	return c
}

func awaitTracking(t testing.TB, c *bwstate.Cache, want string) {
	t.Helper()
	require.Eventually(t, func() bool { return c.Stats().Tracking == want }, 20*time.Second, tick, "%+v", c.Stats())
}

// requireCopy gets a value until it is a copy.
func requireCopy(t testing.TB, c *bwstate.Cache, key, want string) {
	t.Helper()
	require.Eventually(t, func() bool {
		e, err := c.Get(short(t), key)
		return err == nil && e.Local && string(e.Value) == want
	}, 20*time.Second, tick)
}

// requireGone gets until the value is another, and fails when a copy is returned after the bound.
func requireGone(t testing.TB, c *bwstate.Cache, key, old string, bound time.Duration) {
	t.Helper()
	begin := time.Now()
	for {
		asked := time.Now()
		e, err := c.Get(short(t), key)
		if err == nil && string(e.Value) != old {
			return
		}
		require.False(t, err == nil && asked.Sub(begin) > bound, "an old copy after %v", asked.Sub(begin))
		require.Less(t, time.Since(begin), 30*time.Second)
		time.Sleep(time.Millisecond)
	}
}

// What somebody else deletes or sets is gone here at once, and what is deleted while the connection was lost, too.
func TestCacheIsToldOfChanges(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v})
		here, there := open(t, server.Settings()), open(t, with(server.Settings(), "REDIS_DATABASE", "0"))
		c, other := localCache(t, here, bwstate.CacheConfig{}), localCache(t, there, bwstate.CacheConfig{})
		awaitTracking(t, c, "on")
		require.NoError(t, other.Set(short(t), "a", []byte("1"), 0))
		requireCopy(t, c, "a", "1")
		trips := here.RoundTrips()
		e, err := c.Get(short(t), "a")
		require.NoError(t, err)
		require.True(t, e.Local)
		require.Equal(t, trips, here.RoundTrips())

		_, err = other.Delete(short(t), "a")
		require.NoError(t, err)
		requireGone(t, c, "a", "1", time.Second)
		require.NoError(t, other.Set(short(t), "a", []byte("2"), 0))
		requireCopy(t, c, "a", "2")
		_, err = there.Do(short(t), "SET", "bwredis:cache:"+strings.NewReplacer("/", "-", " ", "_").Replace(own(t))+":a", "v:3")
		require.NoError(t, err)
		requireGone(t, c, "a", "2", time.Second)
		requireCopy(t, c, "a", "3")

		// A cache that comes later is followed, too.
		second, err := here.Cache(bwstate.CacheConfig{Name: "second", MaxLocalBytes: 1 << 20})
		require.NoError(t, err)
		awaitTracking(t, second, "on")
		require.NoError(t, second.Set(short(t), "b", []byte("1"), 0))
		requireCopy(t, second, "b", "1")
		requireCopy(t, c, "a", "3")

		_, err = there.Do(short(t), "FLUSHALL")
		require.NoError(t, err)
		requireGone(t, c, "a", "3", time.Second)
		requireGone(t, second, "b", "1", time.Second)

		// The connection is killed, and something is deleted before there is another.
		require.NoError(t, other.Set(short(t), "a", []byte("4"), 0))
		requireCopy(t, c, "a", "4")
		for range 5 {
			list, err := there.Do(short(t), "CLIENT", "LIST")
			require.NoError(t, err)
			text, _ := list.Text()
			killed := 0
			for line := range strings.Lines(text) {
				if strings.Contains(line, " flags=t") || strings.Contains(line, " flags=Bt") || strings.Contains(line, "client|tracking") {
					id, _, _ := strings.Cut(strings.TrimPrefix(line, "id="), " ")
					_, err := there.Do(short(t), "CLIENT", "KILL", "ID", id)
					require.NoError(t, err)
					killed++
				}
			}
			before := c.Stats().Hits
			_, err = other.Delete(short(t), "a")
			require.NoError(t, err)
			requireGone(t, c, "a", "4", bwstate.MaxCacheStaleness)
			require.Positive(t, killed, text)
			require.NoError(t, other.Set(short(t), "a", []byte("4"), 0))
			requireCopy(t, c, "a", "4")
			require.Greater(t, c.Stats().Hits, before)
		}

		server.Restart()
		requireGone(t, c, "a", "4", bwstate.MaxCacheStaleness)
		require.Eventually(t, func() bool { return other.Set(short(t), "a", []byte("5"), 0) == nil }, 20*time.Second, tick)
		requireCopy(t, c, "a", "5")
	})
}

// A server that is silent is noticed: no copy counts beyond the bound.
func TestCacheOfAFrozenServer(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v})
		state := open(t, server.Settings())
		c := localCache(t, state, bwstate.CacheConfig{})
		away, err := state.Cache(bwstate.CacheConfig{Name: "away", MaxLocalBytes: 1 << 20, WhenAway: bwstate.LocalWhenAway})
		require.NoError(t, err)
		for _, c := range []*bwstate.Cache{c, away} {
			require.NoError(t, c.Set(short(t), "a", []byte("1"), 0))
			requireCopy(t, c, "a", "1")
		}
		server.Pause()
		frozen := time.Now()
		for time.Since(frozen) < bwstate.MaxCacheStaleness+2*time.Second {
			asked := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			e, err := c.Get(ctx, "a")
			cancel()
			require.False(t, err == nil && asked.Sub(frozen) > bwstate.MaxCacheStaleness, "%+v", e)
			time.Sleep(5 * time.Millisecond)
		}
		e, err := away.Get(short(t), "a")
		require.NoError(t, err)
		require.True(t, e.Degraded && e.Local && string(e.Value) == "1", "%+v", e)
		e, err = away.GetOrLoad(short(t), "b", func(context.Context) ([]byte, bool, error) { return []byte("2"), true, nil })
		require.NoError(t, err)
		require.True(t, e.Degraded && string(e.Value) == "2", "%+v", e)
		server.Resume()
		requireCopy(t, c, "a", "1")
		require.Eventually(t, func() bool { e, err := away.Get(short(t), "b"); return err == nil && !e.Found }, 20*time.Second, tick, "what was loaded meanwhile counts for nothing")
	})
}

// After a failover copies are those of the new master.
func TestCacheFailover(t *testing.T) {
	t.Parallel()
	eachSet(t, harness.SentinelConfig{}, func(t *testing.T, set *harness.SentinelSet, _ harness.Version) {
		here, there := openFailover(t, set, access{}), openFailover(t, set, access{})
		c, other := localCache(t, here, bwstate.CacheConfig{}), localCache(t, there, bwstate.CacheConfig{})
		require.NoError(t, other.Set(short(t), "a", []byte("1"), time.Hour))
		requireCopy(t, c, "a", "1")
		set.Failover()
		require.Eventually(t, func() bool { return other.Set(short(t), "a", []byte("2"), 0) == nil }, switchPatience, tick)
		requireGone(t, c, "a", "1", bwstate.MaxCacheStaleness)
		requireCopy(t, c, "a", "2")
		_, err := other.Delete(short(t), "a")
		require.NoError(t, err)
		requireGone(t, c, "a", "2", time.Second)
	})
}

// Where a server may not be asked, or speaks RESP2, copies count only if they have an age of their own.
func TestCacheWithoutTracking(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v})
		admin := open(t, server.Settings())
		_, err := admin.Do(short(t), "ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all", "-client|tracking")
		if err != nil { // before Redis 7 a right to a subcommand cannot be taken away, and Redis 6.0 has no rights to channels
			_, err = admin.Do(short(t), "ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all", "-client")
		}
		require.NoError(t, err)
		s := open(t, with(server.Settings(), "REDIS_USERNAME", "app", "REDIS_PASSWORD", "secret"))
		strict, aged := localCache(t, s, bwstate.CacheConfig{}), localCache(t, s, bwstate.CacheConfig{LocalTTL: 2 * time.Second})
		awaitTracking(t, strict, "refused")
		require.NoError(t, strict.Set(short(t), "a", []byte("1"), 0))
		requireCopy(t, aged, "a", "1")
		e, err := strict.Get(short(t), "a")
		require.NoError(t, err)
		require.False(t, e.Local)
		_, err = admin.Do(short(t), "FLUSHALL")
		require.NoError(t, err)
		requireGone(t, aged, "a", "1", 2*time.Second)
	})
}

// Many callers of two processes get, set and delete at random, while connections are killed. Nobody sees what was overwritten, or deleted, longer ago than the bound.
func TestCacheUnderLoad(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v})
		var caches []*bwstate.Cache
		for range 2 {
			caches = append(caches, localCache(t, open(t, server.Settings()), bwstate.CacheConfig{}))
		}
		const keys = 4
		var (
			version  [keys]atomic.Int64 // of the last write that was begun
			mu       [keys]sync.Mutex   // held by who writes
			replaced [keys]sync.Map     // version: when it was acknowledged that it is gone
			local    atomic.Int64
			all      sync.WaitGroup
		)
		until := time.Now().Add(6 * time.Second)
		for range 8 {
			all.Go(func() {
				for time.Now().Before(until) {
					k, c := rand.IntN(keys), caches[rand.IntN(2)]
					key := strconv.Itoa(k)
					if rand.IntN(50) > 0 {
						asked := time.Now()
						e, err := c.Get(t.Context(), key)
						if err != nil || !e.Found {
							continue
						}
						if e.Local {
							local.Add(1)
						}
						n, _ := strconv.ParseInt(string(e.Value), 10, 64)
						if gone, ok := replaced[k].Load(n); ok && asked.Sub(gone.(time.Time)) > bwstate.MaxCacheStaleness {
							assert.Fail(t, "an old value", "%v after it was gone", asked.Sub(gone.(time.Time)))
							return
						}
						continue
					}
					mu[k].Lock()
					old := version[k].Load()
					var err error
					if rand.IntN(2) == 0 {
						err = c.Set(t.Context(), key, []byte(strconv.FormatInt(version[k].Add(1), 10)), 0)
					} else {
						_, err = c.Delete(t.Context(), key)
					}
					if err == nil {
						now := time.Now()
						for n := old; n > 0 && n > old-3; n-- {
							replaced[k].LoadOrStore(n, now)
						}
						if e, err := c.Get(t.Context(), key); err == nil && e.Found { // what this process has written it sees
							n, _ := strconv.ParseInt(string(e.Value), 10, 64)
							assert.Equal(t, version[k].Load(), n)
						}
					}
					mu[k].Unlock()
				}
			})
		}
		all.Go(func() {
			admin := open(t, server.Settings())
			for time.Now().Before(until) {
				_, err := admin.Do(t.Context(), "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
				assert.True(t, err == nil || !errors.Is(err, context.DeadlineExceeded), "%v", err)
				time.Sleep(500 * time.Millisecond)
			}
		})
		all.Wait()
		require.Positive(t, local.Load(), "no copies: %s", fmt.Sprint(caches[0].Stats()))
		t.Logf("%d copies, %v", local.Load(), caches[0].Stats())
	})
}
