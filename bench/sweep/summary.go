package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/versus"
)

// A line is how ours stands in one workload.
type line struct {
	workload   string
	ours, best versus.Row    // best: the fastest peer
	ahead      versus.Spread // its time over that of ours
	floor      versus.Spread // rate of ours over that of the floor; zero: there is none
	quick      versus.Row    // the peer whose callers wait least, 99 of 100
	p99        versus.Spread // its p99 over that of ours
	hasQuick   bool
}

func lineOf(m measured) (l line, ok bool) {
	l.workload = m.Name()
	if l.ours, ok = m.Best(versus.Ours, versus.Row.Nanoseconds); !ok {
		return l, false
	}
	if l.best, ok = m.BestPeer(); !ok {
		return l, false
	}
	l.ahead = versus.Ratio(l.best, l.ours)
	if floor, ok := m.Row(m.Result.Workload.Reference); ok {
		l.floor = versus.Ratio(floor, l.ours)
	}
	if l.quick, l.hasQuick = m.Best(versus.Peer, func(r versus.Row) float64 { return r.Gauge(crowd.P99) }); l.hasQuick {
		l.p99 = versus.GaugeRatio(l.quick, l.ours, crowd.P99)
	}
	return l, true
}

// Name is that of the workload.
func (m measured) Name() string { return m.Result.Workload.Name }

// What ours is, when all goes well.
const (
	ahead   = "ahead"
	shorter = "shorter"
)

// verdict is plain about what is not so.
func verdict(what string, s versus.Spread) string {
	switch {
	case !(s.Median > 1):
		return "**not " + what + "**"
	case s.Min <= 1:
		return what + ", not in every round"
	}
	return what
}

const summaryLegend = `## Summary

"ratio" is the rate of ours over that of the fastest peer, with its extremes over the rounds, and "of floor" over that of the floor. "p99" is what 99 of 100 calls of the peer took that is best at
that, over what they took of ours: above 1, callers of ours wait less. The best of
so many peers is in part the luckiest: where the extremes of a ratio are far apart, the machine was busy, and the ratio says little.

| workload | ours | best peer |  | ratio | ours is | of floor | p99 | that of ours is |
| --- | ---: | ---: | --- | ---: | --- | ---: | ---: | --- |
`

func writeSummary(w io.Writer, results []measured) error {
	var b strings.Builder
	b.WriteString(summaryLegend)
	var behind, late []string
	for _, m := range results {
		l, ok := lineOf(m)
		if !ok {
			continue
		}
		b.WriteString(l.cells())
		if !(l.ahead.Median > 1) {
			behind = append(behind, fmt.Sprintf("`%s` (%.2f of %s)", l.workload, l.ahead.Median, l.best.Name))
		}
		if l.hasQuick && !(l.p99.Median > 1) {
			late = append(late, fmt.Sprintf("`%s` (%.2f, %s)", l.workload, l.p99.Median, l.quick.Name))
		}
	}
	b.WriteString("\n" + sentence("Throughput", ahead, behind) + sentence("p99", shorter, late))
	_, err := io.WriteString(w, b.String())
	return err
}

func (l line) cells() string {
	floor, p99, wait := "-", "-", "-"
	if l.floor != (versus.Spread{}) {
		floor = fmt.Sprintf("%.2f", l.floor.Median)
	}
	if l.hasQuick {
		p99, wait = fmt.Sprintf("%s, %s", l.p99, l.quick.Name), verdict(shorter, l.p99)
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s | %s | %s | %s | %s | %s |\n", l.workload, versus.FormatRate(1e9/l.ours.Nanoseconds()),
		versus.FormatRate(1e9/l.best.Nanoseconds()), l.best.Name, l.ahead, verdict(ahead, l.ahead), floor, p99, wait)
}

// sentence names where it is not so.
func sentence(of, what string, where []string) string {
	if len(where) == 0 {
		return fmt.Sprintf("%s: ours is %s in every workload.\n\n", of, what)
	}
	return fmt.Sprintf("**%s: ours is not %s in %d of them:** %s.\n\n", of, what, len(where), strings.Join(where, ", "))
}
