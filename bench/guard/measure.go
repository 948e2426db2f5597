package main

import (
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/bwredis/bwredis/bench/versus"
)

const (
	countRuns = 5    // of which the median counts
	counted   = 2000 // operations in each
	again     = 2    // times that a ratio is measured once more before it is believed

	undisturbed = 0.1 // part of the samples that nobody disturbs, even on a busy machine
)

// A guard measures operations.
type guard struct {
	operations []operation
	counted    int // operations in a run that counts allocations
	ratio      func(operation) (float64, error)
}

// newGuard measures ratios with these settings.
func newGuard(ops []operation, settings versus.Settings) guard {
	return guard{ops, counted, func(op operation) (float64, error) { return ratio(op, settings) }}
}

// measure returns all figures of an operation. A ratio that is worse or better than its baseline is measured again, for that may be chance, and what is closest counts.
func (g guard) measure(op operation, baseline figures) (figures, error) {
	f, err := count(op, g.counted)
	if err != nil {
		return nil, err
	}
	if op.wire != nil {
		f[bytesSent], f[roundTrips] = float64(op.wire.sent), float64(op.wire.roundTrips)
	}
	if f[overFloor], err = g.ratio(op); err != nil {
		return nil, err
	}
	for range again {
		if v := judge(overFloor, f, baseline); v != worse && v != better {
			break
		}
		r, err := g.ratio(op)
		if err != nil {
			return nil, err
		}
		if distance(r, baseline[overFloor]) < distance(f[overFloor], baseline[overFloor]) {
			f[overFloor] = r
		}
	}
	return f, nil
}

// distance is the same for twice and for half.
func distance(a, b float64) float64 { return math.Abs(math.Log(a / b)) }

// typical returns the figures that a baseline is made of: the ratio is the middle one of three.
func (g guard) typical(op operation) (figures, error) {
	f, err := g.measure(op, nil)
	if err != nil {
		return nil, err
	}
	ratios := []float64{f[overFloor]}
	for range 2 {
		r, err := g.ratio(op)
		if err != nil {
			return nil, err
		}
		ratios = append(ratios, r)
	}
	f[overFloor] = median(ratios)
	return f, nil
}

// ratio is a short time of ours over one of the floor, which take turns. A quotient of one round would be small when the floor was disturbed; a short time is when
// nobody was, and the shortest of all is when something rare went well. The collector runs between samples only: when it comes is chance, and how much it has to do is
// counted as what is allocated.
func ratio(op operation, settings versus.Settings) (float64, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	result, err := settings.Measure(versus.Workload{Name: op.name, Contenders: []versus.Contender{
		{Name: "ours", Kind: versus.Ours, Setup: op.ours},
		{Name: op.floor, Kind: versus.Floor, Setup: op.bare},
	}})
	if err != nil {
		return 0, err
	}
	return result.Rows[0].Quantile(undisturbed) / result.Rows[1].Quantile(undisturbed), nil
}

// count counts what ours allocates. Nothing else runs meanwhile, not even the collector, which would empty what pools of memory keep.
func count(op operation, n int) (figures, error) {
	run, closeIt, err := op.ours()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op.name, err)
	}
	if closeIt != nil {
		defer closeIt()
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var all, bytes []float64
	for i := range 1 + countRuns {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := run(n)
		runtime.ReadMemStats(&after)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", op.name, err)
		}
		if i > 0 { // the first run is to warm up
			all = append(all, float64(after.Mallocs-before.Mallocs)/float64(n))
			bytes = append(bytes, float64(after.TotalAlloc-before.TotalAlloc)/float64(n))
		}
	}
	return figures{allocs: rounded(median(all), 10), allocBytes: rounded(median(bytes), 1)}, nil
}

// rounded drops what others allocated meanwhile, but not what is allocated every other time.
func rounded(v float64, parts float64) float64 { return math.Round(v*parts) / parts }

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
