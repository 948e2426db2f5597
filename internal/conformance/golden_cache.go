package conformance

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

type goldenCache struct {
	Cases []struct {
		goldenCase
		Writes [][]string `json:"writes"` // what the node sent
	} `json:"cases"`
	ReverseScan []struct {
		Name    string            `json:"name"`
		After   map[string]record `json:"after"`
		Reads   []string          `json:"reads"` // keys
		Answers [][]any           `json:"answers"`
	} `json:"reverse_scan"`
}

// goldenNodeCache does what nodes did, with the functions that are for it, and compares what came of it.
func goldenNodeCache() (tests []test) {
	var file goldenCache
	load("cachestore.json", &file)
	for _, c := range file.Cases {
		tests = append(tests, test{c.Name, func(f *fixture) {
			f.setup(c.Setup)
			runNodeCache(f, c.goldenCase, c.Writes)
			f.requireKeys(c.After)
		}})
	}
	for _, c := range file.ReverseScan {
		tests = append(tests, test{c.Name, func(f *fixture) {
			cache := f.nodeCache()
			for i, key := range c.Reads {
				if text, ok := c.Answers[i][0].(string); ok {
					require.NoError(f, cache.Set(f.ctx, key, text, time.Duration(c.Answers[i][1].(float64))*time.Second))
				}
				port, ok := bwstate.ParseReverseScanKey(key)
				require.True(f, ok, key)
				open, found, err := cache.PortOpen(f.ctx, port)
				require.NoError(f, err)
				require.Equal(f, c.Answers[i][0] != nil, found)
				require.Equal(f, c.Answers[i][0] == "open", open)
			}
			for key, r := range c.After {
				port, ok := bwstate.ParseReverseScanKey(key)
				require.True(f, ok, key)
				require.NoError(f, cache.SetPortOpen(f.ctx, port, r.Value == "open"))
			}
			if c.After != nil {
				f.requireKeys(c.After)
			}
		}})
	}
	return tests
}

func (f *fixture) nodeCache() *bwstate.NodeCache {
	f.Helper()
	cache, err := f.state.NodeCache(bwstate.NodeCacheConfig{NegativeTTL: time.Hour}) // the nodes'
	require.NoError(f, err)
	return cache
}

// runNodeCache does what the case is named after.
func runNodeCache(f *fixture, c goldenCase, writes [][]string) {
	cache := f.nodeCache()
	kind, _, _ := strings.Cut(c.Name, "-")
	switch {
	case c.Name == "set-ttl-zero":
		// A node tells the server zero seconds, and its caller that all is well. Here zero is the default, and less than a second is refused.
		f.requireArgumentError("ttl", cache.Set(f.ctx, "k", "v", time.Millisecond))
	case kind == "set":
		ttl := time.Duration(0)
		if r := c.After["k"]; r.TTL != 30 {
			ttl = time.Duration(r.TTL) * time.Second
		}
		require.NoError(f, cache.Set(f.ctx, "k", c.After["k"].Value.(string), ttl))
	case kind == "delete":
		deleted, err := cache.Delete(f.ctx, "k")
		require.NoError(f, err)
		require.True(f, deleted)
	case kind == "get":
		requireNodeGet(f, cache, c)
	default:
		requireNodeNames(f, cache, c, writes)
	}
}

func requireNodeGet(f *fixture, cache *bwstate.NodeCache, c goldenCase) {
	v, found, err := cache.Get(f.ctx, "k")
	require.NoError(f, err)
	require.Equal(f, c.Returns[1] != nil, found)
	if found {
		require.Equal(f, c.Returns[1], v.Text)
		require.Equal(f, c.After["k"].TTL == -1, v.Permanent)
		if !v.Permanent {
			f.requireAbout(time.Duration(c.After["k"].TTL)*time.Second, v.Remaining)
		}
	}
}

// requireNodeNames reads what the resolver's code looked for, and writes what it wrote, if it did.
func requireNodeNames(f *fixture, cache *bwstate.NodeCache, c goldenCase, writes [][]string) {
	var texts []string
	if list, ok := c.Returns[0].([]any); ok {
		for _, text := range list {
			texts = append(texts, text.(string))
		}
	}
	for key := range c.After {
		if host, ok := strings.CutPrefix(key, "dns_"); ok {
			var addrs []netip.Addr
			for _, text := range texts {
				addrs = append(addrs, addr(text))
			}
			slices.Reverse(addrs) // Addrs puts them into the order
			require.NotEmpty(f, writes)
			_, found, err := cache.Addrs(f.ctx, host)
			require.NoError(f, err)
			require.False(f, found)
			require.NoError(f, cache.SetAddrs(f.ctx, host, addrs))
			got, found, err := cache.Addrs(f.ctx, host)
			require.NoError(f, err)
			require.True(f, found)
			slices.Reverse(addrs)
			require.Equal(f, addrs, got)
			continue
		}
		ip := addr(strings.TrimPrefix(key, "rdns_"))
		if len(writes) > 0 {
			_, found, err := cache.ReverseNames(f.ctx, ip)
			require.NoError(f, err)
			require.False(f, found)
			require.NoError(f, cache.SetReverseNames(f.ctx, ip, texts))
		}
		names, found, err := cache.ReverseNames(f.ctx, ip)
		require.NoError(f, err)
		require.True(f, found)
		require.Equal(f, texts, names)
	}
}
