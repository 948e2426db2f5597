package main

import (
	"bytes"
	"image/color"
	"math"
	"os"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/bwredis/bwredis/bench/clients"
)

// Room for a chart, and for the legend on its right, where no line is.
const (
	chartWidth  = 9.5 * vg.Inch
	chartHeight = 5 * vg.Inch
	legendWidth = 2.8 * vg.Inch
	margin      = 0.15 * vg.Inch
)

// Colours that are told apart also by those who do not see all of them. Ours has the first, floors are grey.
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

// draw writes the chart to a file.
func (ch chart) draw(file string, curves []curve) error {
	p, legend, err := ch.plot(curves)
	if err != nil {
		return err
	}
	canvas := vgsvg.New(chartWidth, chartHeight)
	all := draw.New(canvas)
	all.SetColor(color.White)
	all.Fill(all.Rectangle.Path())
	p.Draw(draw.Crop(all, margin, -legendWidth, margin, -margin))
	legend.Draw(draw.Crop(all, chartWidth-legendWidth+margin, -margin, margin, -4*margin))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}

// plot has a line for each curve, on scales that are logarithmic.
func (ch chart) plot(curves []curve) (*plot.Plot, plot.Legend, error) {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = ch.title, ch.x, ch.y
	p.Title.Padding = vg.Points(8)
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = ticksAt(ch.tickX, places(curves)), decades{ch.tickY}
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = gridColor, gridColor
	p.Add(grid)
	legend := plot.NewLegend()
	legend.Top, legend.Left, legend.Padding = true, true, vg.Points(5)
	for i, c := range curves {
		line, dots, err := plotter.NewLinePoints(c.xys())
		if err != nil {
			return nil, legend, err
		}
		line.LineStyle, dots.GlyphStyle = c.style(i)
		p.Add(line, dots)
		legend.Add(c.name, line, dots)
	}
	return p, legend, nil
}

func (c curve) xys() plotter.XYs {
	xys := make(plotter.XYs, len(c.points))
	for i, s := range c.points {
		xys[i] = plotter.XY{X: s.at, Y: s.value}
	}
	return xys
}

// style is thick for ours and broken for floors.
func (c curve) style(i int) (draw.LineStyle, draw.GlyphStyle) {
	line := draw.LineStyle{Color: colours[i%len(colours)], Width: vg.Points(1.5)}
	switch c.library() {
	case floorName:
		line.Color, line.Dashes = grey, []vg.Length{vg.Points(4), vg.Points(3)}
	case clients.OursName:
		line.Color, line.Width = colours[0], vg.Points(3)
	}
	return line, draw.GlyphStyle{Color: line.Color, Radius: line.Width + vg.Points(1), Shape: draw.CircleGlyph{}}
}

// places are where there are points.
func places(curves []curve) (at []float64) {
	for _, c := range curves {
		for _, s := range c.points {
			at = append(at, s.at)
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
