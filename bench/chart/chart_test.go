package chart

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
