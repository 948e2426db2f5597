package bwstate

import (
	"context"
	"iter"
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
	Elements []string

	// Problem is what is wrong with what is stored: a *CountError for what is no number, or of another type. There is neither a Value nor Elements then.
	Problem error
}

// How much is read in one round trip.
const (
	metricsPage  = 500 // keys that SCAN looks at
	tablesAtOnce = 16
)

// StoredMetrics returns the metrics that are stored, of all nodes and processes, one by one; what is asked for with each round trip is bounded. The order is the
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
	asked   []foundMetric // those that are asked for now: the first of waiting
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
	for i := range op.asked {
		if m := &op.asked[i]; m.Table {
			most := op.query.MaxTable
			if most == 0 {
				most = maxTable
			}
			q.Cmd("LRANGE").Str(m.key).Int(int64(-most)).Int(-1)
		} else {
			q.Cmd("GET").Str(m.key)
		}
	}
	if !op.scan.over && n == len(op.waiting) {
		op.scan.add(q)
	}
}

// HandleReply takes the values, and then the keys.
func (op *metricsReader) HandleReply(i int, r *resp.Reply) error {
	if i < len(op.asked) {
		op.asked[i].read(r)
		return nil
	}
	var keys []string
	keys, op.err = op.scan.read(r)
	for _, key := range keys {
		if m, ok := splitMetric(key, op.query.Plugin); ok {
			op.found = append(op.found, foundMetric{key: key, StoredMetric: m})
		}
	}
	return nil
}

// read takes what a key holds.
func (m *foundMetric) read(r *resp.Reply) {
	err := r.Err()
	switch {
	case err != nil:
	case m.Table:
		for n := r.Array(); n > 0; n-- {
			m.Elements = append(m.Elements, r.Text())
		}
		m.gone = len(m.Elements) == 0
		err = r.Err()
	case r.Null():
		m.gone = true
	default:
		var ok bool
		text := r.Bytes()
		if m.Value, ok = parseMetric(string(text)); !ok {
			err = &CountError{What: m.what(), Reason: CountForeign}
		}
	}
	if err != nil {
		m.Value, m.Elements, m.Problem = 0, nil, countRefusal(m.what(), 0, err)
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
