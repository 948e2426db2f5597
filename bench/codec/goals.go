package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bwredis/bwredis/bench/versus"
)

// A goal bounds what package resp may cost. Its time is bounded by another contender's of the same run; the nanoseconds were read off one machine, and stand beside it.
type goal struct {
	workload string
	against  string  // contender
	ratio    float64 // our time over that contender's; 0: not bounded
	ns       float64 // 0: not bounded
	allocs   float64
}

const anyAllocs = -1

var goals = []goal{
	{"dec-int", copyOut, 2.0, 20, 0},
	{"dec-bulk5", copyOut, 1.9, 45, 1},
	{"dec-bulk5-borrowed", copyOut, 25.0 / 24, 25, 0},
	{"dec-arr100", copyOut, 1.1, 1.1 * 4600, anyAllocs},
	{"dec-arr100-reused", reused, 0, 0, 0},
	{"dec-map50", copyOut, 1.1, 1.1 * 6500, anyAllocs},
	{"dec-bulk1M", copyOut, 1.1, 1.1 * 148_000, anyAllocs},
	{"dec-bulk1M-borrowed", bareScan, 1.3, 0, anyAllocs},
	{"enc-set", appended, 1.75, 35, 0},
}

// stray is how many allocations of others (the runtime's, mostly) there may be in one operation.
const stray = 0.01

// writeGoals says of each goal whose workload was measured how it stands.
func writeGoals(w io.Writer, results []versus.Result) error {
	var b strings.Builder
	b.WriteString("#### goals\n\n")
	b.WriteString("| workload | time at most | measured | met | at most | measured | met | allocs/op at most | measured | met |\n")
	b.WriteString("| --- | --- | ---: | --- | ---: | ---: | --- | ---: | ---: | --- |\n")
	for _, g := range goals {
		i := slices.IndexFunc(results, func(r versus.Result) bool { return r.Workload.Name == g.workload })
		if i < 0 {
			continue
		}
		cells := append([]string{g.workload}, g.standing(results[i])...)
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (g goal) standing(result versus.Result) []string {
	row, _ := result.Row(ours)
	floor, _ := result.Row(g.against)
	ratio, ns, allocs := versus.Ratio(row, floor), row.Nanoseconds(), row.Allocs()
	cells := []string{"-", fmt.Sprintf("%v × %s", ratio, g.against), "-"}
	if g.ratio > 0 {
		cells[0] = fmt.Sprintf("%.2f × %s", g.ratio, g.against)
		cells[1], cells[2] = ratio.String(), met(ratio.Median <= g.ratio)
	}
	cells = append(cells, "-", versus.FormatNanoseconds(ns), "-")
	if g.ns > 0 {
		cells[3], cells[5] = versus.FormatNanoseconds(g.ns), met(ns <= g.ns)
	}
	cells = append(cells, "-", versus.FormatCount(allocs), "-")
	if g.allocs != anyAllocs {
		cells[6], cells[8] = versus.FormatCount(g.allocs), met(allocs <= g.allocs+stray)
	}
	return cells
}

func met(yes bool) string {
	if yes {
		return "met"
	}
	return "**not met**"
}
