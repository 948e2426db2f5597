package main

import (
	"strings"
	"time"

	"github.com/bwredis/bwredis/bench/chart"
	"github.com/bwredis/bwredis/bench/versus"
)

// writePlot draws the timelines of a restart, one for each library: of its ways to be used the one without a qualifier.
func (r result) writePlot(file string) error {
	ch := chart.Chart{
		Title: "successes around a restart of the server",
		X:     "milliseconds after the kill", Y: "successes in " + bucket.String(), Linear: true,
	}
	return ch.Write(file, r.lines())
}

func (r result) lines() (lines []chart.Line) {
	for _, row := range r.rows {
		timeline := row.timeline()
		if strings.ContainsAny(row.client.Name, "/,") || len(timeline) == 0 {
			continue
		}
		l := chart.Line{Name: row.client.Name, Points: make([]chart.Point, len(timeline))}
		if row.client.Kind == versus.Ours {
			l.Weight = chart.Strong
		}
		for i, n := range timeline {
			l.Points[i] = chart.Point{X: float64((i - before) * int(bucket/time.Millisecond)), Y: n}
		}
		lines = append(lines, l)
	}
	return lines
}
