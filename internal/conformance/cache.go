package conformance

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var nodeCacheTests = []test{
	{"one round trip each", func(f *fixture) {
		cache := f.nodeCache()
		ip := addr("192.0.2.1")
		for name, do := range map[string]func() error{
			"Get":          func() error { _, _, err := cache.Get(f.ctx, "k"); return err },
			"Set":          func() error { return cache.Set(f.ctx, "k", "v", time.Second) },
			"Delete":       func() error { _, err := cache.Delete(f.ctx, "k"); return err },
			"ReverseNames": func() error { _, _, err := cache.ReverseNames(f.ctx, ip); return err },
			"SetAddrs":     func() error { return cache.SetAddrs(f.ctx, "a.example", []netip.Addr{ip}) },
			"SetPortOpen":  func() error { return cache.SetPortOpen(f.ctx, netip.AddrPortFrom(ip, 80), true) },
		} {
			before := f.state.RoundTrips()
			require.NoError(f, do(), name)
			require.Equal(f, before+1, f.state.RoundTrips(), name)
		}
	}},
	{"what is not known is kept for less long", func(f *fixture) {
		cache, err := f.state.NodeCache(bwstate.NodeCacheConfig{})
		require.NoError(f, err)
		require.NoError(f, cache.SetReverseNames(f.ctx, addr("2001:DB8::1"), nil))
		require.Equal(f, "{}", f.text("GET", "rdns_2001:db8::1"))
		f.requireTTL("rdns_2001:db8::1", 60)
		names, found, err := cache.ReverseNames(f.ctx, addr("2001:db8::1"))
		require.NoError(f, err)
		require.True(f, found)
		require.Empty(f, names)
	}},
	{"values that are none", func(f *fixture) {
		cache := f.nodeCache()
		ip := addr("192.0.2.1")
		for _, value := range []string{"", "x", "null", `"a"`, `{"a":1}`, `["a",1]`, `[["a"]]`, `["a"`, `["a"] x`, `[null]`} {
			f.do("SET", "rdns_192.0.2.1", value)
			_, found, err := cache.ReverseNames(f.ctx, ip)
			var e *bwstate.ValueError
			require.ErrorAs(f, err, &e, "%q", value)
			require.False(f, found)
		}
		f.do("SET", "dns_a.example", `["192.0.2.300"]`)
		_, _, err := cache.Addrs(f.ctx, "a.example")
		require.ErrorContains(f, err, "no address")
		f.do("SET", "plugin_reverse_scan_192.0.2.1:80", "opened")
		_, _, err = cache.PortOpen(f.ctx, netip.AddrPortFrom(ip, 80))
		require.ErrorContains(f, err, "neither open nor closed")
	}},
	{"arguments that are none", func(f *fixture) {
		cache := f.nodeCache()
		before := f.state.RoundTrips()
		for _, key := range []string{"", "bunkerweb_ui_session:x", "LIMITS:x", strings.Repeat("k", 4097)} {
			f.requireArgumentError("key", cache.Set(f.ctx, key, "v", 0))
		}
		f.requireArgumentError("ttl", cache.Set(f.ctx, "dns_k", "v", -time.Second))
		f.requireArgumentError("ip", cache.SetReverseNames(f.ctx, netip.Addr{}, nil))
		f.requireArgumentError("ip", cache.SetAddrs(f.ctx, "a", []netip.Addr{addr("fe80::1%eth0")}))
		for _, name := range []string{"", "a b", "a\x00", "a\"", "a\xff", strings.Repeat("a", 254)} {
			f.requireArgumentError("name", cache.SetAddrs(f.ctx, name, nil))
			f.requireArgumentError("name", cache.SetReverseNames(f.ctx, addr("192.0.2.1"), []string{name}))
		}
		_, err := f.state.NodeCache(bwstate.NodeCacheConfig{NegativeTTL: time.Millisecond})
		f.requireArgumentError("NegativeTTL", err)
		require.Equal(f, before, f.state.RoundTrips())
	}},
	{"values of any size", func(f *fixture) {
		cache := f.nodeCache()
		f.requireArgumentError("value", cache.Set(f.ctx, "dns_k", strings.Repeat("x", 16<<20+1), 0))
		require.NoError(f, cache.Set(f.ctx, "dns_k", strings.Repeat("x", 16<<20), 0))
		v, found, err := cache.Get(f.ctx, "dns_k")
		require.NoError(f, err)
		require.True(f, found)
		require.Len(f, v.Text, 16<<20)
		f.do("SET", "dns_empty", "")
		v, found, err = cache.Get(f.ctx, "dns_empty")
		require.NoError(f, err)
		require.True(f, found)
		require.True(f, v.Permanent)
		require.Empty(f, v.Text)
		for _, size := range []int{16<<20 + 1, 65 << 20} { // more than there may be, and more than a connection takes
			if !f.setLarge("dns_k", size) {
				continue
			}
			_, found, err = cache.Get(f.ctx, "dns_k")
			var e *bwstate.ValueError
			require.ErrorAs(f, err, &e)
			require.False(f, found)
		}
	}},
	{"a key of another type", func(f *fixture) {
		f.do("RPUSH", "dns_k", "x")
		_, _, err := f.nodeCache().Get(f.ctx, "dns_k")
		require.True(f, resp.IsCode(err, "WRONGTYPE"), "%v", err)
	}},
}

// setLarge writes a value of so many bytes, if the store has room for it.
func (f *fixture) setLarge(key string, size int) bool {
	f.Helper()
	_, err := f.control.Do(f.ctx, "SET", key, "v:"+strings.Repeat("x", size-2))
	if resp.IsCode(err, "OOM") {
		return false
	}
	require.NoError(f, err)
	return true
}

func (f *fixture) cache(cfg bwstate.CacheConfig) *bwstate.Cache {
	f.Helper()
	if cfg.Name == "" {
		cfg.Name = "conformance"
	}
	c, err := f.state.Cache(cfg)
	require.NoError(f, err)
	return c
}

const cacheKey = "bwredis:cache:conformance:"

var cacheTests = []test{
	{"get, set, delete", func(f *fixture) {
		c := f.cache(bwstate.CacheConfig{})
		e, err := c.Get(f.ctx, "a")
		require.NoError(f, err)
		require.Equal(f, bwstate.CacheEntry{}, e)
		require.NoError(f, c.Set(f.ctx, "a", []byte("one:\r\n"), time.Minute))
		require.Equal(f, "v:one:\r\n", f.text("GET", cacheKey+"a"))
		f.requireTTL(cacheKey+"a", 60)
		e, err = c.AppendGet(f.ctx, []byte("dst "), "a")
		require.NoError(f, err)
		require.Equal(f, "dst one:\r\n", string(e.Value))
		require.True(f, e.Found)
		f.requireAbout(time.Minute, e.Remaining)
		n, err := c.Delete(f.ctx, "a", "b", "a")
		require.NoError(f, err)
		require.Equal(f, 1, n)
		f.requireKeys(nil)
		require.Equal(f, uint64(1), c.Stats().Hits)
		require.Equal(f, uint64(1), c.Stats().Misses)
	}},
	{"many at once", func(f *fixture) {
		c := f.cache(bwstate.CacheConfig{TTL: time.Minute})
		before := f.state.RoundTrips()
		require.NoError(f, c.SetMany(f.ctx, map[string][]byte{"a": []byte("1"), "b": nil, "c": []byte("3")}))
		entries, err := c.GetMany(f.ctx, "c", "nobody", "b", "a", "c")
		require.NoError(f, err)
		require.Equal(f, before+2, f.state.RoundTrips())
		var got []string
		for _, e := range entries {
			text := string(e.Value)
			if !e.Found {
				text = "none"
			}
			got = append(got, text)
		}
		require.Equal(f, []string{"3", "none", "", "1", "3"}, got)
		n, err := c.Delete(f.ctx, "a", "b", "c")
		require.NoError(f, err)
		require.Equal(f, 3, n)
		entries, err = c.GetMany(f.ctx)
		require.NoError(f, err)
		require.Empty(f, entries)
		require.NoError(f, c.SetMany(f.ctx, nil))
		n, err = c.Delete(f.ctx)
		require.NoError(f, err)
		require.Zero(f, n)
	}},
	{"what is no entry", func(f *fixture) {
		c := f.cache(bwstate.CacheConfig{})
		require.NoError(f, c.Set(f.ctx, "good", []byte("x"), 0))
		for _, text := range []string{"", "v", "x:", "v1", "v1x:", "v12345678901:x", "V:x", "v-1:x"} {
			f.do("SET", cacheKey+"bad", text)
			entries, err := c.GetMany(f.ctx, "bad", "good")
			var e *bwstate.ValueError
			require.ErrorAs(f, err, &e, "%q", text)
			require.True(f, entries[1].Found)
			_, err = c.GetOrLoad(f.ctx, "bad", loads("new"))
			require.ErrorAs(f, err, &e, "%q", text)
			require.Equal(f, text, f.text("GET", cacheKey+"bad"))
		}
		f.do("SET", cacheKey+"for ever", "v:x")
		e, err := c.Get(f.ctx, "for ever")
		require.NoError(f, err)
		require.Zero(f, e.Remaining)
	}},
	{"entries of any size", func(f *fixture) {
		c := f.cache(bwstate.CacheConfig{})
		require.NoError(f, c.Set(f.ctx, "a", make([]byte, 16<<20), 0))
		e, err := c.GetOrLoad(f.ctx, "a", loads("new"))
		require.NoError(f, err)
		require.Len(f, e.Value, 16<<20)
		require.NoError(f, c.Set(f.ctx, "b", []byte("x"), 0))
		for _, size := range []int{16<<20 + 12, 65 << 20} { // more than there may be, and more than a connection takes
			if !f.setLarge(cacheKey+"a", size) {
				continue
			}
			entries, err := c.GetMany(f.ctx, "a", "b")
			var e *bwstate.ValueError
			require.ErrorAs(f, err, &e)
			require.Equal(f, "x", string(entries[1].Value))
			_, err = c.GetOrLoad(f.ctx, "a", loads("new"))
			require.ErrorAs(f, err, &e)
		}
	}},
	{"a key of another type", func(f *fixture) {
		c := f.cache(bwstate.CacheConfig{})
		f.do("RPUSH", cacheKey+"a", "x")
		require.NoError(f, c.Set(f.ctx, "good", []byte("x"), 0))
		entries, err := c.GetMany(f.ctx, "a", "good")
		require.True(f, resp.IsCode(err, "WRONGTYPE"), "%v", err)
		require.True(f, entries[1].Found)
		_, err = c.GetOrLoad(f.ctx, "a", loads("x"))
		require.True(f, resp.IsCode(err, "WRONGTYPE"), "%v", err)
		f.do("RPUSH", "bwredis:lease:conformance:b", "x")
		_, err = c.GetOrLoad(f.ctx, "b", loads("x"))
		require.True(f, resp.IsCode(err, "WRONGTYPE"), "%v", err)
	}},
	{"arguments that are none", func(f *fixture) {
		for name, cfg := range map[string]bwstate.CacheConfig{
			"Name":          {Name: "a:b"},
			"TTL":           {TTL: -1},
			"LoadTimeout":   {LoadTimeout: time.Microsecond},
			"NegativeTTL":   {NegativeTTL: -1},
			"LocalTTL":      {LocalTTL: -1},
			"Jitter":        {Jitter: bwstate.DefaultCacheTTL},
			"MaxLocalBytes": {MaxLocalBytes: -1},
			"WhenAway":      {WhenAway: bwstate.CookieWhenAway},
		} {
			if cfg.Name == "" {
				cfg.Name = "a"
			}
			_, err := f.state.Cache(cfg)
			f.requireArgumentError(name, err)
		}
		c := f.cache(bwstate.CacheConfig{})
		before := f.state.RoundTrips()
		for _, key := range []string{"", strings.Repeat("k", 4097)} {
			_, err := c.Get(f.ctx, key)
			f.requireArgumentError("key", err)
			_, err = c.GetMany(f.ctx, "a", key)
			f.requireArgumentError("key", err)
			_, err = c.Delete(f.ctx, key)
			f.requireArgumentError("key", err)
			_, err = c.GetOrLoad(f.ctx, key, loads("x"))
			f.requireArgumentError("key", err)
			f.requireArgumentError("key", c.SetMany(f.ctx, map[string][]byte{key: nil}))
		}
		f.requireArgumentError("ttl", c.Set(f.ctx, "a", nil, -1))
		f.requireArgumentError("value", c.Set(f.ctx, "a", make([]byte, 16<<20+1), 0))
		require.Equal(f, before, f.state.RoundTrips())
	}},
	{"lifetimes with jitter", func(f *fixture) {
		c := f.cache(bwstate.CacheConfig{TTL: time.Hour, Jitter: time.Minute})
		values := map[string][]byte{}
		for i := range 32 {
			values[string(rune('a'+i))] = nil
		}
		require.NoError(f, c.SetMany(f.ctx, values))
		different := map[int64]bool{}
		for key := range values {
			ms := f.int("PTTL", cacheKey+key)
			require.LessOrEqual(f, ms, time.Hour.Milliseconds())
			require.Greater(f, ms, (58 * time.Minute).Milliseconds())
			different[ms/1000] = true
		}
		require.Greater(f, len(different), 8)
	}},
	{"loads once", loadsOnce},
	{"loads that find nothing", func(f *fixture) {
		nothing := func(context.Context) ([]byte, bool, error) { return []byte("ignored"), false, nil }
		c := f.cache(bwstate.CacheConfig{})
		for range 2 {
			e, err := c.GetOrLoad(f.ctx, "a", nothing)
			require.NoError(f, err)
			require.Equal(f, bwstate.CacheEntry{}, e)
			f.requireKeys(nil)
		}
		require.Equal(f, uint64(2), c.Stats().Loads)
		c = f.cache(bwstate.CacheConfig{NegativeTTL: time.Minute})
		for range 2 {
			e, err := c.GetOrLoad(f.ctx, "a", nothing)
			require.NoError(f, err)
			require.True(f, e.Negative)
			require.False(f, e.Found)
			require.Empty(f, e.Value)
		}
		require.Equal(f, uint64(1), c.Stats().Loads)
		f.requireTTL(cacheKey+"a", 60)
	}},
	{"loads that fail", func(f *fixture) {
		c := f.cache(bwstate.CacheConfig{})
		broken := errors.New("broken")
		_, err := c.GetOrLoad(f.ctx, "a", func(context.Context) ([]byte, bool, error) { return nil, false, broken })
		require.ErrorIs(f, err, broken)
		_, err = c.GetOrLoad(f.ctx, "a", func(context.Context) ([]byte, bool, error) { panic(broken) })
		var panicked *bwstate.LoadPanicError
		require.ErrorAs(f, err, &panicked)
		require.ErrorIs(f, err, broken)
		f.requireKeys(nil) // no lease is left
		e, err := c.GetOrLoad(f.ctx, "a", loads("x"))
		require.NoError(f, err)
		require.Equal(f, "x", string(e.Value))
		require.Equal(f, uint64(2), c.Stats().LoadErrors)
	}},
	{"what is deleted or set during a load is not overwritten", func(f *fixture) {
		c := f.cache(bwstate.CacheConfig{})
		other := f.cache(bwstate.CacheConfig{}) // as in another process
		_, err := c.GetOrLoad(f.ctx, "a", func(context.Context) ([]byte, bool, error) {
			_, err := other.Delete(f.ctx, "a")
			return []byte("old"), true, err
		})
		require.NoError(f, err)
		f.requireKeys(nil)
		e, err := c.GetOrLoad(f.ctx, "a", func(context.Context) ([]byte, bool, error) {
			return []byte("old"), true, other.Set(f.ctx, "a", []byte("new"), 0)
		})
		require.NoError(f, err)
		require.Equal(f, "old", string(e.Value), "for those who have waited since before")
		require.Equal(f, "v:new", f.text("GET", cacheKey+"a"))
		require.Equal(f, uint64(2), c.Stats().NotStored)
		require.Equal(f, []string{cacheKey + "a"}, f.keys())
	}},
	{"values of a type", func(f *fixture) {
		type place struct{ Town string }
		c := f.cache(bwstate.CacheConfig{})
		for range 2 {
			got, found, err := bwstate.GetOrLoad(f.ctx, c, "a", func(context.Context) (place, bool, error) { return place{"Lyon"}, true, nil })
			require.NoError(f, err)
			require.True(f, found)
			require.Equal(f, place{"Lyon"}, got)
		}
		require.Equal(f, uint64(1), c.Stats().Loads)
		_, _, err := bwstate.GetOrLoad(f.ctx, c, "a", func(context.Context) (int, bool, error) { return 1, true, nil })
		var e *bwstate.ValueError
		require.ErrorAs(f, err, &e)
		_, found, err := bwstate.GetOrLoad(f.ctx, c, "b", func(context.Context) (int, bool, error) { return 1, false, nil })
		require.NoError(f, err)
		require.False(f, found)
	}},
}

func loads(value string) bwstate.LoadFunc {
	return func(context.Context) ([]byte, bool, error) { return []byte(value), true, nil }
}

// loadsOnce has many callers of two caches, which stand for two processes, miss one entry.
func loadsOnce(f *fixture) {
	var begun atomic.Int64
	go_ := make(chan struct{})
	load := func(context.Context) ([]byte, bool, error) {
		begun.Add(1)
		<-go_
		return []byte("x"), true, nil
	}
	var all sync.WaitGroup
	caches := []*bwstate.Cache{f.cache(bwstate.CacheConfig{}), f.cache(bwstate.CacheConfig{})}
	for i := range 32 {
		all.Go(func() {
			e, err := caches[i%2].GetOrLoad(f.ctx, "a", load)
			assert.NoError(f, err)
			assert.Equal(f, "x", string(e.Value))
		})
	}
	require.Eventually(f, func() bool { return begun.Load() > 0 && caches[0].Stats().Misses+caches[1].Stats().Misses == 32 }, patience, time.Millisecond)
	close(go_)
	all.Wait()
	require.EqualValues(f, 1, begun.Load())
	require.Equal(f, []string{cacheKey + "a"}, f.keys(), "no lease is left")
	f.requireTTL(cacheKey+"a", 300)
}
