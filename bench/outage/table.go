package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/versus"
)

// A result is all rounds of a section.
type result struct {
	section section
	rows    []row
}

// A row is all rounds of one client.
type row struct {
	client clients.Client
	rounds []reading
	broken []error // why there is no reading, for each round that has none
}

// A column is one figure of each round.
type column struct {
	title  string
	of     func(reading) float64
	format func(float64) string
}

func newResult(s section, who []clients.Client) result {
	r := result{section: s}
	for _, c := range who {
		r.rows = append(r.rows, row{client: c})
	}
	return r
}

func (r row) spread(of func(reading) float64) versus.Spread {
	var values []float64
	for _, one := range r.rounds {
		values = append(values, of(one))
	}
	return versus.SpreadOf(values)
}

// timeline is the typical one.
func (r row) timeline() timeline {
	var lines []timeline
	for _, one := range r.rounds {
		lines = append(lines, one.line)
	}
	return typical(lines)
}

func (r row) title() string {
	if r.client.Kind == versus.Ours {
		return "**" + r.client.Name + "**"
	}
	return r.client.Name
}

// writeMarkdown writes the table, what could not be measured, and timelines where there are any.
func (r result) writeMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "#### %s (`%s`)\n\n|  |", r.section.title, r.section.name)
	for _, c := range r.section.columns {
		fmt.Fprintf(&b, " %s |", c.title)
	}
	fmt.Fprintf(&b, "\n| --- |%s\n", strings.Repeat(" ---: |", len(r.section.columns)))
	for _, row := range r.rows {
		fmt.Fprintf(&b, "| %s |", row.title())
		for _, c := range r.section.columns {
			fmt.Fprintf(&b, " %s |", row.spread(c.of).Text(c.format))
		}
		b.WriteByte('\n')
	}
	for _, row := range r.rows {
		if n := len(row.broken); n > 0 {
			fmt.Fprintf(&b, "\n%s could not be measured in %d of %d rounds: %v\n", row.client.Name, n, n+len(row.rounds), row.broken[n-1])
		}
	}
	r.writeTimelines(&b)
	_, err := io.WriteString(w, b.String()+"\n")
	return err
}

// writeTimelines draws successes over time, a line for each client.
func (r result) writeTimelines(b *strings.Builder) {
	width := 0
	for _, row := range r.rows {
		width = max(width, len(row.client.Name))
	}
	var lines strings.Builder
	for _, row := range r.rows {
		if line := row.timeline(); len(line) > 0 {
			fmt.Fprintf(&lines, "%-*s %s\n", width, row.client.Name, line.bars())
		}
	}
	if lines.Len() > 0 {
		fmt.Fprintf(b, "\nSuccesses in each %v, from %v before the kill, of each client's most:\n\n```text\n%s```\n", bucket, before*bucket, lines.String())
	}
}
