package versus

import (
	"math"
	"strings"
	"testing"
)

func TestGoals(t *testing.T) {
	most, least := Goal{Workload: "w", Figure: "time", Bound: 2}, Goal{Workload: "w", Figure: "rate", AtLeast: true, Bound: 2}
	for _, c := range []struct {
		goal  Goal
		value float64
		want  string
	}{
		{most, 2, "met"},
		{most, 2.1, "**not met**"},
		{least, 2, "met"},
		{least, 1.9, "**not met**"},
		{most, math.NaN(), "-"},
		{least, Nothing().Value, "-"},
	} {
		if got := c.goal.Standing(c.value); got != c.want {
			t.Errorf("%s %v: %s, want %s", c.goal.Figure, c.value, got, c.want)
		}
	}
	var table GoalTable
	var out strings.Builder
	if err := table.WriteMarkdown(&out); err != nil || out.Len() > 0 {
		t.Errorf("%q, %v", out.String(), err)
	}
	table.Add(least, Reading{1, "one"})
	want := "| workload | figure | goal | measured | met |\n| --- | --- | ---: | ---: | --- |\n| `w` | rate | ≥ 2 | one | **not met** |\n"
	if err := table.WriteMarkdown(&out); err != nil || !strings.HasSuffix(out.String(), want) {
		t.Errorf("%q, %v", out.String(), err)
	}
}
