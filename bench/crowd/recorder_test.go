package crowd

import (
	"math"
	"testing"
	"time"
)

func TestHistogram(t *testing.T) {
	last := -1
	for _, ns := range []uint64{0, 1, 31, 32, 33, 63, 64, 66, 1000, 1023, 1024, 1e6, 1e9, math.MaxInt64} {
		b := bucket(ns)
		if b <= last || b >= buckets {
			t.Errorf("%d is in bucket %d, after %d", ns, b, last)
		}
		if off := math.Abs(middle(b)-float64(ns)) / max(1, float64(ns)); off > 0.035 {
			t.Errorf("%d counts as %v", ns, middle(b))
		}
		last = b
	}
}

func TestRecorder(t *testing.T) {
	r := NewRecorder(2)
	if !math.IsNaN(r.quantile(0.5)) || !math.IsNaN(r.slowestShare()) {
		t.Error("there is something to tell of no calls")
	}
	for i := range 1000 {
		r.callers[min(1, i%4)].Add(time.Duration(i) * time.Microsecond)
	}
	for part, want := range map[float64]float64{0.5: 500e3, 0.99: 990e3, 0.999: 999e3} {
		if got := r.quantile(part); math.Abs(got-want)/want > 0.035 {
			t.Errorf("quantile %v is %v, want %v", part, got, want)
		}
	}
	if got := r.slowestShare(); got != 0.5 {
		t.Errorf("the slowest has %v of its share, want 0.5", got)
	}
	if _ = r.Reset(); r.Calls() != 0 {
		t.Error("calls are left")
	}
}
