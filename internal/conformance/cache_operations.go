package conformance

import (
	"context"
	"net/netip"

	"github.com/bwredis/bwredis/bwstate"
)

// cacheOperations are those of both kinds of caches. They leave nothing behind.
func cacheOperations(f *fixture) []operation {
	type state = *bwstate.State
	node, c := f.nodeCache(), f.cache(bwstate.CacheConfig{})
	ip, name := addr("203.0.113.9"), "a.example"
	port := netip.AddrPortFrom(ip, 80)
	return []operation{
		{"NodeCache.SetReverseNames", func(ctx context.Context, _ state) error { return node.SetReverseNames(ctx, ip, []string{name}) }},
		{"NodeCache.ReverseNames", func(ctx context.Context, _ state) error { return third(node.ReverseNames(ctx, ip)) }},
		{"NodeCache.SetAddrs", func(ctx context.Context, _ state) error { return node.SetAddrs(ctx, name, []netip.Addr{ip}) }},
		{"NodeCache.Addrs", func(ctx context.Context, _ state) error { return third(node.Addrs(ctx, name)) }},
		{"NodeCache.SetPortOpen", func(ctx context.Context, _ state) error { return node.SetPortOpen(ctx, port, true) }},
		{"NodeCache.PortOpen", func(ctx context.Context, _ state) error { return third(node.PortOpen(ctx, port)) }},
		{"NodeCache.Delete", func(ctx context.Context, _ state) error {
			for _, key := range []string{"rdns_203.0.113.9", "dns_a.example", "plugin_reverse_scan_203.0.113.9:80"} {
				if err := second(node.Delete(ctx, key)); err != nil {
					return err
				}
			}
			return nil
		}},
		{"Cache.Set", func(ctx context.Context, _ state) error { return c.Set(ctx, "a", []byte("x"), 0) }},
		{"Cache.SetMany", func(ctx context.Context, _ state) error { return c.SetMany(ctx, map[string][]byte{"b": []byte("x")}) }},
		{"Cache.Get", func(ctx context.Context, _ state) error { return second(c.Get(ctx, "a")) }},
		{"Cache.GetMany", func(ctx context.Context, _ state) error { return second(c.GetMany(ctx, "a", "b")) }},
		{"Cache.GetOrLoad", func(ctx context.Context, _ state) error { return second(c.GetOrLoad(ctx, "c", loads("x"))) }},
		{"Cache.Delete", func(ctx context.Context, _ state) error { return second(c.Delete(ctx, "a", "b", "c")) }},
	}
}
