package pool

import (
	"encoding/json"
	"fmt"
	"math"
	"math/bits"
	"time"
)

// How durations are sorted: steps of 128 ns up to about a microsecond, and from there eight for each power of two, up to 137 seconds. What is longer counts
// as the last step.
const (
	stepBits   = 7 // 128 ns
	splitBits  = 3 // eight steps for each power of two
	splits     = 1 << splitBits
	powers     = 27 // of two, from the first microsecond to 137 seconds
	stepsInAll = splits + powers*splits
)

// A Histogram is how long something took, each time. It takes 1.8 KB whatever it has seen, knows each duration to within an eighth, and may be copied.
type Histogram struct {
	Count uint64
	Sum   time.Duration // stays where it is when it would exceed 292 years
	Max   time.Duration

	steps [stepsInAll]uint64
}

// observe takes a duration in. A clock that was set back is no reason to count less than nothing.
func (h *Histogram) observe(d time.Duration) {
	d = max(d, 0)
	h.Count++
	if h.Sum += d; h.Sum < 0 {
		h.Sum = math.MaxInt64
	}
	h.Max = max(h.Max, d)
	h.steps[stepOf(d)]++
}

// stepOf returns the step a duration belongs to: its leading four bits, and how many follow.
func stepOf(d time.Duration) int {
	units := uint64(d) >> stepBits
	if units < splits {
		return int(units)
	}
	shift := bits.Len64(units) - (splitBits + 1)
	return min(shift*splits+int(units>>shift), stepsInAll-1)
}

// endOf returns the longest duration of a step but the last, which has no end.
func endOf(step int) time.Duration {
	next, shift := uint64(step+1), 0
	if next >= 2*splits {
		shift = int(next/splits) - 1
		next = splits + next%splits
	}
	return time.Duration(next<<shift<<stepBits) - 1
}

// Quantile returns a duration that the fraction q of all did not exceed: the median for 0.5. It is at most an eighth too long, never longer than Max, and 0
// when there is nothing to tell.
func (h Histogram) Quantile(q float64) time.Duration {
	if h.Count == 0 || q >= 1 {
		return h.Max
	}
	rank := uint64(1) // also of what is no number
	if q > 0 {
		rank = max(rank, uint64(math.Ceil(q*float64(h.Count))))
	}
	for step, n := range h.steps[:stepsInAll-1] {
		if n >= rank {
			return min(endOf(step), h.Max)
		}
		rank -= n
	}
	return h.Max
}

// Mean returns the average, 0 when there is none.
func (h Histogram) Mean() time.Duration {
	if h.Count == 0 {
		return 0
	}
	return time.Duration(uint64(h.Sum) / h.Count)
}

// String shows what one asks first.
func (h Histogram) String() string {
	return fmt.Sprintf("%d, mean %v, p50 %v, p99 %v, p999 %v, max %v",
		h.Count, h.Mean(), h.Quantile(0.5), h.Quantile(0.99), h.Quantile(0.999), h.Max)
}

// MarshalJSON shows the same, in microseconds.
func (h Histogram) MarshalJSON() ([]byte, error) {
	us := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
	return json.Marshal(struct {
		Count  uint64  `json:"count"`
		MeanUs float64 `json:"mean_us"`
		P50Us  float64 `json:"p50_us"`
		P99Us  float64 `json:"p99_us"`
		P999Us float64 `json:"p999_us"`
		MaxUs  float64 `json:"max_us"`
	}{h.Count, us(h.Mean()), us(h.Quantile(0.5)), us(h.Quantile(0.99)), us(h.Quantile(0.999)), us(h.Max)})
}
