package main

import (
	"io"

	"github.com/bwredis/bwredis/bench/versus"
)

// A goal bounds one figure of ours.
type goal struct {
	versus.Goal
	client string
	of     func(versus.Spread) float64
	column column
}

func median(s versus.Spread) float64 { return s.Median }
func most(s versus.Spread) float64   { return s.Max }

func goals() []goal {
	lost := column{of: func(r reading) float64 { return float64(r.stream.lost + r.crowd.lost) }, format: versus.FormatCount}
	errors := column{of: func(r reading) float64 { return float64(r.crowd.refused + r.crowd.unknown) }, format: versus.FormatCount}
	first := column{of: func(r reading) float64 { return r.first }, format: versus.FormatMilliseconds}
	inVain := column{of: func(r reading) float64 { return r.inVain }, format: versus.FormatCount}
	return []goal{
		{versus.Goal{Workload: plannedName, Figure: "acknowledged writes lost, most"}, oursName, most, lost},
		{versus.Goal{Workload: killName, Figure: "first success after +switch-master, ms, median", Bound: 5}, oursName, median, first},
		{versus.Goal{Workload: killName, Figure: "errors of 8 callers, most", Bound: callers}, oursName, most, errors},
		{versus.Goal{Workload: killName, Figure: "lost of what WAIT said is replicated, most"}, durableName, most, lost},
		{versus.Goal{Workload: downName, Figure: "attempts to reach a sentinel, each second, most", Bound: 5}, oursName, most, inVain},
	}
}

// writeGoals says of each goal whose scenario was measured how it stands.
func writeGoals(w io.Writer, results []result) error {
	var table versus.GoalTable
	for _, g := range goals() {
		for _, r := range results {
			if rounds := r.rowOf(g.client).rounds; r.scenario.name == g.Workload && len(rounds) > 0 {
				s := spreadOf(rounds, g.column.of)
				table.Add(g.Goal, versus.Reading{Value: g.of(s), Text: s.Text(g.column.format)})
			}
		}
	}
	return table.WriteMarkdown(w)
}
