package main

import (
	"io"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/versus"
)

// A goal bounds the most that one figure of ours is in any round.
type goal struct {
	versus.Goal
	column column
}

func goals() []goal {
	lateCalls := column{of: func(r reading) float64 { return r.late }, format: versus.FormatCount}
	left := column{of: func(r reading) float64 { return r.left }, format: versus.FormatCount}
	dials := column{of: func(r reading) float64 { return r.dials }, format: versus.FormatCount}
	wrong := column{of: func(r reading) float64 { return r.strayed }, format: versus.FormatCount}
	first := column{of: func(r reading) float64 { return r.first }, format: versus.FormatMilliseconds}
	return []goal{
		{versus.Goal{Workload: restartSection.name, Figure: "late calls, most"}, lateCalls},
		{versus.Goal{Workload: restartSection.name, Figure: "first success, ms, most", Bound: probe}, first},
		{versus.Goal{Workload: restartSection.name, Figure: "dialled meanwhile, most", Bound: 10}, dials},
		{versus.Goal{Workload: restartSection.name, Figure: "goroutines left, most"}, left},
		{versus.Goal{Workload: stallSection.name, Figure: "late calls, most"}, lateCalls},
		{versus.Goal{Workload: stormSection.name, Figure: "wrong replies, most"}, wrong},
		{versus.Goal{Workload: stormSection.name, Figure: "dialled, most"}, dials},
	}
}

// probe is the longest that a pool of ours waits before it tries again, in milliseconds.
const probe = 1000

// writeGoals says of each goal whose section was measured how it stands.
func writeGoals(w io.Writer, results []result) error {
	var table versus.GoalTable
	for _, g := range goals() {
		for _, r := range results {
			for _, row := range r.rows {
				if r.section.name != g.Workload || row.client.Name != clients.OursName || len(row.rounds) == 0 {
					continue
				}
				s := row.spread(g.column.of)
				table.Add(g.Goal, versus.Reading{Value: s.Max, Text: s.Text(g.column.format)})
			}
		}
	}
	return table.WriteMarkdown(w)
}
