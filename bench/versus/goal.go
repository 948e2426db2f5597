package versus

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// A Goal bounds one figure of ours in a workload.
type Goal struct {
	Workload string
	Figure   string
	AtLeast  bool // the bound is the least rather than the most
	Bound    float64
}

// A Reading is a figure with what it was taken from. Its value is NaN when there was nothing to take it from.
type Reading struct {
	Value float64
	Text  string
}

// Nothing is read where something was not measured.
func Nothing() Reading { return Reading{math.NaN(), "-"} }

// Standing says how a goal stands: "-" with nothing to tell.
func (g Goal) Standing(value float64) string {
	switch {
	case math.IsNaN(value):
		return "-"
	case g.AtLeast && value >= g.Bound, !g.AtLeast && value <= g.Bound:
		return "met"
	}
	return "**not met**"
}

// A GoalTable is how goals stand, as Markdown.
type GoalTable struct{ b strings.Builder }

// Add says how one goal stands.
func (t *GoalTable) Add(g Goal, r Reading) {
	if t.b.Len() == 0 {
		t.b.WriteString("#### goals\n\n| workload | figure | goal | measured | met |\n| --- | --- | ---: | ---: | --- |\n")
	}
	sign := "≤"
	if g.AtLeast {
		sign = "≥"
	}
	fmt.Fprintf(&t.b, "| `%s` | %s | %s %s | %s | %s |\n", g.Workload, g.Figure, sign, FormatCount(g.Bound), r.Text, g.Standing(r.Value))
}

// WriteMarkdown writes the table, which is nothing without a goal.
func (t *GoalTable) WriteMarkdown(w io.Writer) error {
	_, err := io.WriteString(w, t.b.String())
	return err
}
