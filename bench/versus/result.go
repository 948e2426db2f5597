package versus

import (
	"math"
	"slices"
)

// A Result is what was measured of a workload. Its rows are in the order of the contenders.
type Result struct {
	Workload Workload
	Rows     []Row
}

// A Row is what was measured of a contender.
type Row struct {
	Name    string
	Kind    Kind
	samples []sample // one for each round
}

func newResult(w Workload) Result {
	r := Result{Workload: w}
	for _, c := range w.Contenders {
		r.Rows = append(r.Rows, Row{Name: c.Name, Kind: c.Kind})
	}
	return r
}

// Nanoseconds returns the median time of an operation.
func (r Row) Nanoseconds() float64 { return r.median(func(s sample) float64 { return s.ns }) }

// Fastest returns the shortest time of an operation in any round: what it takes when nobody else takes the processor meanwhile, or least.
func (r Row) Fastest() float64 {
	values := make([]float64, len(r.samples))
	for i, s := range r.samples {
		values[i] = s.ns
	}
	return SpreadOf(values).Min
}

// Quantile returns the time of an operation that this part of the rounds did not exceed: 0.1 is what it takes when little disturbs it, though not by rare luck.
func (r Row) Quantile(part float64) float64 {
	values := make([]float64, len(r.samples))
	for i, s := range r.samples {
		values[i] = s.ns
	}
	slices.Sort(values)
	return values[min(int(part*float64(len(values))), len(values)-1)]
}

// Allocs returns the median number of allocations in an operation. Those of background goroutines count too, so it need not be whole.
func (r Row) Allocs() float64 { return r.median(func(s sample) float64 { return s.allocs }) }

// AllocBytes returns the median of the bytes that an operation allocates.
func (r Row) AllocBytes() float64 { return r.median(func(s sample) float64 { return s.bytes }) }

// Gauge returns the median of what the gauge of that name read; NaN when it had nothing to tell.
func (r Row) Gauge(name string) float64 { return r.median(gauge(name)) }

func gauge(name string) func(sample) float64 {
	return func(s sample) float64 {
		if v, ok := s.gauges[name]; ok {
			return v
		}
		return math.NaN()
	}
}

func (r Row) median(of func(sample) float64) float64 {
	values := make([]float64, len(r.samples))
	for i, s := range r.samples {
		values[i] = of(s)
	}
	return SpreadOf(values).Median
}

// Row returns the row of a contender.
func (r Result) Row(name string) (Row, bool) {
	i := slices.IndexFunc(r.Rows, func(row Row) bool { return row.Name == name })
	if i < 0 {
		return Row{}, false
	}
	return r.Rows[i], true
}

// BestPeer returns the peer with the shortest median time; ok is false when there is none.
func (r Result) BestPeer() (best Row, ok bool) { return r.Best(Peer, Row.Nanoseconds) }

// Best returns the contender of a kind that costs least. One whose cost is NaN does not count.
func (r Result) Best(kind Kind, cost func(Row) float64) (best Row, ok bool) {
	for _, row := range r.Rows {
		if row.Kind != kind || math.IsNaN(cost(row)) {
			continue
		}
		if !ok || cost(row) < cost(best) {
			best, ok = row, true
		}
	}
	return best, ok
}

// Ratio returns the time of a over that of b, taken within each round.
func Ratio(a, b Row) Spread { return ratio(a, b, func(s sample) float64 { return s.ns }) }

// GaugeRatio returns what a gauge read of a over what it read of b, taken within each round.
func GaugeRatio(a, b Row, name string) Spread { return ratio(a, b, gauge(name)) }

func ratio(a, b Row, of func(sample) float64) Spread {
	ratios := make([]float64, min(len(a.samples), len(b.samples)))
	for i := range ratios {
		ratios[i] = of(a.samples[i]) / of(b.samples[i])
	}
	return SpreadOf(ratios)
}
