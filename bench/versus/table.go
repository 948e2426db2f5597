package versus

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// WriteMarkdown writes the result as a table. Floors are in italics, ours in bold. "vs best peer" is the best peer's time over this one's: above 1 is faster than
// every peer. The column that names the reference is this one's time over the reference's, with its extremes, or its rate over the reference's. Gauges come last.
func (r Result) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "#### %s (`%s`)\n\n", r.Workload.Title, r.Workload.Name)
	titles := r.titles()
	fmt.Fprintf(&b, "|  | %s |\n", strings.Join(titles, " | "))
	fmt.Fprintf(&b, "| --- |%s\n", strings.Repeat(" ---: |", len(titles)))
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(r.cells(row), " | "))
	}
	_, err := io.WriteString(w, b.String()+"\n")
	return err
}

func (r Result) titles() []string {
	reference := "time / " + r.Workload.Reference
	if r.Workload.AsRate {
		reference = "rate / " + r.Workload.Reference
	}
	titles := []string{r.Workload.Unit + "/s", "ns/op", "vs best peer", reference, "MB/s", "allocs/op", "B/op"}
	for _, g := range r.Workload.Gauges {
		titles = append(titles, g.Name)
	}
	return titles
}

func (r Result) cells(row Row) []string {
	ns := row.Nanoseconds()
	cells := []string{
		row.title(),
		FormatRate(1e9 / ns),
		FormatNanoseconds(ns),
		r.versusBestPeer(row),
		r.versusReference(row),
		r.throughput(ns),
		FormatCount(row.Allocs()),
		FormatCount(row.AllocBytes()),
	}
	for _, g := range r.Workload.Gauges {
		if value := row.Gauge(g.Name); math.IsNaN(value) {
			cells = append(cells, "-")
		} else {
			cells = append(cells, g.Format(value))
		}
	}
	return cells
}

func (r Row) title() string {
	switch r.Kind {
	case Floor:
		return "_" + r.Name + "_"
	case Ours:
		return "**" + r.Name + "**"
	}
	return r.Name
}

func (r Result) versusBestPeer(row Row) string {
	best, ok := r.BestPeer()
	if !ok || row.Kind == Floor {
		return "-"
	}
	return fmt.Sprintf("%.2f", Ratio(best, row).Median)
}

func (r Result) versusReference(row Row) string {
	reference, ok := r.Row(r.Workload.Reference)
	if !ok {
		return "-"
	}
	if r.Workload.AsRate {
		row, reference = reference, row
	}
	return Ratio(row, reference).String()
}

// throughput is in units of 10^6 bytes.
func (r Result) throughput(ns float64) string {
	if r.Workload.Bytes == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f", float64(r.Workload.Bytes)*1e3/ns)
}

// FormatNanoseconds writes a duration with the unit that suits it.
func FormatNanoseconds(ns float64) string {
	switch {
	case ns < 1e3:
		return fmt.Sprintf("%.1f ns", ns)
	case ns < 1e6:
		return fmt.Sprintf("%.2f µs", ns/1e3)
	}
	return fmt.Sprintf("%.2f ms", ns/1e6)
}

// FormatMilliseconds writes a duration that may be infinite: "never".
func FormatMilliseconds(ms float64) string {
	switch {
	case math.IsInf(ms, 1):
		return "never"
	case math.Abs(ms) < 10:
		return fmt.Sprintf("%.1f ms", ms)
	case math.Abs(ms) < 1000:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.2f s", ms/1000)
}

// FormatRate writes operations per second.
func FormatRate(rate float64) string {
	switch {
	case rate >= 1e6:
		return fmt.Sprintf("%.2fM", rate/1e6)
	case rate >= 1e4:
		return fmt.Sprintf("%.1fk", rate/1e3)
	}
	return fmt.Sprintf("%.0f", rate)
}

// FormatCount writes a count for each operation, with two decimals where they tell something.
func FormatCount(n float64) string {
	if n >= 100 {
		return fmt.Sprintf("%.0f", n)
	}
	text := strconv.FormatFloat(n, 'f', 2, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
