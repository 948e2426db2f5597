package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bench"
	"github.com/bwredis/bwredis/bench/versus"
)

// writeReport writes tables and recommendations, as Markdown.
func writeReport(w io.Writer, p *place, f figures) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Connections tuned\n\nMeasured against %s, with GET of %d bytes, %s on %d processors. Latency is added by a proxy in the same process, half of it in each direction; "+
		"\"0s\" is by way of the proxy too.%s\n\n", p.name, valueSize, runtime.Version(), runtime.GOMAXPROCS(0), busyNote())
	writeRecommendations(&b, recommend(f))
	for _, a := range unique(f.cells, func(c cell) time.Duration { return c.added }) {
		writeSweep(&b, f.cells, a)
	}
	writeIdles(&b, f.idles)
	_, err := io.WriteString(w, b.String())
	return err
}

func writeRecommendations(b *strings.Builder, all []recommendation) {
	b.WriteString("## What to set\n\n| setting | now | recommended |\n| --- | ---: | ---: |\n")
	for _, r := range all {
		fmt.Fprintf(b, "| `%s` | `%s` | `%s` |\n", r.setting, r.now, r.value)
	}
	b.WriteByte('\n')
	for _, r := range all {
		fmt.Fprintf(b, "`%s=%s`: %s\n\n", r.setting, r.value, r.why)
	}
}

func writeSweep(b *strings.Builder, cells []cell, added time.Duration) {
	crowds := unique(cells, func(c cell) int { return c.callers })
	fmt.Fprintf(b, "## %v added\n\nRequests in a second, and the time in which 99 of 100 were answered.\n\n| kept |", added)
	for _, callers := range crowds {
		fmt.Fprintf(b, " %s |", countOf(callers, "caller"))
	}
	b.WriteString("\n| ---: |" + strings.Repeat(" ---: |", len(crowds)))
	for _, kept := range unique(cells, func(c cell) int { return c.kept }) {
		fmt.Fprintf(b, "\n| %d |", kept)
		for _, callers := range crowds {
			i := slices.IndexFunc(cells, func(c cell) bool { return c.kept == kept && c.callers == callers && c.added == added })
			if i < 0 {
				b.WriteString(" – |")
				continue
			}
			fmt.Fprintf(b, " %s, %v |", versus.FormatRate(cells[i].rate), round(cells[i].p99))
		}
	}
	b.WriteString("\n\n")
}

func writeIdles(b *strings.Builder, idles []idle) {
	b.WriteString("## After a pause\n\n| connection | added | no pause | shorter than REDIS_KEEPALIVE_IDLE: probe and request | longer: dial and request | slowest dial |\n" +
		"| --- | ---: | ---: | ---: | ---: | ---: |\n")
	for _, i := range idles {
		name := i.way
		if name == "" {
			name = "as the settings say"
		}
		fmt.Fprintf(b, "| %s | %v | %v | %v | %v | %v |\n", name, i.added, round(i.warm), round(i.probed), round(i.redialled), round(i.slowestDial))
	}
}

func countOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// unique returns the different values of a field, in the order in which they come.
func unique[T comparable](cells []cell, of func(cell) T) (values []T) {
	for _, c := range cells {
		if v := of(c); !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	return values
}

// busyNote says that others worked on the machine as well, where that shows.
func busyNote() string {
	load := bench.Load()
	if load < 0.5*float64(runtime.NumCPU())+float64(runtime.GOMAXPROCS(0)) { // the sweep itself keeps the processors busy
		return ""
	}
	return fmt.Sprintf(" The machine was busy with other work: on average %.1f programs wanted its %d processors.", load, runtime.NumCPU())
}
