package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/bwredis/bwredis/bench/versus"
)

// A result is all rounds of a scenario.
type result struct {
	scenario scenario
	rows     []row
}

// A row is all rounds of one client.
type row struct {
	contender contender
	rounds    []reading
	closed    []error // why it could not be opened, for each round in which it could not
}

// A column is one figure of each round.
type column struct {
	title  string
	of     func(reading) float64
	format func(float64) string
}

var columns = []column{
	{"acknowledged", func(r reading) float64 { return float64(r.stream.acknowledged) }, versus.FormatCount},
	{"not replicated", func(r reading) float64 { return r.weak }, versus.FormatCount},
	{"lost", func(r reading) float64 { return float64(r.stream.lost) }, versus.FormatCount},
	{"lost, 8 callers", func(r reading) float64 { return float64(r.crowd.lost) }, versus.FormatCount},
	{"errors", func(r reading) float64 { return float64(r.stream.refused + r.stream.unknown) }, versus.FormatCount},
	{"errors, 8 callers", func(r reading) float64 { return float64(r.crowd.refused + r.crowd.unknown) }, versus.FormatCount},
	{"of these unknown", func(r reading) float64 { return float64(r.stream.unknown + r.crowd.unknown) }, versus.FormatCount},
	{"excess", func(r reading) float64 { return float64(r.stream.excess + r.crowd.excess) }, versus.FormatCount},
	{"longest stall", func(r reading) float64 { return r.stall }, versus.FormatMilliseconds},
	{"first success", func(r reading) float64 { return r.first }, versus.FormatMilliseconds},
	{"attempts/s", func(r reading) float64 { return r.inVain }, versus.FormatCount},
}

// spreadOf is what a figure was over the rounds.
func spreadOf(rounds []reading, of func(reading) float64) versus.Spread {
	var values []float64
	for _, r := range rounds {
		values = append(values, of(r))
	}
	return versus.SpreadOf(values)
}

// writeMarkdown writes the table, without the columns in which there is nothing to tell.
func (r result) writeMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "#### %s (`%s`)\n\n", r.scenario.title, r.scenario.name)
	shown := slices.DeleteFunc(slices.Clone(columns), r.isEmpty)
	b.WriteString("|  |")
	for _, c := range shown {
		fmt.Fprintf(&b, " %s |", c.title)
	}
	fmt.Fprintf(&b, "\n| --- |%s\n", strings.Repeat(" ---: |", len(shown)))
	for _, row := range r.rows {
		fmt.Fprintf(&b, "| %s |", row.title())
		for _, c := range shown {
			fmt.Fprintf(&b, " %s |", spreadOf(row.rounds, c.of).Text(c.format))
		}
		b.WriteByte('\n')
	}
	for _, row := range r.rows {
		if n := len(row.closed); n > 0 {
			fmt.Fprintf(&b, "\n%s could not be opened within %v in %d of %d rounds: %v\n", row.contender.name, openBound, n, n+len(row.rounds), row.closed[n-1])
		}
	}
	_, err := io.WriteString(w, b.String()+"\n")
	return err
}

// isEmpty reports whether no client has anything in a column.
func (r result) isEmpty(c column) bool {
	for _, row := range r.rows {
		if !math.IsNaN(spreadOf(row.rounds, c.of).Median) {
			return false
		}
	}
	return true
}

func (r row) title() string {
	if r.contender.kind == versus.Ours {
		return "**" + r.contender.name + "**"
	}
	return r.contender.name
}

// rowOf returns the rounds of a client.
func (r result) rowOf(name string) row {
	for _, row := range r.rows {
		if row.contender.name == name {
			return row
		}
	}
	return row{}
}
