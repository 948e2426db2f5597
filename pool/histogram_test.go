package pool

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHistogramStepsFollowEachOther(t *testing.T) {
	require.Equal(t, 0, stepOf(0))
	for step := range stepsInAll - 1 {
		end := endOf(step)
		require.Equal(t, step, stepOf(end))
		require.Equal(t, step+1, stepOf(end+1), "nothing is between the steps")
	}
	require.Greater(t, endOf(stepsInAll-2), 100*time.Second)
	require.Equal(t, stepsInAll-1, stepOf(math.MaxInt64))
}

func TestHistogramIsAtMostAnEighthOff(t *testing.T) {
	for d := time.Microsecond; d < 100*time.Second; d += d/100 + 1 {
		end := endOf(stepOf(d))
		require.GreaterOrEqual(t, end, d)
		require.LessOrEqual(t, float64(end-d), 0.125*float64(d), "%v", d)
	}
}

func TestHistogramQuantiles(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 50 {
		var h Histogram
		var all []time.Duration
		var sum time.Duration
		for range 1 + random.IntN(2000) {
			d := time.Duration(1000 * math.Exp(random.Float64()*18)) // 1 µs to 66 s
			h.observe(d)
			all = append(all, d)
			sum += d
		}
		slices.Sort(all)
		for _, q := range []float64{0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1} {
			exact := all[int(math.Ceil(q*float64(len(all))))-1]
			require.GreaterOrEqual(t, h.Quantile(q), exact, "round %d, %v", round, q)
			require.LessOrEqual(t, float64(h.Quantile(q)), 1.126*float64(exact), "round %d, %v", round, q)
		}
		require.EqualValues(t, len(all), h.Count)
		require.Equal(t, sum, h.Sum)
		require.Equal(t, sum/time.Duration(len(all)), h.Mean())
		require.Equal(t, all[len(all)-1], h.Max)
	}
}

func TestHistogramAtItsEdges(t *testing.T) {
	nan := math.NaN()
	var h Histogram
	for _, q := range []float64{-1, 0, 0.5, 1, 2, nan} {
		require.Zero(t, h.Quantile(q), "nothing was observed")
	}
	require.Zero(t, h.Mean())

	h.observe(-time.Hour)
	require.Equal(t, Histogram{Count: 1, steps: [stepsInAll]uint64{1}}, h, "counts as 0")
	for _, q := range []float64{-1, 0, 0.5, 1, 2, nan} {
		require.Zero(t, h.Quantile(q))
	}

	h.observe(time.Hour) // beyond the last step
	require.Equal(t, 127*time.Nanosecond, h.Quantile(0.5))
	require.Equal(t, 127*time.Nanosecond, h.Quantile(nan))
	require.Equal(t, time.Hour, h.Quantile(0.51))
	require.Equal(t, time.Hour, h.Quantile(2))
	require.Equal(t, 30*time.Minute, h.Mean())

	h = Histogram{}
	h.observe(1050)
	require.EqualValues(t, 1050, h.Quantile(0.5), "not above Max, though the step is")

	h.observe(math.MaxInt64)
	h.observe(math.MaxInt64)
	require.Equal(t, time.Duration(math.MaxInt64), h.Sum, "it does not wrap around")
	require.Positive(t, h.Mean())
}

func TestHistogramIsAValue(t *testing.T) {
	var h Histogram
	h.observe(time.Millisecond)
	before := h
	h.observe(time.Second)
	require.EqualValues(t, 1, before.Count)
	require.Equal(t, time.Millisecond, before.Quantile(1))
}

func TestHistogramShows(t *testing.T) {
	var h Histogram
	for range 99 {
		h.observe(time.Millisecond)
	}
	h.observe(2500 * time.Microsecond)
	b, err := json.Marshal(struct{ Wait Histogram }{h})
	require.NoError(t, err)
	require.JSONEq(t, `{"Wait": {"count": 100, "mean_us": 1015, "p50_us": 1048.575, "p99_us": 1048.575, "p999_us": 2500, "max_us": 2500}}`, string(b))
	require.Equal(t, "100, mean 1.015ms, p50 1.048575ms, p99 1.048575ms, p999 2.5ms, max 2.5ms", fmt.Sprintf("%+v", h))
}

func TestHistogramAllocatesNothing(t *testing.T) {
	var h Histogram
	d := time.Duration(1)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		h.observe(d)
		d *= 2
	}))
}

func BenchmarkHistogramObserve(b *testing.B) {
	var h Histogram
	d := time.Microsecond
	for b.Loop() {
		h.observe(d)
		d = d*3&(1<<36-1) | 1
	}
}
