package main

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
)

// writePlot draws the timelines of a restart, one for each library: of its ways to be used the one without a qualifier.
func (r result) writePlot(file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	p := plot.New()
	p.Title.Text = "successes around a restart of the server"
	p.X.Label.Text, p.Y.Label.Text = "milliseconds after the kill", "successes in "+bucket.String()
	p.Legend.Top = true
	p.Add(plotter.NewGrid())
	if err := plotutil.AddLines(p, r.lines()...); err != nil {
		return err
	}
	return p.Save(10*vg.Inch, 5*vg.Inch, file)
}

// lines are as the plotting library takes them: name, points, name, points.
func (r result) lines() (lines []any) {
	for _, row := range r.rows {
		line := row.timeline()
		if strings.Contains(row.client.Name, "/") || len(line) == 0 {
			continue
		}
		points := make(plotter.XYs, len(line))
		for i, n := range line {
			points[i].X, points[i].Y = float64((i-before)*int(bucket/time.Millisecond)), n
		}
		lines = append(lines, row.client.Name, points)
	}
	return lines
}
