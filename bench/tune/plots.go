package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/bwredis/bwredis/bench/chart"
	"github.com/bwredis/bwredis/bench/versus"
)

// A plotted is one chart: a line for each value of one field, over another.
type plotted struct {
	file, title, x, y string
	line              func(cell) int
	lineName          func(int) string
	at                func(cell) int
	value             func(cell) float64
	tickY             func(float64) string
}

func kept(c cell) int    { return c.kept }
func callers(c cell) int { return c.callers }

func keptText(n int) string    { return fmt.Sprintf("%d kept", n) }
func callersText(n int) string { return countOf(n, "caller") }

// short writes a number for a tick.
func short(n float64) string { return fmt.Sprintf("%g", n) }

func rate(c cell) float64 { return c.rate }

func milliseconds(c cell) float64 { return float64(c.p99) / float64(time.Millisecond) }

// writePlots writes three plots for each latency.
func writePlots(dir string, cells []cell) error {
	for _, a := range unique(cells, func(c cell) time.Duration { return c.added }) {
		var here []cell
		for _, c := range cells {
			if c.added == a {
				here = append(here, c)
			}
		}
		for _, ch := range []plotted{
			{"throughput", "throughput over callers", "callers", "requests in a second", kept, keptText, callers, rate, versus.FormatRate},
			{"p99", "p99 over callers", "callers", "p99 in milliseconds", kept, keptText, callers, milliseconds, short},
			{"pool", "throughput over kept connections", "kept connections", "requests in a second", callers, callersText, kept, rate, versus.FormatRate},
		} {
			ch.title += fmt.Sprintf(", %v added", a)
			drawn := chart.Chart{Title: ch.title, X: ch.x, Y: ch.y, TickX: short, TickY: ch.tickY}
			if err := drawn.Write(filepath.Join(dir, fmt.Sprintf("%s-%v.svg", ch.file, a)), ch.lines(here)); err != nil {
				return err
			}
		}
	}
	return nil
}

// lines are those of a chart.
func (ch plotted) lines(cells []cell) (lines []chart.Line) {
	for _, value := range unique(cells, ch.line) {
		l := chart.Line{Name: ch.lineName(value)}
		for _, c := range cells {
			if ch.line(c) == value {
				l.Points = append(l.Points, chart.Point{X: float64(ch.at(c)), Y: max(ch.value(c), smallest)})
			}
		}
		lines = append(lines, l)
	}
	return lines
}

// smallest is what stands for nothing where scales are logarithmic.
const smallest = 1e-3
