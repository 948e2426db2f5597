package main

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/bwredis/bwredis/bench/versus"
)

// A goal bounds one figure of package conn.
type goal struct {
	workload string
	figure   string
	value    func(f figures, workload string) reading
	atLeast  bool // the bound is the least rather than the most
	bound    float64
}

// A reading is a figure with what it was taken from. Its value is NaN when there was nothing to take it from.
type reading struct {
	value float64
	text  string
}

// writeGoals says of each goal whose workload was measured how it stands.
func writeGoals(w io.Writer, f figures) error {
	var b strings.Builder
	b.WriteString("#### goals\n\n| workload | figure | goal | measured | met |\n| --- | --- | ---: | ---: | --- |\n")
	for _, g := range goals() {
		if _, ok := f.results[g.workload]; !ok && (g.workload != idleName || f.idle == nil) {
			continue
		}
		r := g.value(f, g.workload)
		sign := "≤"
		if g.atLeast {
			sign = "≥"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s %s | %s | %s |\n", g.workload, g.figure, sign, versus.FormatCount(g.bound), r.text, g.met(r.value))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (g goal) met(value float64) string {
	switch {
	case math.IsNaN(value):
		return "-"
	case g.atLeast && value >= g.bound, !g.atLeast && value <= g.bound:
		return "met"
	}
	return "**not met**"
}

func goals() []goal {
	const ahead = 1.0
	list := []goal{
		{"get-1", "time / raw", timeOver(raw), false, 1.03},
		{"get-1", "allocs/op", allocsOf(oursOne), false, stray},
		{"get-1", "allocs/op, value owned", allocsOf(oursDo), false, 1 + stray},
		{"get-1-ctx", "time / raw", timeOver(raw), false, 1.03},
		{"get-1-ctx", "allocs/op", allocsOf(oursOne), false, stray},
	}
	for _, suffix := range []string{"", "-cap3"} {
		list = append(list,
			goal{"get-2" + suffix, ratePeer, rateOverPeer, true, 1.0},
			goal{"get-8" + suffix, ratePeer, rateOverPeer, true, 1.15},
			goal{"get-64" + suffix, ratePeer, rateOverPeer, true, 1.7},
			goal{"get-64" + suffix, ratePipe, rateOverReference, true, 0.6},
			goal{"get-512" + suffix, ratePeer, rateOverPeer, true, 1.9},
			goal{"get-512" + suffix, ratePipe, rateOverReference, true, 0.65},
		)
	}
	return append(list,
		goal{"evalsha-64", ratePipe, rateOverReference, true, 0.85},
		goal{"tls-1", ratePeer, rateOverPeer, true, ahead},
		goal{"tls-64", ratePeer, rateOverPeer, true, ahead},
		goal{"latency-64-idle", p99Peer, p99OverPeer, false, 0.8},
		goal{"latency-8-processes", p99Peer, p99OverPeer, false, 0.8},
		goal{"latency-64-processes", p99Peer, p99OverPeer, false, 1.0},
		goal{"latency-8-goroutines", p99Peer, p99OverPeer, false, 1.2},
		goal{"latency-8-goroutines", slowestShare, leastShare, true, starved},
		goal{"latency-64-goroutines", p99Peer, p99OverPeer, false, 1.2},
		goal{"latency-64-goroutines", slowestShare, leastShare, true, starved},
		goal{"big-64-into", "time / raw", timeOver(raw), false, 1.05},
		goal{"big-64-owned", "time / redigo", timeOver("redigo"), false, 1.1},
		goal{"big-1024-into", "time / raw", timeOver(raw), false, 1.05},
		goal{"big-1024-owned", "time / redigo", timeOver("redigo"), false, 1.1},
		goal{"memory-1", "ns/op", nanoseconds, false, 150},
		goal{"memory-1", "allocs/op", allocsOf(oursOne), false, stray},
		goal{"churn-plain", "time / raw in one write", timeOver(rawOneWrite), false, 1.4},
		goal{"churn-tls", ratePeer, rateOverPeer, true, ahead},
		goal{"churn-tls-resumed", ratePeer, rateOverPeer, true, ahead},
		goal{idleName, "KiB for each connection", idleKiB, false, 32},
	)
}
