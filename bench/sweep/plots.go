package main

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bwredis/bwredis/bench/chart"
	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/versus"
)

// A series is workloads that differ in one number, which charts are drawn over.
type series string

const overCallers series = "callers"

func overSize(verb string, callers int) series {
	return series(fmt.Sprintf("size-%s-%d", verb, callers))
}

// A plotted is one figure of a series.
type plotted struct {
	file, title, x, y string
	series            series
	of                func(versus.Row) float64
	more              bool // is better
	tickX, tickY      func(float64) string
}

func charts() []plotted {
	callers := func(at float64) string { return fmt.Sprintf("%.0f", at) }
	all := []plotted{
		{"throughput-callers", fmt.Sprintf("GET of 64 bytes, at most %d connections", capped), "callers", "commands in a second", overCallers, rate, true, callers, short},
		{"p99-callers", fmt.Sprintf("GET of 64 bytes, at most %d connections", capped), "callers", "99 of 100 calls took at most", overCallers, p99, false, callers, duration},
	}
	bytes := func(at float64) string { return sizeText(int(at), " ") }
	for _, verb := range []string{"get", "set"} {
		for _, callers := range []int{1, 16} {
			all = append(all, plotted{
				fmt.Sprintf("throughput-%s-size-%d", verb, callers), fmt.Sprintf("%s, %s", verbs[verb], callersText(callers)),
				"size of the value", "commands in a second", overSize(verb, callers), rate, true, bytes, short,
			})
		}
	}
	return all
}

func rate(r versus.Row) float64 { return 1e9 / r.Nanoseconds() }
func p99(r versus.Row) float64  { return r.Gauge(crowd.P99) }

// short writes a rate for a tick.
func short(rate float64) string {
	switch {
	case rate >= 1e6:
		return fmt.Sprintf("%gM", rate/1e6)
	case rate >= 1e3:
		return fmt.Sprintf("%gk", rate/1e3)
	}
	return fmt.Sprintf("%g", rate)
}

// duration writes nanoseconds for a tick.
func duration(ns float64) string {
	switch {
	case ns >= 1e9:
		return fmt.Sprintf("%g s", ns/1e9)
	case ns >= 1e6:
		return fmt.Sprintf("%g ms", ns/1e6)
	}
	return fmt.Sprintf("%g µs", ns/1e3)
}

// A curve is what a chart shows of one client.
type curve struct {
	name   string
	kind   versus.Kind
	points []chart.Point
}

// floorName is that of all floors in a chart: they are called after the number of callers.
const floorName = "floor"

// curves are the floor, ours, and each library in the mode that is best over the whole series. One that has not all of the points is none of them.
func (ch plotted) curves(results []measured) (all []curve) {
	var names []string
	found, points := map[string]*curve{}, 0
	for _, m := range results {
		if m.point.series != ch.series {
			continue
		}
		points++
		for _, row := range m.Rows {
			name := row.Name
			if row.Kind == versus.Floor {
				name = floorName
			}
			if found[name] == nil {
				found[name] = &curve{name: name, kind: row.Kind}
				names = append(names, name)
			}
			if value := ch.of(row); value > 0 && !math.IsInf(value, 0) {
				found[name].points = append(found[name].points, chart.Point{X: float64(m.point.at), Y: value})
			}
		}
	}
	for _, name := range names {
		// Some modes have nothing to gain with one caller, and are not measured there.
		if c := found[name]; len(c.points) >= max(1, points-1) {
			all = append(all, *c)
		}
	}
	return ch.bestOfEach(all)
}

// bestOfEach leaves one curve for each library.
func (ch plotted) bestOfEach(all []curve) (best []curve) {
	for _, c := range all {
		i := slices.IndexFunc(best, func(b curve) bool { return b.kind == c.kind && b.library() == c.library() })
		switch {
		case i < 0:
			best = append(best, c)
		case ch.more == (c.level() > best[i].level()):
			best[i] = c
		}
	}
	return best
}

// library is the name without the mode.
func (c curve) library() string {
	name, _, _ := strings.Cut(c.name, "/")
	name, _, _ = strings.Cut(name, ",")
	return name
}

// level is the mean of the logarithms, of all points but the first, which not every mode has.
func (c curve) level() (mean float64) {
	points := c.points
	if len(points) > 1 {
		points = points[1:]
	}
	for _, p := range points {
		mean += math.Log(p.Y) / float64(len(points))
	}
	return mean
}

// writePlots draws what was measured in full.
func writePlots(dir string, results []measured) error {
	for _, ch := range charts() {
		curves := ch.curves(results)
		if len(curves) == 0 {
			continue
		}
		if err := ch.draw(filepath.Join(dir, ch.file+".svg"), curves); err != nil {
			return fmt.Errorf("%s: %w", ch.file, err)
		}
	}
	return nil
}
