package bwstate

import (
	"context"
	"sync"

	"github.com/bwredis/bwredis/resp"
)

var (
	addMetricScript   = newScript("metric_add.lua", addMetricTwin, "count.lua")
	metricTableScript = newScript("metric_table.lua", metricTableTwin, "count.lua")
)

// A metricOp makes changes of metrics, one command for each.
type metricOp struct {
	q      resp.Request
	m      *Metrics
	writes []MetricWrite
	one    [1]MetricWrite
	total  float64 // of the counter that was added to last
	err    error   // the first refusal
}

var metricOps = sync.Pool{New: func() any { return new(metricOp) }}

func newMetricOp(m *Metrics) *metricOp {
	op := metricOps.Get().(*metricOp)
	op.m = m
	return op
}

func (op *metricOp) recycle() {
	q := op.q
	if q.Reset(); cap(q.Encoded()) > maxKeptRequest {
		q = resp.Request{}
	}
	*op = metricOp{q: q}
	metricOps.Put(op)
}

// take takes what is to be changed, or says what is wrong with it.
func (op *metricOp) take(writes []MetricWrite) error {
	op.writes = writes
	for i := range writes {
		if err := writes[i].check(i); err != nil {
			return err
		}
	}
	return nil
}

func (op *metricOp) run(ctx context.Context) error {
	if err := op.m.state.run(ctx, &op.q, op); err != nil {
		return err
	}
	return op.err
}

func (op *metricOp) result(bool) (struct{}, error) { return struct{}{}, op.err }

func (op *metricOp) reads() bool { return false }

func (op *metricOp) add(q *resp.Request) {
	op.total, op.err = 0, nil
	for i := range op.writes {
		op.m.add(q, &op.writes[i])
	}
}

func (m *Metrics) add(q *resp.Request, w *MetricWrite) {
	if w.Action >= AppendToTable {
		elements := w.Elements[max(0, len(w.Elements)-m.most):]
		keep := m.most
		if w.Action == ReplaceTable {
			keep = len(elements)
		}
		q.Script(metricTableScript.Script, metricKey(w.Plugin, tableKind, w.Name, m.worker)).Int(int64(keep)).Int(m.ttl).Args(elements...)
		return
	}
	key := metricKey(w.Plugin, counterKind, w.Name, m.worker)
	if w.Action == AddToCounter {
		q.Script(addMetricScript.Script, key).Float(w.Value).Int(m.ttl)
		return
	}
	var room [32]byte
	q.Cmd("SET").Str(key).Bytes(appendLuaNumber(room[:0], w.Value))
	if m.ttl > 0 {
		q.Str("PX").Int(m.ttl)
	}
}

// HandleReply takes one reply for each change.
func (op *metricOp) HandleReply(i int, r *resp.Reply) error {
	what := "metric"
	if op.writes[i].Action >= AppendToTable {
		what = "table"
	}
	err := r.Err()
	switch {
	case err != nil:
		err = countRefusal(what, i, err)
	case op.writes[i].Action == AddToCounter:
		op.total, err = metricTotal(i, r)
	case op.writes[i].Action >= AppendToTable:
		r.Int()
		err = r.Err()
	}
	if op.err == nil {
		op.err = err
	}
	return nil
}

// metricTotal reads what lua/metric_add.lua returns.
func metricTotal(i int, r *resp.Reply) (float64, error) {
	text := r.Bytes()
	if err := r.Err(); err != nil {
		return 0, err
	}
	total, ok := parseMetric(string(text))
	if !ok {
		return 0, countProblem("metric", i, string(text))
	}
	return total, nil
}
