package bwstate

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strconv"

	"github.com/bwredis/bwredis/resp"
)

// A MetricsQuery says which metrics are asked for.
type MetricsQuery struct {
	Plugin   string // its id; "": all plugins
	MaxTable int    // elements of each table, the newest; 0: 1000
}

// A StoredMetric is what one worker of a node, or one process, has written.
type StoredMetric struct {
	Plugin, Name string
	Worker       string // a number of a node, or the Worker of a MetricsConfig
	Table        bool   // it has Elements, not a Value

	Value    float64
	Elements []string // the newest, the last at the end
	Older    int      // elements that are there as well, and were more than MaxTable, or together more than 4 MiB

	// Problem is what is wrong with what is stored: a *CountError for what is no number, or of another type. There is neither a Value nor Elements then.
	Problem error
}

// How much is read in one round trip.
const (
	metricsPage  = 500 // keys that SCAN looks at
	tablesAtOnce = 8
	maxTableRead = 4 << 20 // bytes of a table, its elements and 16 for each; with 8 of them that is far less than a reply may take
)

var readMetricScript = newScript("metric_read.lua", readMetricTwin, "count.lua")

// StoredMetrics returns the metrics that are stored, of all nodes and processes, one by one; what is read with each round trip is bounded, whatever is stored. The order is the
// server's, and what is written or deleted meanwhile may be among them or not; one that is there all the time is, and may come twice. The sequence ends with an
// error, if there is one. To end it early costs nothing.
func (s *State) StoredMetrics(ctx context.Context, query MetricsQuery) iter.Seq2[StoredMetric, error] {
	return func(yield func(StoredMetric, error) bool) {
		if query.MaxTable < 0 {
			yield(StoredMetric{}, &ArgumentError{Name: "MaxTable", Problem: "is negative: " + strconv.Itoa(query.MaxTable)})
			return
		}
		op := newMetricsReader(query)
		for !op.scan.over || len(op.waiting) > 0 {
			op.q.Reset()
			if err := s.run(ctx, &op.q, op); err != nil {
				yield(StoredMetric{}, err)
				return
			}
			if op.err != nil {
				yield(StoredMetric{}, op.err)
				return
			}
			for i := range op.asked {
				if m := &op.asked[i]; !m.gone && !yield(m.StoredMetric, nil) {
					return
				}
			}
			op.next()
		}
	}
}

// A metricsReader asks for the values of keys that it has found, and in the same round trip for more keys when few are waiting.
type metricsReader struct {
	q       resp.Request
	query   MetricsQuery
	waiting []foundMetric // keys whose values were not asked for
	asked   []foundMetric // the first of waiting, whose values are under way
	scan    keyScan
	found   []foundMetric
	err     error
}

func newMetricsReader(query MetricsQuery) *metricsReader {
	pattern := "metrics:*"
	if query.Plugin != "" {
		pattern = "metrics:" + escapeGlob(query.Plugin) + "_*"
	}
	return &metricsReader{query: query, scan: keyScan{pattern: pattern, count: metricsPage, cursor: "0"}}
}

type foundMetric struct {
	key  string
	gone bool
	StoredMetric
}

func (op *metricsReader) reads() bool { return true }

func (op *metricsReader) add(q *resp.Request) {
	tables, n := 0, 0
	for ; n < len(op.waiting) && tables < tablesAtOnce; n++ {
		if op.waiting[n].Table {
			tables++
		}
	}
	op.asked, op.found, op.err = op.waiting[:n], nil, nil
	if n > 0 {
		op.ask(q)
	}
	if !op.scan.over && n == len(op.waiting) {
		op.scan.add(q)
	}
}

// ask asks for values.
func (op *metricsReader) ask(q *resp.Request) {
	keys, letters := make([]string, len(op.asked)), make([]byte, len(op.asked))
	for i := range op.asked {
		keys[i], letters[i] = op.asked[i].key, 'c'
		if op.asked[i].Table {
			letters[i] = 't'
		}
	}
	q.Script(readMetricScript.Script, keys...).Bytes(letters).Int(maxNumber).Int(maxTableRead).Int(int64(cmp.Or(op.query.MaxTable, maxTable)))
}

// HandleReply takes the values, and then the keys.
func (op *metricsReader) HandleReply(i int, r *resp.Reply) error {
	if i == 0 && len(op.asked) > 0 {
		op.err = op.read(r)
		return nil
	}
	keys, err := op.scan.read(r)
	if op.err == nil {
		op.err = err
	}
	for _, key := range keys {
		if m, ok := splitMetric(key, op.query.Plugin); ok {
			op.found = append(op.found, foundMetric{key: key, StoredMetric: m})
		}
	}
	return nil
}

// read takes the values.
func (op *metricsReader) read(r *resp.Reply) error {
	if n := r.Array(); r.Err() == nil && n != len(op.asked) {
		return &ValueError{What: "metrics", Problem: "were answered with another number of them than was asked for"}
	}
	for i := range op.asked {
		op.asked[i].read(r)
	}
	return r.Err()
}

// read takes what a key holds.
func (m *foundMetric) read(r *resp.Reply) {
	switch {
	case r.Null():
		m.gone = true
	case r.Kind() == resp.Integer:
		r.Int()
		m.Problem = &CountError{What: m.what(), Reason: CountWrongType}
	case m.Table:
		n := r.Array() - 1
		there := r.Int()
		for ; n > 0 && r.Err() == nil; n-- {
			m.Elements = append(m.Elements, r.Text())
		}
		slices.Reverse(m.Elements)
		m.Older = int(there) - len(m.Elements)
	default:
		var ok bool
		if m.Value, ok = parseMetric(string(r.Bytes())); !ok {
			m.Problem = &CountError{What: m.what(), Reason: CountForeign}
		}
	}
}

func (m *StoredMetric) what() string {
	if m.Table {
		return "table"
	}
	return "metric"
}

// next forgets what was asked for.
func (op *metricsReader) next() {
	op.waiting = append(op.waiting[len(op.asked):], op.found...)
	op.asked = nil
}
