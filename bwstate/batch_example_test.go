package bwstate_test

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/bwredis/bwredis/bwstate"
)

// What a firewall asks for one request, in one round trip.
func ExampleBatch() {
	ctx := context.Background()
	state, err := bwstate.Open(ctx, bwstate.Settings{}) // the embedded store
	if err != nil {
		fmt.Println(err)
		return
	}
	defer state.Close()
	limits, _ := state.Limits(bwstate.LimitsConfig{WhenAway: bwstate.LocalWhenAway})
	rate, _ := bwstate.ParseRate("2r/m")
	const site = "www.example.com"
	ip := netip.MustParseAddr("203.0.113.7")

	b := state.NewBatch()
	for range 3 {
		b.Reset()
		ban := b.CheckBan(ip, bwstate.BanLookup{Service: site})
		limit := b.Limit(limits, bwstate.PathLimit{Rate: rate, Service: site, IP: ip, Path: "/login"})
		if err := b.Run(ctx); err != nil {
			fmt.Println("the server is away:", err) // the limit has a result all the same
		}
		if check, err := ban.Result(); err == nil && check.Banned {
			fmt.Println("banned:", check.Ban.Reason)
			continue
		}
		if l, err := limit.Result(); err == nil && l.Limited {
			fmt.Println("too many requests")
			continue
		}
		fmt.Println("let through")
	}
	// Output:
	// let through
	// let through
	// too many requests
}
