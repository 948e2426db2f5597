package main

import (
	"fmt"
	"io"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/versus"
)

// stray is how many allocations of others (the runtime's, mostly) there may be in one operation.
const stray = 0.01

// A goal bounds one figure of package pool.
type goal struct {
	versus.Goal
	value func(r versus.Result) versus.Reading
}

// writeGoals says of each goal whose workload was measured how it stands.
func writeGoals(w io.Writer, f figures) error {
	var table versus.GoalTable
	for _, g := range goals() {
		if r, ok := f[g.Workload]; ok {
			table.Add(g.Goal, g.value(r))
		}
	}
	return table.WriteMarkdown(w)
}

func atLeast(workload, figure string, bound float64, value func(versus.Result) versus.Reading) goal {
	return goal{versus.Goal{Workload: workload, Figure: figure, AtLeast: true, Bound: bound}, value}
}

func atMost(workload, figure string, bound float64, value func(versus.Result) versus.Reading) goal {
	return goal{versus.Goal{Workload: workload, Figure: figure, Bound: bound}, value}
}

func goals() (list []goal) {
	for _, name := range []string{oursAloneName, oursSharedName} {
		lone := checkoutName(1, 3)
		list = append(list, atMost(lone, name+": ns/op", 60, nanoseconds(name)), atMost(lone, name+": allocs/op", stray, allocs(name)))
	}
	for _, callers := range []int{8, 64} {
		for _, size := range poolSizes {
			for _, name := range []string{oursAloneName, oursSharedName} {
				list = append(list, atLeast(checkoutName(callers, size), name+": rate / best peer", 1.3, rateOverPeer(name)))
			}
		}
	}
	return append(list,
		atLeast(awaited, "rate / best peer", 2, rateOverPeer(clients.OursName)),
		atMost(awaited, "p99 / best peer", 1, p99OverPeer(clients.OursName)),
		atLeast(batched, "rate / raw pipe", 0.6, rateOverReference(clients.OursName)),
	)
}

func nanoseconds(name string) func(versus.Result) versus.Reading {
	return func(r versus.Result) versus.Reading {
		row, ok := r.Row(name)
		if !ok {
			return versus.Nothing()
		}
		return versus.Reading{Value: row.Nanoseconds(), Text: versus.FormatNanoseconds(row.Nanoseconds())}
	}
}

func allocs(name string) func(versus.Result) versus.Reading {
	return func(r versus.Result) versus.Reading {
		row, ok := r.Row(name)
		if !ok {
			return versus.Nothing()
		}
		return versus.Reading{Value: row.Allocs(), Text: versus.FormatCount(row.Allocs())}
	}
}

func rateOverPeer(name string) func(versus.Result) versus.Reading {
	return func(r versus.Result) versus.Reading {
		peer, ok := r.BestPeer()
		return reading(r, name, peer, ok, func(own versus.Row) versus.Spread { return versus.Ratio(peer, own) })
	}
}

func rateOverReference(name string) func(versus.Result) versus.Reading {
	return func(r versus.Result) versus.Reading {
		reference, ok := r.Row(r.Workload.Reference)
		return reading(r, name, reference, ok, func(own versus.Row) versus.Spread { return versus.Ratio(reference, own) })
	}
}

// p99OverPeer is over the peer with the lowest, which need not be the fastest.
func p99OverPeer(name string) func(versus.Result) versus.Reading {
	return func(r versus.Result) versus.Reading {
		peer, ok := r.Best(versus.Peer, func(row versus.Row) float64 { return row.Gauge(crowd.P99) })
		return reading(r, name, peer, ok, func(own versus.Row) versus.Spread { return versus.GaugeRatio(own, peer, crowd.P99) })
	}
}

// reading is of a ratio to another contender, if there are both.
func reading(r versus.Result, name string, other versus.Row, ok bool, ratio func(own versus.Row) versus.Spread) versus.Reading {
	own, found := r.Row(name)
	if !ok || !found {
		return versus.Nothing()
	}
	of := ratio(own)
	return versus.Reading{Value: of.Median, Text: fmt.Sprintf("%v / %s", of, other.Name)}
}
