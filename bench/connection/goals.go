package main

import (
	"io"

	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/versus"
)

// A goal bounds one figure of package conn.
type goal struct {
	versus.Goal
	value func(f figures, workload string) versus.Reading
}

func atLeast(workload, figure string, value func(figures, string) versus.Reading, bound float64) goal {
	return goal{versus.Goal{Workload: workload, Figure: figure, AtLeast: true, Bound: bound}, value}
}

func atMost(workload, figure string, value func(figures, string) versus.Reading, bound float64) goal {
	return goal{versus.Goal{Workload: workload, Figure: figure, Bound: bound}, value}
}

// writeGoals says of each goal whose workload was measured how it stands.
func writeGoals(w io.Writer, f figures) error {
	var table versus.GoalTable
	for _, g := range goals() {
		if _, ok := f.results[g.Workload]; !ok && (g.Workload != idleName || f.idle == nil) {
			continue
		}
		table.Add(g.Goal, g.value(f, g.Workload))
	}
	return table.WriteMarkdown(w)
}

func goals() []goal {
	const ahead = 1.0
	list := []goal{
		atMost("get-1", "time / raw", timeOver(raw), 1.03),
		atMost("get-1", "allocs/op", allocsOf(oursOne), stray),
		atMost("get-1", "allocs/op, value owned", allocsOf(oursDo), 1+stray),
		atMost("get-1-ctx", "time / raw", timeOver(raw), 1.03),
		atMost("get-1-ctx", "allocs/op", allocsOf(oursOne), stray),
	}
	for _, suffix := range []string{"", "-cap3"} {
		list = append(list,
			atLeast("get-2"+suffix, ratePeer, rateOverPeer, 1.0),
			atLeast("get-8"+suffix, ratePeer, rateOverPeer, 1.15),
			atLeast("get-64"+suffix, ratePeer, rateOverPeer, 1.7),
			atLeast("get-64"+suffix, ratePipe, rateOverReference, 0.6),
			atLeast("get-512"+suffix, ratePeer, rateOverPeer, 1.9),
			atLeast("get-512"+suffix, ratePipe, rateOverReference, 0.65),
		)
	}
	return append(list,
		atLeast("evalsha-64", ratePipe, rateOverReference, 0.85),
		atLeast("tls-1", ratePeer, rateOverPeer, ahead),
		atLeast("tls-64", ratePeer, rateOverPeer, ahead),
		atMost("latency-64-idle", p99Peer, p99OverPeer, 0.8),
		atMost("latency-8-processes", p99Peer, p99OverPeer, 0.8),
		atMost("latency-64-processes", p99Peer, p99OverPeer, 1.0),
		atMost("latency-8-goroutines", p99Peer, p99OverPeer, 1.2),
		atLeast("latency-8-goroutines", crowd.SlowestShare, leastShare, starved),
		atMost("latency-64-goroutines", p99Peer, p99OverPeer, 1.2),
		atLeast("latency-64-goroutines", crowd.SlowestShare, leastShare, starved),
		atMost("big-64-into", "time / raw", timeOver(raw), 1.05),
		atMost("big-64-owned", "time / redigo", timeOver("redigo"), 1.1),
		atMost("big-1024-into", "time / raw", timeOver(raw), 1.05),
		atMost("big-1024-owned", "time / redigo", timeOver("redigo"), 1.1),
		atMost("memory-1", "ns/op", nanoseconds, 150),
		atMost("memory-1", "allocs/op", allocsOf(oursOne), stray),
		atMost("churn-plain", "time / raw in one write", timeOver(rawOneWrite), 1.4),
		atLeast("churn-tls", ratePeer, rateOverPeer, ahead),
		atLeast("churn-tls-resumed", ratePeer, rateOverPeer, ahead),
		atMost(idleName, "KiB for each connection", idleKiB, 32),
	)
}
