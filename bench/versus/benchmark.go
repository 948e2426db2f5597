package versus

import (
	"runtime"
	"testing"
	"time"
)

// timedSample is how long one iteration of a contender lasts that is bounded by time.
const timedSample = 20 * time.Millisecond

// Benchmark makes a sub-benchmark of each contender, for profiles and for tools that compare two versions of ours. Contenders come one after the other rather than in
// turns, so [Settings.Measure] is what compares them with one another.
func (w Workload) Benchmark(b *testing.B) {
	b.Run(w.Name, func(b *testing.B) {
		for _, c := range w.Contenders {
			b.Run(c.Name, c.benchmark)
		}
	})
}

func (c Contender) benchmark(b *testing.B) {
	e, err := Settings{}.set(c)
	if err != nil {
		b.Fatal(err)
	}
	defer e.close()
	b.ReportAllocs()
	b.ResetTimer()
	if e.timed == nil {
		err = e.run(b.N)
	} else {
		err = e.benchmarkTimed(b)
	}
	if err != nil {
		b.Fatal(err)
	}
}

// benchmarkTimed reports what an operation takes, of which an iteration has as many as fit.
func (e *entrant) benchmarkTimed(b *testing.B) error {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start, total := time.Now(), 0
	for range b.N {
		n, err := e.timed(timedSample)
		if err != nil {
			return err
		}
		total += n
	}
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	n := float64(max(total, 1))
	b.ReportMetric(float64(took)/n, "ns/op")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/n, "allocs/op")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/n, "B/op")
	return nil
}
