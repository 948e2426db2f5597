// Package chart draws lines as SVG, with the legend beside them. All programs of bench draw alike by it.
package chart

import (
	"bytes"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A Chart is what lines are drawn on.
type Chart struct {
	Title, X, Y string
	Linear      bool                 // scales, which are logarithmic otherwise, and then have no place for what is not above 0
	TickX       func(float64) string // text of a tick; on logarithmic scales there is one where there are points
	TickY       func(float64) string
}

// A Weight says how a line stands out.
type Weight int

const (
	Plain  Weight = iota
	Strong        // ours
	Faint         // a floor
)

// A Line is one of a chart.
type Line struct {
	Name   string
	Weight Weight
	Points []Point
}

// A Point is where a line goes through.
type Point struct{ X, Y float64 }

// Room for a chart, and for the legend on its right, where no line is.
const (
	width       = 9.5 * vg.Inch
	height      = 5 * vg.Inch
	legendWidth = 2.8 * vg.Inch
	margin      = 0.15 * vg.Inch
)

// Write draws the chart to a file, in a folder that need not exist.
func (ch Chart) Write(file string, lines []Line) error {
	p, legend, err := ch.plot(lines)
	if err != nil {
		return err
	}
	canvas := vgsvg.New(width, height)
	all := draw.New(canvas)
	all.SetColor(color.White)
	all.Fill(all.Rectangle.Path())
	p.Draw(draw.Crop(all, margin, -legendWidth, margin, -margin))
	legend.Draw(draw.Crop(all, width-legendWidth+margin, -margin, margin, -4*margin))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}

func (ch Chart) plot(lines []Line) (*plot.Plot, plot.Legend, error) {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = ch.Title, ch.X, ch.Y
	p.Title.Padding = vg.Points(8)
	if !ch.Linear {
		p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
		p.X.Tick.Marker, p.Y.Tick.Marker = ticksAt(ch.TickX, places(lines)), decades{ch.TickY}
	}
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = gridColor, gridColor
	p.Add(grid)
	legend := plot.NewLegend()
	legend.Top, legend.Left, legend.Padding = true, true, vg.Points(5)
	palette := colours[1:]
	for _, l := range lines {
		drawn, dots, err := plotter.NewLinePoints(l.xys())
		if err != nil {
			return nil, legend, err
		}
		drawn.LineStyle, dots.GlyphStyle = l.style(palette[0])
		if l.Weight == Plain {
			palette = append(palette[1:len(palette):len(palette)], palette[0])
		}
		if ch.Linear { // where points are many
			p.Add(drawn)
			legend.Add(l.Name, drawn)
			continue
		}
		p.Add(drawn, dots)
		legend.Add(l.Name, drawn, dots)
	}
	return p, legend, nil
}

// Colours that are told apart also by those who do not see all of them. The first is for lines that are strong, floors are grey.
var (
	colours = []color.Color{
		color.RGBA{0x00, 0x45, 0x8b, 0xff},
		color.RGBA{0xd5, 0x5e, 0x00, 0xff},
		color.RGBA{0x00, 0x9e, 0x73, 0xff},
		color.RGBA{0xcc, 0x79, 0xa7, 0xff},
		color.RGBA{0xb8, 0x86, 0x0b, 0xff},
		color.RGBA{0x56, 0xb4, 0xe9, 0xff},
		color.RGBA{0x80, 0x00, 0x20, 0xff},
	}
	grey      = color.RGBA{0x70, 0x70, 0x70, 0xff}
	gridColor = color.RGBA{0xe4, 0xe4, 0xe4, 0xff}
)

func (l Line) xys() plotter.XYs {
	xys := make(plotter.XYs, len(l.Points))
	for i, p := range l.Points {
		xys[i] = plotter.XY(p)
	}
	return xys
}

func (l Line) style(plain color.Color) (draw.LineStyle, draw.GlyphStyle) {
	line := draw.LineStyle{Color: plain, Width: vg.Points(1.5)}
	switch l.Weight {
	case Faint:
		line.Color, line.Dashes = grey, []vg.Length{vg.Points(4), vg.Points(3)}
	case Strong:
		line.Color, line.Width = colours[0], vg.Points(3)
	}
	return line, draw.GlyphStyle{Color: line.Color, Radius: line.Width + vg.Points(1), Shape: draw.CircleGlyph{}}
}

// places are where there are points.
func places(lines []Line) (at []float64) {
	for _, l := range lines {
		for _, p := range l.Points {
			at = append(at, p.X)
		}
	}
	slices.Sort(at)
	return slices.Compact(at)
}

func ticksAt(text func(float64) string, at []float64) plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for _, value := range at {
		ticks = append(ticks, plot.Tick{Value: value, Label: text(value)})
	}
	return ticks
}

// decades are ticks at 1, 2 and 5 times a power of ten.
type decades struct{ text func(float64) string }

// Ticks implements [plot.Ticker].
func (d decades) Ticks(least, most float64) (ticks []plot.Tick) {
	for power := math.Pow(10, math.Floor(math.Log10(least))); power <= most; power *= 10 {
		for _, n := range []float64{1, 2, 5} {
			if value := n * power; value >= least && value <= most {
				ticks = append(ticks, plot.Tick{Value: value, Label: d.text(value)})
			}
		}
	}
	return ticks
}
