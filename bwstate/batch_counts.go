package bwstate

import (
	"errors"
	"slices"
)

// AddCount is [Counters.Add].
func (b *Batch) AddCount(cs *Counters, name string, n int64) Pending[Count] {
	return b.addCount(cs, "", Addition{name, n}, nil)
}

// AddCountOnce is [Counters.AddOnce], but is not sent again by itself, as other operations of the batch might not bear it: whoever does not know whether it was
// done calls it again with the same token.
func (b *Batch) AddCountOnce(cs *Counters, token, name string, n int64) Pending[Count] {
	return b.addCount(cs, token, Addition{name, n}, checkCountToken(token))
}

func (b *Batch) addCount(cs *Counters, token string, a Addition, invalid error) Pending[Count] {
	op := newCountOp(cs)
	op.one[0] = a
	err := errors.Join(b.of(cs.state, "cs"), invalid, op.take(token, op.one[:]))
	return pend[Count](b, cs.when, oneCount{op}, err)
}

// AddCounts is [Counters.AddAll].
func (b *Batch) AddCounts(cs *Counters, additions ...Addition) Pending[[]Count] {
	return b.addCounts(cs, "", additions, nil)
}

// AddCountsOnce is [Counters.AddAllOnce], as AddCountOnce is AddOnce.
func (b *Batch) AddCountsOnce(cs *Counters, token string, additions ...Addition) Pending[[]Count] {
	return b.addCounts(cs, token, additions, checkCountToken(token))
}

func (b *Batch) addCounts(cs *Counters, token string, additions []Addition, invalid error) Pending[[]Count] {
	op := newCountOp(cs)
	err := errors.Join(b.of(cs.state, "cs"), invalid, op.take(token, slices.Clone(additions)))
	return pend[[]Count](b, cs.when, op, err)
}

// GetCount is [Counters.Get].
func (b *Batch) GetCount(cs *Counters, name string) Pending[Count] {
	op := newCountReadOp(cs)
	op.one[0] = name
	return pend[Count](b, cs.when, oneCountRead{op}, errors.Join(b.of(cs.state, "cs"), op.take(op.one[:])))
}

// GetCounts is [Counters.GetAll].
func (b *Batch) GetCounts(cs *Counters, names ...string) Pending[[]Count] {
	op := newCountReadOp(cs)
	return pend[[]Count](b, cs.when, op, errors.Join(b.of(cs.state, "cs"), op.take(slices.Clone(names))))
}

// AddMetric is [Metrics.Add].
func (b *Batch) AddMetric(m *Metrics, plugin, name string, n float64) Pending[float64] {
	op := newMetricOp(m)
	op.one[0] = MetricWrite{Plugin: plugin, Name: name, Value: n}
	return pend[float64](b, FailWhenAway, oneMetric{op}, errors.Join(b.of(m.state, "m"), op.take(op.one[:])))
}

// WriteMetrics is [Metrics.Write]. The elements of tables must stay as they are until the batch has run.
func (b *Batch) WriteMetrics(m *Metrics, writes ...MetricWrite) Pending[struct{}] {
	op := newMetricOp(m)
	return pend[struct{}](b, FailWhenAway, op, errors.Join(b.of(m.state, "m"), op.take(slices.Clone(writes))))
}

// AddToTop is [Tops.Add].
func (b *Batch) AddToTop(ts *Tops, list string, entries ...TopEntry) Pending[TopList] {
	op := newTopOp(ts, topAdds, list)
	op.entries = slices.Clone(entries)
	return pend[TopList](b, ts.when, op, errors.Join(b.of(ts.state, "ts"), op.check()))
}

// Top is [Tops.Top].
func (b *Batch) Top(ts *Tops, list string, n, windows int) Pending[TopList] {
	op := newTopOp(ts, topReads, list)
	op.show, op.windows = n, windows
	return pend[TopList](b, ts.when, op, errors.Join(b.of(ts.state, "ts"), op.check()))
}

// oneCount is an addition to one counter.
type oneCount struct{ *countOp }

func (op oneCount) result(degraded bool) (Count, error) {
	if err := op.settle(degraded); err != nil {
		return Count{}, err
	}
	return op.counts[0], nil
}

// oneCountRead reads one counter.
type oneCountRead struct{ *countReadOp }

func (op oneCountRead) result(degraded bool) (Count, error) {
	if err := op.settle(degraded); err != nil {
		return Count{}, err
	}
	return op.counts[0], nil
}

// oneMetric adds to one counter of metrics.
type oneMetric struct{ *metricOp }

func (op oneMetric) result(bool) (float64, error) { return op.total, op.err }
