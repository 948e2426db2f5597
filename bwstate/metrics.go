package bwstate

import (
	"context"
	"fmt"
	"math"
	"time"
)

const (
	maxTable   = 1000     // elements of a table of metrics, at most, in BunkerWeb
	maxElement = 64 << 10 // bytes
)

// MetricsConfig says how a process writes metrics. The zero value with a Worker is ready.
type MetricsConfig struct {
	// Worker is what keys end with: up to 64 letters, digits and any of ".-_". It must be this process's own and must not be a number, because nodes number their
	// workers, and write over what has the same number. BunkerWeb's UI adds up all workers, whatever they are called.
	Worker string

	// TTL is how long a metric lives after it was written the last time. 0: for ever, as those of nodes, which pile up (BunkerWeb's issue 3758).
	TTL time.Duration

	MaxTable int // elements that a table keeps, at most and by default BunkerWeb's 1000
}

// Metrics writes metrics as BunkerWeb's nodes do, under a name of its own, so that BunkerWeb's UI shows and adds them. [State.Metrics] makes it.
//
// A metric belongs to a plugin, such as "badbehavior". It is a counter, which is a float64 and exact up to 2^53, or a table, which is a list of texts; nodes write JSON
// objects there. Names may hold anything: addresses, URLs, colons. BunkerWeb's UI cuts names at the first colon; [State.SumMetrics] does not.
//
// Every call is one round trip. The methods may be called concurrently.
type Metrics struct {
	state  *State
	worker string
	ttl    int64 // milliseconds; 0: none
	most   int
}

// Metrics returns what writes a process's metrics. An error is an [*ArgumentError].
func (s *State) Metrics(cfg MetricsConfig) (*Metrics, error) {
	m := &Metrics{state: s, worker: cfg.Worker, ttl: cfg.TTL.Milliseconds(), most: cfg.MaxTable}
	if !isWorker(cfg.Worker) {
		return nil, &ArgumentError{Name: "Worker", Problem: "is not 1 to 64 letters, digits, dots, hyphens and underscores, or is a number"}
	}
	if cfg.TTL != 0 {
		if err := checkTTL("TTL", cfg.TTL); err != nil {
			return nil, err
		}
	}
	switch {
	case m.most == 0:
		m.most = maxTable
	case m.most < 0 || m.most > maxTable:
		return nil, &ArgumentError{Name: "MaxTable", Problem: "is not between 1 and 1000"}
	}
	return m, nil
}

// MetricAction says what a [MetricWrite] does.
type MetricAction byte

// What can be done to a metric.
const (
	AddToCounter  MetricAction = iota // adds Value, in one step on the server; what is no number stays, and is a *CountError
	SetCounter                        // writes Value, a running total, over whatever is there, byte for byte as nodes do
	AppendToTable                     // adds Elements at the end; the oldest go where there are too many
	ReplaceTable                      // keeps Elements alone, in one step: nobody sees half a table. None: the table goes
)

// A MetricWrite is one change of one metric.
type MetricWrite struct {
	Plugin string // up to 64 letters, digits and any of ".-_"
	Name   string // such as "status_404"; 1 byte to 16 KiB
	Action MetricAction

	Value    float64
	Elements []string // texts of up to 64 KiB; JSON objects for BunkerWeb's UI. Of more than MaxTable the last are kept
}

// Add adds to a counter of this process and returns its total.
func (m *Metrics) Add(ctx context.Context, plugin, name string, n float64) (total float64, err error) {
	op := newMetricOp(m)
	defer op.recycle()
	op.one[0] = MetricWrite{Plugin: plugin, Name: name, Value: n}
	if err := op.take(op.one[:]); err != nil {
		return 0, err
	}
	err = op.run(ctx)
	return op.total, err
}

// Set writes a running total that this process keeps itself, as nodes do.
func (m *Metrics) Set(ctx context.Context, plugin, name string, total float64) error {
	return m.Write(ctx, MetricWrite{Plugin: plugin, Name: name, Action: SetCounter, Value: total})
}

// Append adds elements to a table of this process.
func (m *Metrics) Append(ctx context.Context, plugin, name string, elements ...string) error {
	return m.Write(ctx, MetricWrite{Plugin: plugin, Name: name, Action: AppendToTable, Elements: elements})
}

// Replace gives a table of this process other elements.
func (m *Metrics) Replace(ctx context.Context, plugin, name string, elements ...string) error {
	return m.Write(ctx, MetricWrite{Plugin: plugin, Name: name, Action: ReplaceTable, Elements: elements})
}

// Write makes many changes in one round trip. Each is done in one step of its own: where one is refused the others are done all the same, and the first refusal is
// returned. Nothing is sent when an argument is wrong. Do not both set and add to a counter in one call: after a restart of the server the order may be another.
func (m *Metrics) Write(ctx context.Context, writes ...MetricWrite) error {
	if len(writes) == 0 {
		return nil
	}
	op := newMetricOp(m)
	defer op.recycle()
	if err := op.take(writes); err != nil {
		return err
	}
	return op.run(ctx)
}

// check returns what is wrong with the i-th of several changes.
func (w *MetricWrite) check(i int) error {
	err := checkMetric(w.Plugin, w.Name)
	switch {
	case err != nil:
	case w.Action > ReplaceTable:
		err = &ArgumentError{Name: "Action", Problem: "is none"}
	case w.Action <= SetCounter && (math.IsNaN(w.Value) || math.IsInf(w.Value, 0)):
		err = &ArgumentError{Name: "Value", Problem: "is not a number"}
	case w.Action <= SetCounter && w.Elements != nil, w.Action > SetCounter && w.Value != 0:
		err = &ArgumentError{Name: "Action", Problem: "does not go with what is given: counters have a Value, tables have Elements"}
	case w.Action == AppendToTable && len(w.Elements) == 0:
		err = &ArgumentError{Name: "Elements", Problem: "are missing"}
	}
	for _, e := range w.Elements {
		if err == nil && len(e) > maxElement {
			err = &ArgumentError{Name: "Elements", Problem: "are longer than 64 KiB"}
		}
	}
	if a, ok := err.(*ArgumentError); ok && i > 0 {
		a.Problem += fmt.Sprintf(" (change %d)", i+1)
	}
	return err
}
