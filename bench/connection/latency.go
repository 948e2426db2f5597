package main

import (
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/bwredis/bwredis/bench/versus"
)

const (
	subBits = 5 // each power of two is cut into 32: an error of 3 %
	buckets = (64 - subBits) << subBits
)

// A histogram counts durations. One caller writes to it.
type histogram struct {
	counts [buckets]uint32
	calls  int
}

func (h *histogram) add(d time.Duration) {
	h.counts[bucket(uint64(max(d, 0)))]++
	h.calls++
}

func bucket(ns uint64) int {
	if ns < 1<<subBits {
		return int(ns)
	}
	shift := bits.Len64(ns) - 1 - subBits
	return (shift+1)<<subBits + int(ns>>shift) - 1<<subBits
}

// middle is the duration that stands for a bucket.
func middle(bucket int) float64 {
	if bucket < 1<<subBits {
		return float64(bucket)
	}
	shift := bucket>>subBits - 1
	from := uint64(bucket&(1<<subBits-1)|1<<subBits) << shift
	return float64(from) + float64(uint64(1)<<shift)/2
}

// A recorder holds the histograms of all callers of a workload. Its contenders share it, since they run in turns.
type recorder struct {
	callers []histogram
}

func newRecorder(callers int) *recorder { return &recorder{callers: make([]histogram, callers)} }

func (r *recorder) reset() error {
	clear(r.callers)
	return nil
}

func (r *recorder) calls() (total int) {
	for i := range r.callers {
		total += r.callers[i].calls
	}
	return total
}

// quantile returns the time within which that part of all calls was done.
func (r *recorder) quantile(part float64) float64 {
	total := r.calls()
	if total == 0 {
		return math.NaN()
	}
	left := int(math.Ceil(part * float64(total)))
	for b := range buckets {
		for i := range r.callers {
			left -= int(r.callers[i].counts[b])
		}
		if left <= 0 {
			return middle(b)
		}
	}
	return math.NaN()
}

// slowestShare returns the calls of the caller who had fewest, over the mean.
func (r *recorder) slowestShare() float64 {
	total := r.calls()
	if total == 0 {
		return math.NaN()
	}
	least := slices.MinFunc(r.callers, func(a, b histogram) int { return a.calls - b.calls })
	return float64(least.calls*len(r.callers)) / float64(total)
}

const (
	p99          = "p99"
	slowestShare = "slowest caller's share"
)

// gauges read the recorder after every sample.
func (r *recorder) gauges() []versus.Gauge {
	quantile := func(name string, part float64) versus.Gauge {
		return versus.Gauge{
			Name: name, Format: versus.FormatNanoseconds,
			Stop: func(int) (float64, error) { return r.quantile(part), nil },
		}
	}
	first := quantile("p50", 0.5)
	first.Start = r.reset
	return []versus.Gauge{
		first, quantile(p99, 0.99), quantile("p99.9", 0.999),
		{Name: slowestShare, Format: versus.FormatCount, Stop: func(int) (float64, error) { return r.slowestShare(), nil }},
	}
}
