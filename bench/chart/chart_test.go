package chart

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/bwredis/bwredis/bench/clients"
)

func TestWrite(t *testing.T) {
	lines := []Line{
		{"ours", Strong, []Point{{1, 10}, {8, 70}, {64, 300}}},
		{"floor", Faint, []Point{{1, 20}, {8, 140}, {64, 600}}},
		{"another", Plain, []Point{{1, 10}, {8, 60}, {64, 2000}}},
	}
	text := func(prefix string) func(float64) string {
		return func(at float64) string { return prefix + fmt.Sprint(at) }
	}
	for name, c := range map[string]struct {
		chart Chart
		ticks []string
	}{
		"logarithmic": {Chart{Title: "the title", X: "along", Y: "up", TickX: text("x"), TickY: text("y")}, []string{"x1", "x8", "x64", "y10", "y2000"}},
		"linear":      {Chart{Title: "the title", X: "along", Y: "up", Linear: true}, []string{"1200", "2000"}},
	} {
		file := filepath.Join(t.TempDir(), "of", name+".svg")
		if err := c.chart.Write(file, lines); err != nil {
			t.Fatal(err)
		}
		svg, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range append(c.ticks, "the title", "along", "up", "ours", "floor", "another") {
			if !strings.Contains(string(svg), ">"+want+"<") {
				t.Errorf("%s has no %q", name, want)
			}
		}
	}
}

// No name of a client is cut off, however long.
func TestLegend(t *testing.T) {
	tick := func(float64) string { return "" }
	for _, c := range slices.Concat(clients.All(), clients.Defaults()) {
		_, legend, err := Chart{TickX: tick, TickY: tick}.plot([]Line{{Name: c.Name, Points: []Point{{1, 1}, {2, 2}}}})
		if err != nil {
			t.Fatal(err)
		}
		box := legend.Rectangle(draw.New(vgsvg.New(width, height)))
		if taken := box.Max.X - box.Min.X; taken > legendWidth-2*margin {
			t.Errorf("%s takes %v of %v", c.Name, taken, legendWidth-2*margin)
		}
	}
}
