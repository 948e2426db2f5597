package main

import (
	"github.com/bwredis/bwredis/bench/chart"
	"github.com/bwredis/bwredis/bench/clients"
)

// draw writes the plot to a file.
func (ch plotted) draw(file string, curves []curve) error {
	drawn := chart.Chart{Title: ch.title, X: ch.x, Y: ch.y, TickX: ch.tickX, TickY: ch.tickY}
	lines := make([]chart.Line, len(curves))
	for i, c := range curves {
		lines[i] = chart.Line{Name: c.name, Weight: c.weight(), Points: c.points}
	}
	return drawn.Write(file, lines)
}

func (c curve) weight() chart.Weight {
	switch c.library() {
	case floorName:
		return chart.Faint
	case clients.OursName:
		return chart.Strong
	}
	return chart.Plain
}
