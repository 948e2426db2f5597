package crowd

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

// A Histogram counts durations. One caller writes to it.
type Histogram struct {
	counts  [buckets]uint32
	calls   int
	longest time.Duration
}

// Add counts one call.
func (h *Histogram) Add(d time.Duration) {
	h.counts[bucket(uint64(max(d, 0)))]++
	h.calls++
	h.longest = max(h.longest, d)
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

// A Recorder holds the histograms of all callers of a workload. Its contenders share it, since they run in turns.
type Recorder struct {
	callers []Histogram
}

// NewRecorder makes a recorder for that many callers.
func NewRecorder(callers int) *Recorder { return &Recorder{callers: make([]Histogram, callers)} }

// Reset forgets all calls.
func (r *Recorder) Reset() error {
	clear(r.callers)
	return nil
}

// Caller returns the histogram of a caller.
func (r *Recorder) Caller(i int) *Histogram { return &r.callers[i] }

// Calls returns how many there were.
func (r *Recorder) Calls() (total int) {
	for i := range r.callers {
		total += r.callers[i].calls
	}
	return total
}

// quantile returns the time within which that part of all calls was done.
func (r *Recorder) quantile(part float64) float64 {
	total := r.Calls()
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

// longest returns what the slowest call took.
func (r *Recorder) longest() float64 {
	if r.Calls() == 0 {
		return math.NaN()
	}
	longest := slices.MaxFunc(r.callers, func(a, b Histogram) int { return int(a.longest - b.longest) }).longest
	return float64(longest)
}

// slowestShare returns the calls of the caller who had fewest, over the mean.
func (r *Recorder) slowestShare() float64 {
	total := r.Calls()
	if total == 0 {
		return math.NaN()
	}
	least := slices.MinFunc(r.callers, func(a, b Histogram) int { return a.calls - b.calls })
	return float64(least.calls*len(r.callers)) / float64(total)
}

// Names of gauges.
const (
	P99          = "p99"
	Longest      = "longest"
	SlowestShare = "slowest caller's share"
)

// Gauges read the recorder after every sample.
func (r *Recorder) Gauges() []versus.Gauge {
	quantile := func(name string, part float64) versus.Gauge {
		return versus.Gauge{
			Name: name, Format: versus.FormatNanoseconds,
			Stop: func(int) (float64, error) { return r.quantile(part), nil },
		}
	}
	first := quantile("p50", 0.5)
	first.Start = r.Reset
	return []versus.Gauge{
		first, quantile(P99, 0.99), quantile("p99.9", 0.999),
		{Name: SlowestShare, Format: versus.FormatCount, Stop: func(int) (float64, error) { return r.slowestShare(), nil }},
	}
}

// LongestGauge reads the slowest call off the recorder; [Recorder.Gauges] resets it.
func (r *Recorder) LongestGauge() versus.Gauge {
	return versus.Gauge{Name: Longest, Format: versus.FormatNanoseconds, Stop: func(int) (float64, error) { return r.longest(), nil }}
}
