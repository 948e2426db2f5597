package versus

import (
	"fmt"
	"math"
	"slices"
)

// A Spread is what a figure was over the rounds.
type Spread struct {
	Median, Min, Max float64
}

// SpreadOf sorts values. Of none it is NaN.
func SpreadOf(values []float64) Spread {
	if len(values) == 0 {
		return Spread{math.NaN(), math.NaN(), math.NaN()}
	}
	slices.Sort(values)
	middle := len(values) / 2
	median := values[middle]
	if len(values)%2 == 0 {
		median = (values[middle-1] + median) / 2
	}
	return Spread{Median: median, Min: values[0], Max: values[len(values)-1]}
}

// String is that of a ratio.
func (s Spread) String() string { return fmt.Sprintf("%.2f (%.2f..%.2f)", s.Median, s.Min, s.Max) }

// Text shows the extremes where they differ, and "-" of nothing.
func (s Spread) Text(format func(float64) string) string {
	if math.IsNaN(s.Median) {
		return "-"
	}
	median, least, most := format(s.Median), format(s.Min), format(s.Max)
	if least == most {
		return median
	}
	return fmt.Sprintf("%s (%s..%s)", median, least, most)
}
