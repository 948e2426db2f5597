package bwstate_test

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/bwredis/bwredis/bwstate"
)

// Somebody who tries passwords: five at once, and then one every twelve seconds.
func ExampleLimits_Quota() {
	ctx := context.Background()
	state, err := bwstate.Open(ctx, bwstate.Settings{}) // the embedded store
	if err != nil {
		fmt.Println(err)
		return
	}
	defer state.Close()
	limits, err := state.Limits(bwstate.LimitsConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 6 {
		r, err := limits.Quota(ctx, bwstate.Quota{Name: "login", Key: "alice", Rate: bwstate.Rate{Limit: 5, Window: time.Minute}})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(r.Limited, r.Remaining, r.RetryAfter.Round(time.Second))
	}
	// Output:
	// false 4 0s
	// false 3 0s
	// false 2 0s
	// false 1 0s
	// false 0 0s
	// true 0 12s
}

// A service that applies the same limits as the nodes in front of other services, and counts together with them.
func ExampleLimits_InOrder() {
	ctx := context.Background()
	state, err := bwstate.Open(ctx, bwstate.Settings{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer state.Close()
	rules, err := bwstate.ReadLimitSettings("www.example.com", bwstate.FromMap("", map[string]string{
		"USE_LIMIT_REQ_GLOBAL": "yes", "LIMIT_REQ_URL_1": "^/login$", "LIMIT_REQ_RATE_1": "1r/m",
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	limits, err := state.Limits(bwstate.LimitsConfig{WhenAway: bwstate.LocalWhenAway})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		results, err := limits.InOrder(ctx, rules.For(netip.MustParseAddr("203.0.113.7"), "/login")...)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("service:", results[0].Limited, "path:", results[1].Limited)
	}
	// Output:
	// service: false path: false
	// service: false path: true
}
