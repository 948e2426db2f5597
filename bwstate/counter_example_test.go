package bwstate_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bwredis/bwredis/bwstate"
)

func ExampleState_Counters() {
	ctx, state := context.Background(), openExample()
	defer state.Close()
	counters, err := state.Counters(bwstate.CountersConfig{Name: "shop", TTL: 30 * 24 * time.Hour})
	if err != nil {
		fmt.Println(err)
		return
	}
	count, err := counters.Add(ctx, "orders", 2)
	fmt.Println(count.Total, err)

	// An order that is processed again, because nobody knows whether it was counted, counts once.
	for range 2 {
		count, err = counters.AddOnce(ctx, "order 4711", "orders", 1)
		fmt.Println(count.Total, count.Before, err)
	}
	// Output:
	// 2 <nil>
	// 3 false <nil>
	// 3 true <nil>
}

// What happened in the last quarter of an hour, in steps of a minute.
func ExampleState_Counters_sliding() {
	ctx, state := context.Background(), openExample()
	defer state.Close()
	failures, err := state.Counters(bwstate.CountersConfig{Name: "logins", Window: time.Minute, Windows: 15})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := failures.AddAll(ctx, bwstate.Addition{Name: "alice", N: 1}, bwstate.Addition{Name: "2001:db8::7", N: 1}); err != nil {
		fmt.Println(err)
	}
	count, err := failures.Add(ctx, "alice", 1)
	fmt.Println(count.Total, err)
	history, _, err := failures.History(ctx, "alice")
	fmt.Println(len(history), history[0]+history[1], err) // a minute may have begun in between
	// Output:
	// 2 <nil>
	// 15 2 <nil>
}

// The busiest addresses of the last hour, in a list of bounded size.
func ExampleState_Tops() {
	ctx, state := context.Background(), openExample()
	defer state.Close()
	tops, err := state.Tops(bwstate.TopConfig{Name: "gateway", Size: 100, Window: 5 * time.Minute, Windows: 12})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, ip := range []string{"203.0.113.7", "2001:db8::7", "203.0.113.7", "203.0.113.9", "203.0.113.7", "2001:db8::7"} {
		if _, err := tops.Add(ctx, "addresses", bwstate.TopEntry{Member: ip, Count: 1}); err != nil {
			fmt.Println(err)
		}
	}
	list, err := tops.Top(ctx, "addresses", 2, 0)
	fmt.Println(list.Entries, list.Wrong, err)
	rank, err := tops.Rank(ctx, "addresses", "203.0.113.9", 0)
	fmt.Println(rank.Rank, rank.Count, err)
	// Output:
	// [{203.0.113.7 3} {2001:db8::7 2}] 0 <nil>
	// 3 1 <nil>
}

func ExampleState_Metrics() {
	ctx, state := context.Background(), openExample()
	defer state.Close()
	metrics, err := state.Metrics(bwstate.MetricsConfig{Worker: "api-1", TTL: 24 * time.Hour})
	if err != nil {
		fmt.Println(err)
		return
	}
	total, err := metrics.Add(ctx, "errors", "404", 1)
	fmt.Println(total, err)

	// A whole cycle is one round trip.
	err = metrics.Write(
		ctx,
		bwstate.MetricWrite{Plugin: "errors", Name: "403", Value: 3},
		bwstate.MetricWrite{Plugin: "badbehavior", Name: "ip_2001:db8::7", Value: 1},
		bwstate.MetricWrite{Plugin: "badbehavior", Name: "increments_2001:db8::7", Action: bwstate.AppendToTable, Elements: []string{`{"status":"404"}`}},
	)
	fmt.Println(err)
	sums, err := state.SumMetrics(ctx, bwstate.MetricsQuery{Plugin: "badbehavior"})
	fmt.Println(sums.Counters, sums.Tables, err)

	var plugins []string
	for m, err := range state.StoredMetrics(ctx, bwstate.MetricsQuery{}) {
		if err != nil {
			fmt.Println(err)
		}
		plugins = append(plugins, m.Plugin)
	}
	slices.Sort(plugins)
	fmt.Println(slices.Compact(plugins))
	// Output:
	// 1 <nil>
	// <nil>
	// map[ip_2001:db8::7:1] map[increments_2001:db8::7:[{"status":"404"}]] <nil>
	// [badbehavior errors]
}
