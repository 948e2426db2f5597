package bwstate

import (
	"context"
	"math"
	"slices"
	"strconv"
)

// MetricSums is what all nodes and processes have counted for one plugin.
type MetricSums struct {
	Counters map[string]float64  // by name, the sum over all workers
	Tables   map[string][]string // by name, the elements of all workers, one worker behind the other
	Problems []StoredMetric      // those that have a Problem, or would make a sum infinite; they are in no sum
}

// What is kept in memory for sums, at most.
const (
	maxMetricKeys  = 200_000
	maxMetricBytes = 128 << 20 // of tables
)

// SumMetrics adds up the metrics of a plugin over all workers of all nodes, as BunkerWeb's UI does, with whole names. It keeps all of them in memory;
// [State.StoredMetrics] does not. A plugin with more than 200,000 of them, or with more than 128 MiB of tables, is an error.
func (s *State) SumMetrics(ctx context.Context, query MetricsQuery) (MetricSums, error) {
	sums := MetricSums{Counters: map[string]float64{}, Tables: map[string][]string{}}
	if query.Plugin == "" {
		return sums, &ArgumentError{Name: "Plugin", Problem: "is missing"}
	}
	seen, total, bytes := map[string][]string{}, 0, 0 // workers, by kind and name: SCAN may show a key twice
	for m, err := range s.StoredMetrics(ctx, query) {
		if err != nil {
			return MetricSums{}, err
		}
		name := m.what() + m.Name
		if slices.Contains(seen[name], m.Worker) {
			continue
		}
		seen[name] = append(seen[name], m.Worker)
		if total++; total > maxMetricKeys {
			return MetricSums{}, &ValueError{What: "metrics", Problem: "are more than " + strconv.Itoa(maxMetricKeys)}
		}
		switch {
		case m.Problem != nil:
			sums.Problems = append(sums.Problems, m)
		case m.Table:
			sums.Tables[m.Name] = append(sums.Tables[m.Name], m.Elements...)
			for _, e := range m.Elements {
				bytes += len(e) + 16
			}
			if bytes > maxMetricBytes {
				return MetricSums{}, &ValueError{What: "metrics", Problem: "have tables of more than " + strconv.Itoa(maxMetricBytes) + " bytes"}
			}
		case math.IsInf(sums.Counters[m.Name]+m.Value, 0):
			m.Problem = &CountError{What: m.what(), Reason: CountOverflow}
			sums.Problems = append(sums.Problems, m)
		default:
			sums.Counters[m.Name] += m.Value
		}
	}
	return sums, nil
}

// Clear deletes all metrics of this process, page by page, and returns how many there were. Called again it goes on after an error. To clean up after a process that
// is gone, make Metrics with its Worker.
func (m *Metrics) Clear(ctx context.Context) (deleted int64, err error) {
	op := newAdhoc()
	defer op.recycle()
	eraser := newMetricsEraser(m.worker)
	for !eraser.finished() {
		op.q.Reset()
		if err := m.state.run(ctx, &op.q, eraser); err != nil {
			return deleted, err
		}
		if deleted += eraser.deleted; eraser.err != nil {
			return deleted, eraser.err
		}
	}
	return deleted, nil
}
