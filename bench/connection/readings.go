package main

import (
	"fmt"
	"math"

	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/versus"
)

// What the goals speak of.
const (
	ratePeer = "rate / best peer"
	ratePipe = "rate / raw pipe"
	p99Peer  = "p99 / best peer"

	// stray is how many allocations of others (the runtime's, mostly) there may be in one operation.
	stray = 0.01
	// starved is whoever has less than this part of the calls that are a caller's due.
	starved = 0.1
)

// best returns our contender with the lowest cost: how many connections serve best is for a pool to find out. Whoever wants an owned value does not compete.
func best(r versus.Result, cost func(versus.Row) float64) (row versus.Row, ok bool) {
	return r.Best(versus.Ours, func(row versus.Row) float64 {
		if row.Name == oursDo {
			return math.NaN()
		}
		return cost(row)
	})
}

func p99Of(r versus.Row) float64 { return r.Gauge(crowd.P99) }

func timeOver(other string) func(figures, string) versus.Reading {
	return func(f figures, workload string) versus.Reading {
		row, ok := best(f.results[workload], versus.Row.Nanoseconds)
		against, found := f.results[workload].Row(other)
		if !ok || !found {
			return versus.Nothing()
		}
		ratio := versus.Ratio(row, against)
		return versus.Reading{Value: ratio.Median, Text: fmt.Sprintf("%v %s", ratio, row.Name)}
	}
}

func rateOverPeer(f figures, workload string) versus.Reading {
	peer, ok := f.results[workload].BestPeer()
	if !ok {
		return versus.Nothing()
	}
	return rateOver(f.results[workload], peer)
}

func rateOverReference(f figures, workload string) versus.Reading {
	reference, ok := f.results[workload].Row(f.results[workload].Workload.Reference)
	if !ok {
		return versus.Nothing()
	}
	return rateOver(f.results[workload], reference)
}

func rateOver(r versus.Result, other versus.Row) versus.Reading {
	row, ok := best(r, versus.Row.Nanoseconds)
	if !ok {
		return versus.Nothing()
	}
	ratio := versus.Ratio(other, row)
	return versus.Reading{Value: ratio.Median, Text: fmt.Sprintf("%v %s / %s", ratio, row.Name, other.Name)}
}

func p99OverPeer(f figures, workload string) versus.Reading {
	r := f.results[workload]
	row, ok := best(r, p99Of)
	peer, found := r.Best(versus.Peer, p99Of)
	if !ok || !found {
		return versus.Nothing()
	}
	ratio := versus.GaugeRatio(row, peer, crowd.P99)
	return versus.Reading{Value: ratio.Median, Text: fmt.Sprintf("%v %s / %s", ratio, row.Name, peer.Name)}
}

// leastShare is of the contender whose crowd.P99 the goals are about.
func leastShare(f figures, workload string) versus.Reading {
	row, ok := best(f.results[workload], p99Of)
	if !ok {
		return versus.Nothing()
	}
	share := row.Gauge(crowd.SlowestShare)
	return versus.Reading{Value: share, Text: fmt.Sprintf("%.2f %s", share, row.Name)}
}

func allocsOf(name string) func(figures, string) versus.Reading {
	return func(f figures, workload string) versus.Reading {
		row, ok := f.results[workload].Row(name)
		if !ok {
			return versus.Nothing()
		}
		return versus.Reading{Value: row.Allocs(), Text: versus.FormatCount(row.Allocs())}
	}
}

func nanoseconds(f figures, workload string) versus.Reading {
	row, ok := best(f.results[workload], versus.Row.Nanoseconds)
	if !ok {
		return versus.Nothing()
	}
	return versus.Reading{Value: row.Nanoseconds(), Text: versus.FormatNanoseconds(row.Nanoseconds())}
}

func idleKiB(f figures, _ string) versus.Reading {
	for _, row := range f.idle {
		if row.kind == versus.Ours {
			return versus.Reading{Value: row.bytes / 1024, Text: versus.FormatCount(row.bytes / 1024)}
		}
	}
	return versus.Nothing()
}
