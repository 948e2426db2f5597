package bwstate_test

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/bwredis/bwredis/bwstate"
)

// Of all callers who miss an entry one loads it.
func ExampleGetOrLoad() {
	ctx, state := context.Background(), openExample()
	defer state.Close()
	cache, err := state.Cache(bwstate.CacheConfig{
		Name: "countries", TTL: 10 * time.Minute, Jitter: time.Minute, NegativeTTL: 30 * time.Second,
		MaxLocalBytes: 32 << 20, WhenAway: bwstate.LocalWhenAway,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	type country struct{ Code, Name string }
	load := func(context.Context) (country, bool, error) {
		fmt.Println("looking it up")
		return country{"FR", "France"}, true, nil
	}
	for range 2 {
		c, found, err := bwstate.GetOrLoad(ctx, cache, "FR", load)
		fmt.Println(c.Name, found, err)
	}
	deleted, err := cache.Delete(ctx, "FR") // everywhere, copies included
	fmt.Println(deleted, err)
	// Output:
	// looking it up
	// France true <nil>
	// France true <nil>
	// 1 <nil>
}

func ExampleState_Cache() {
	ctx, state := context.Background(), openExample()
	defer state.Close()
	cache, err := state.Cache(bwstate.CacheConfig{Name: "pages"})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := cache.SetMany(ctx, map[string][]byte{"/": []byte("home"), "/about": []byte("about us")}); err != nil {
		fmt.Println(err)
		return
	}
	entries, err := cache.GetMany(ctx, "/about", "/nothing")
	fmt.Printf("%s %t %v\n", entries[0].Value, entries[1].Found, err)
	// Output: about us false <nil>
}

// What nodes have looked up need not be looked up again, and what was looked up here they need not.
func ExampleState_NodeCache() {
	ctx, state := context.Background(), openExample()
	defer state.Close()
	cache, err := state.NodeCache(bwstate.NodeCacheConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	ip := netip.MustParseAddr("192.0.2.7")
	if err := cache.SetReverseNames(ctx, ip, []string{"crawl.example.net"}); err != nil {
		fmt.Println(err)
		return
	}
	names, found, err := cache.ReverseNames(ctx, ip)
	fmt.Println(names, found, err)
	// Output: [crawl.example.net] true <nil>
}
