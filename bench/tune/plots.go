package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
)

// A chart is one plot: a line for each value of one field, over another.
type chart struct {
	file, title, x, y string
	line              func(cell) int
	lineName          string
	at                func(cell) int
	value             func(cell) float64
}

func kept(c cell) int    { return c.kept }
func callers(c cell) int { return c.callers }

func rate(c cell) float64 { return c.rate }

func milliseconds(c cell) float64 { return float64(c.p99) / float64(time.Millisecond) }

// writePlots writes three plots for each latency.
func writePlots(dir string, cells []cell) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, a := range unique(cells, func(c cell) time.Duration { return c.added }) {
		var here []cell
		for _, c := range cells {
			if c.added == a {
				here = append(here, c)
			}
		}
		for _, ch := range []chart{
			{"throughput", "throughput over callers", "callers", "requests in a second", kept, "kept", callers, rate},
			{"p99", "p99 over callers", "callers", "p99 in milliseconds", kept, "kept", callers, milliseconds},
			{"pool", "throughput over kept connections", "kept connections", "requests in a second", callers, "callers", kept, rate},
		} {
			ch.title += fmt.Sprintf(", %v added", a)
			if err := ch.write(filepath.Join(dir, fmt.Sprintf("%s-%v.svg", ch.file, a)), here); err != nil {
				return err
			}
		}
	}
	return nil
}

// points are the lines of a chart, as the plotting library takes them: name, points, name, points.
func (ch chart) points(cells []cell) (lines []any) {
	for _, line := range unique(cells, ch.line) {
		var points plotter.XYs
		for _, c := range cells {
			if ch.line(c) == line {
				points = append(points, plotter.XY{X: float64(ch.at(c)), Y: max(ch.value(c), smallest)})
			}
		}
		lines = append(lines, strconv.Itoa(line)+" "+ch.lineName, points)
	}
	return lines
}

// smallest is what stands for nothing where scales are logarithmic.
const smallest = 1e-3

func (ch chart) write(file string, cells []cell) error {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = ch.title, ch.x, ch.y
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.Y.Tick.Marker = plot.LogTicks{Prec: -1}
	var ticks plot.ConstantTicks
	for _, at := range unique(cells, ch.at) {
		ticks = append(ticks, plot.Tick{Value: float64(at), Label: strconv.Itoa(at)})
	}
	p.X.Tick.Marker = ticks
	p.Legend.Top, p.Legend.Left = true, true
	p.Add(plotter.NewGrid())
	if err := plotutil.AddLinePoints(p, ch.points(cells)...); err != nil {
		return err
	}
	return p.Save(8*vg.Inch, 5*vg.Inch, file)
}
