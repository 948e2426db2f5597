package bwstate

import (
	"context"
	"strconv"
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

func (op *metricOp) run(ctx context.Context) error {
	for i := range op.writes {
		if err := op.writes[i].check(i); err != nil {
			return err
		}
	}
	if err := op.m.state.run(ctx, &op.q, op); err != nil {
		return err
	}
	return op.err
}

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

// addMetricTwin is lua/metric_add.lua.
func addMetricTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	t := &twinCall{call, dst}
	old := call("GET", keys[0])
	if old.Err() != nil {
		return appendValue(dst, old)
	}
	total := 0.0
	if !old.IsNull() {
		text, _ := old.Text()
		var ok bool
		if total, ok = parseLuaNumber(text); !ok {
			return t.text(foreignText)
		}
	}
	n, _ := strconv.ParseFloat(argv[0], 64)
	total += n
	if total-total != 0 { // not a number, or infinite
		return t.text(overflowed)
	}
	set := []string{"SET", keys[0], exactNumber(total)}
	if argv[1] != "0" {
		set = append(set, "PX", argv[1])
	}
	if reply := call(set...); reply.Err() != nil {
		return appendValue(dst, reply)
	}
	return t.text(set[2])
}

// metricTableTwin is lua/metric_table.lua.
func metricTableTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	elements := argv[2:]
	changes := [][]string{{"LLEN", keys[0]}, {"LTRIM", keys[0], "-" + argv[0], "-1"}, {"PEXPIRE", keys[0], argv[1]}}
	if len(elements) > 0 {
		changes[0] = append([]string{"RPUSH", keys[0]}, elements...)
	}
	if argv[0] == "0" {
		changes[1] = []string{"UNLINK", keys[0]}
	}
	if argv[1] == "0" {
		changes[2] = []string{"PERSIST", keys[0]}
	}
	for _, change := range changes {
		if reply := call(change...); reply.Err() != nil {
			return appendValue(dst, reply)
		}
	}
	return appendValue(dst, call("LLEN", keys[0]))
}
