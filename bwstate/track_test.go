package bwstate

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Copies count for nothing while the connection for changes is lost, and those from before it for nothing behind it.
func TestCacheLosesTheConnectionForChanges(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{})
		r.put("a", "1")
		r.require(c, "a", "1", false)
		r.require(c, "a", "1", true)
		r.set(func() { r.dialErr = io.EOF })
		r.line().end()
		synctest.Wait()
		require.Equal(t, "off", c.Stats().Tracking)
		require.Zero(t, c.Stats().Entries)
		for range 2 {
			r.require(c, "a", "1", false)
		}
		r.put("a", "2")
		r.set(func() { r.dialErr = nil })
		settle(longestPause)
		require.Equal(t, "on", c.Stats().Tracking)
		r.require(c, "a", "2", false)
		r.require(c, "a", "2", true)
	})
}

// A connection that died without a word is found out, and until then no copy counts for longer than the bound.
func TestCacheNoticesSilence(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{})
		r.put("a", "1")
		r.require(c, "a", "1", false)
		settle(time.Hour + trackPing/2)
		require.Equal(t, "on", c.Stats().Tracking)
		r.put("a", "1")
		r.require(c, "a", "1", false)
		settle(10 * time.Second)
		r.require(c, "a", "1", true)
		require.Len(t, r.lines, 1)

		r.set(func() { r.silent = true })
		r.put("a", "2")
		begin := time.Now()
		for {
			e, err := c.Get(r.t.Context(), "a")
			require.NoError(t, err)
			if !e.Local {
				break
			}
			require.LessOrEqual(t, time.Since(begin), MaxCacheStaleness)
			time.Sleep(time.Millisecond)
		}
		require.Greater(t, time.Since(begin), MaxCacheStaleness-2*trackPing)
		settle(10 * time.Second)
		require.Greater(t, len(r.lines), 1, "another connection is tried")
		r.require(c, "a", "2", false)
		r.set(func() { r.silent = false })
		settle(10 * time.Second)
		r.require(c, "a", "2", false)
		r.require(c, "a", "2", true)
	})
}

// When there is another master nothing of the old one counts, from that moment on, and a connection that was about to be made to it does not either.
func TestCacheOfAnotherMaster(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{})
		r.put("a", "1")
		r.require(c, "a", "1", false)
		old := r.line()
		r.state.switchCaches()
		r.require(c, "a", "1", false)
		require.Error(t, old.Err())
		synctest.Wait()
		require.Equal(t, "on", c.Stats().Tracking, "at once")
		require.Len(t, r.lines, 2)
		r.require(c, "a", "1", false)
		r.require(c, "a", "1", true)
	})
}

// A connection to the old master that was made while there came to be another one is not used.
func TestCacheOfAnotherMasterMeanwhile(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		r.dialled = r.state.switchCaches
		c := r.cache(CacheConfig{})
		require.Len(t, r.lines, 2)
		require.Error(t, r.lines[0].Err())
		require.Empty(t, r.lines[0].follow)
		require.Equal(t, "on", c.Stats().Tracking)
	})
}

// One connection follows all caches, those that come later too, each once.
func TestCachesShareTheConnection(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c, again, other := r.cache(CacheConfig{}), r.cache(CacheConfig{}), r.cache(CacheConfig{Name: "other"})
		require.Len(t, r.lines, 1)
		require.Equal(t, []string{
			"CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "bwredis:cache:c:",
			"CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "bwredis:cache:other:",
		}, r.line().follow)
		require.Equal(t, "on", other.Stats().Tracking)
		r.put("a", "1")
		for _, c := range []*Cache{c, again} {
			r.require(c, "a", "1", false)
			r.require(c, "a", "1", true)
		}
		r.line().tell("bwredis:cache:c:a")
		for _, c := range []*Cache{c, again} {
			r.require(c, "a", "1", false)
		}
	})
}

// Where nobody tells of changes there are copies only if they have an age, and that is said once.
func TestCacheWithoutChanges(t *testing.T) {
	for name, refuse := range map[string]func(r *cacheRig){
		"RESP2":       func(r *cacheRig) { r.dialErr = errNoPushes },
		"no right":    func(r *cacheRig) { r.refuse = "-NOPERM no\r\n" },
		"unknown":     func(r *cacheRig) { r.refuse = "-ERR unknown subcommand\r\n" },
		"no such way": func(r *cacheRig) { r.state.dialPushes = nil },
	} {
		t.Run(name, func(t *testing.T) {
			withCaches(t, func(r *cacheRig) {
				var warnings []string
				r.state.warn = func(text string) { warnings = append(warnings, text) }
				refuse(r)
				strict, aged := r.cache(CacheConfig{}), r.cache(CacheConfig{LocalTTL: time.Second})
				require.Equal(t, "refused", strict.Stats().Tracking)
				r.put("a", "1")
				for range 2 {
					r.require(strict, "a", "1", false)
				}
				r.require(aged, "a", "1", false)
				r.put("a", "2")
				settle(time.Second - 1)
				r.require(aged, "a", "1", true)
				settle(1)
				r.require(aged, "a", "2", false)
				settle(10 * trackRefused)
				if name == "no such way" {
					require.Empty(t, warnings)
					return
				}
				require.Len(t, warnings, 1)
				require.Contains(t, warnings[0], "LocalTTL")

				r.set(func() { r.refuse, r.dialErr = "", nil })
				settle(trackRefused)
				require.Equal(t, "on", strict.Stats().Tracking, "it may be allowed later")
				r.put("a", "3")
				r.require(strict, "a", "3", false)
				r.require(strict, "a", "3", true)
			})
		})
	}
}

// A server that is loading will tell later.
func TestCacheOfAServerThatIsLoading(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		r.refuse = "-LOADING wait\r\n"
		c := r.cache(CacheConfig{LocalTTL: time.Minute})
		require.Equal(t, "off", c.Stats().Tracking)
		r.set(func() { r.refuse = "" })
		settle(longestPause)
		require.Equal(t, "on", c.Stats().Tracking)
	})
}

// After Close nothing is followed, and caches can still be made.
func TestCacheAfterClose(t *testing.T) {
	withCaches(t, func(r *cacheRig) {
		c := r.cache(CacheConfig{})
		require.NoError(t, r.state.Close())
		require.Equal(t, "off", c.Stats().Tracking)
		require.Equal(t, "off", r.cache(CacheConfig{Name: "later"}).Stats().Tracking)
		require.Len(t, r.lines, 1)
	})
}
