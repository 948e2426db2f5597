package main

import (
	"fmt"
	"io"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/versus"
)

const (
	stray          = 0.05 // allocations of others (the runtime's, mostly) that there may be in one operation
	bytesOfScripts = 200  // that the call of a script may send
)

// A goal bounds one figure of package bwstate.
type goal struct {
	versus.Goal
	value func(s *site, r versus.Result) versus.Reading
}

// writeGoals says of each goal whose workload was measured how it stands.
func (s *site) writeGoals(w io.Writer, f figures) error {
	var table versus.GoalTable
	for _, g := range goals() {
		if r, ok := f[g.Workload]; ok {
			table.Add(g.Goal, g.value(s, r))
		}
	}
	return table.WriteMarkdown(w)
}

func goals() (list []goal) {
	for _, op := range operations() {
		name := workName(op.name)
		list = append(list, goal{versus.Goal{Workload: name, Figure: "round trips", Bound: 1}, func(s *site, _ versus.Result) versus.Reading {
			return count(s.recorded[op.name][0].roundTrips)
		}})
		if op.most >= 0 {
			list = append(list, goal{versus.Goal{Workload: name, Figure: "allocs/op", Bound: float64(op.most) + stray}, allocs})
		}
	}
	for _, script := range []string{pathLimit, serviceLimit, quota} {
		list = append(list, goal{versus.Goal{Workload: workName(script), Figure: "bytes sent", Bound: bytesOfScripts}, func(s *site, _ versus.Result) versus.Reading {
			return count(len(s.recorded[script][0].sent))
		}})
	}
	for _, op := range operations() {
		for _, callers := range []int{1, callersOf64} {
			list = append(list, goal{versus.Goal{Workload: workloadName(op.name, callers), Figure: "rate / best peer by hand", AtLeast: true, Bound: 1}, rateOverPeer})
		}
	}
	return append(list, goal{versus.Goal{Workload: workloadName(batched, callersOf64), Figure: "p99 / best peer by hand", Bound: 1}, p99OverPeer})
}

func count(n int) versus.Reading {
	return versus.Reading{Value: float64(n), Text: fmt.Sprint(n)}
}

func allocs(_ *site, r versus.Result) versus.Reading {
	own, ok := r.Row(clients.OursName)
	if !ok {
		return versus.Nothing()
	}
	return versus.Reading{Value: own.Allocs(), Text: versus.FormatCount(own.Allocs())}
}

func rateOverPeer(_ *site, r versus.Result) versus.Reading {
	peer, ok := r.BestPeer()
	return reading(r, peer, ok, func(own versus.Row) versus.Spread { return versus.Ratio(peer, own) })
}

// p99OverPeer is over the peer with the lowest, which need not be the fastest.
func p99OverPeer(_ *site, r versus.Result) versus.Reading {
	peer, ok := r.Best(versus.Peer, func(row versus.Row) float64 { return row.Gauge(crowd.P99) })
	return reading(r, peer, ok, func(own versus.Row) versus.Spread { return versus.GaugeRatio(own, peer, crowd.P99) })
}

// reading is of a ratio to another contender, if there are both.
func reading(r versus.Result, other versus.Row, ok bool, ratio func(own versus.Row) versus.Spread) versus.Reading {
	own, found := r.Best(versus.Ours, versus.Row.Nanoseconds) // as of the peers
	if !ok || !found {
		return versus.Nothing()
	}
	of := ratio(own)
	return versus.Reading{Value: of.Median, Text: fmt.Sprintf("%v / %s", of, other.Name)}
}
