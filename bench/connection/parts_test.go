package main

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
	r := newRecorder(2)
	if !math.IsNaN(r.quantile(0.5)) || !math.IsNaN(r.slowestShare()) {
		t.Error("there is something to tell of no calls")
	}
	for i := range 1000 {
		r.callers[min(1, i%4)].add(time.Duration(i) * time.Microsecond)
	}
	for part, want := range map[float64]float64{0.5: 500e3, 0.99: 990e3, 0.999: 999e3} {
		if got := r.quantile(part); math.Abs(got-want)/want > 0.035 {
			t.Errorf("quantile %v is %v, want %v", part, got, want)
		}
	}
	if got := r.slowestShare(); got != 0.5 {
		t.Errorf("the slowest has %v of its share, want 0.5", got)
	}
	if _ = r.reset(); r.calls() != 0 {
		t.Error("calls are left")
	}
}

func TestMeter(t *testing.T) {
	m, err := newMeter(t.Context(), fakeSite(t).tcp)
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	if err := m.start(); err != nil || m.commands != 20 || m.reads != 10 {
		t.Errorf("%v commands, %v reads, %v", m.commands, m.reads, err)
	}
	m.commands, m.reads = 11, 5 // 8 commands in 4 reads, and the question
	if got, err := m.stop(0); err != nil || got != 2 {
		t.Errorf("%v commands in a read, %v", got, err)
	}
	if got, err := m.stop(0); err != nil || got != 2 {
		t.Errorf("%v commands in a read, %v", got, err)
	}
	if got := field("# Stats\r\n", "total_reads_processed:"); got != 0 {
		t.Errorf("got %v of nothing", got)
	}
}

func TestLoads(t *testing.T) {
	for _, load := range []func() (func(), error){computingProcesses, computingGoroutines} {
		stop, err := load()
		if err != nil {
			t.Fatal(err)
		}
		stop()
	}
}

func TestMark(t *testing.T) {
	if mark("") != 0 || mark("ab") == mark("ac") || mark("ab") == mark("aab") || mark("ab") != mark([]byte("ab")) {
		t.Error("marks do not tell values apart")
	}
}
