package bwstate

import (
	"cmp"
	"container/heap"
	"context"
	"iter"
	"slices"
	"strconv"

	"github.com/bwredis/bwredis/resp"
)

// maxTop is how many values Top returns at most.
const maxTop = 100_000

// Facet goes through the values that reports are counted under in a field, in no order, a thousand at a time. A value may come twice while others write, with its present count
// each time. Counts that are not positive, and what is no count, are left out, as the UI does.
func (r *Reports) Facet(ctx context.Context, field ReportField) iter.Seq2[FacetCount, error] {
	return func(yield func(FacetCount, error) bool) {
		if err := field.check(); err != nil {
			yield(FacetCount{}, err)
			return
		}
		op := facetScan{scans: []facetCursor{{field: field, cursor: "0"}}}
		for !op.scans[0].done {
			if err := op.run(ctx, r.state); err != nil {
				yield(FacetCount{}, err)
				return
			}
			for _, c := range op.scans[0].counts {
				if !yield(c, nil) {
					return
				}
			}
		}
	}
}

// Top returns the n values of a field that most reports have, the most first, of equal counts the lesser value first. It needs memory for n values, however many there are.
func (r *Reports) Top(ctx context.Context, field ReportField, n int) ([]FacetCount, error) {
	if err := field.check(); err != nil {
		return nil, err
	}
	top, err := r.top(ctx, n, field)
	return top[field], err
}

// Facets returns the n values that most reports have, of each field, in one round trip when there are no more than about a thousand of each.
func (r *Reports) Facets(ctx context.Context, n int) (map[ReportField][]FacetCount, error) {
	return r.top(ctx, n, reportFields[:]...)
}

func (r *Reports) top(ctx context.Context, n int, fields ...ReportField) (map[ReportField][]FacetCount, error) {
	if n < 1 || n > maxTop {
		return nil, &ArgumentError{Name: "n", Problem: "is not between 1 and 100000"}
	}
	op := facetScan{}
	tops := make(map[ReportField]*topCounts, len(fields))
	for _, f := range fields {
		op.scans = append(op.scans, facetCursor{field: f, cursor: "0"})
		tops[f] = &topCounts{most: n, at: make(map[string]int)}
	}
	for op.going() {
		if err := op.run(ctx, r.state); err != nil {
			return nil, err
		}
		for i := range op.scans {
			for _, c := range op.scans[i].counts {
				tops[op.scans[i].field].add(c)
			}
		}
	}
	result := make(map[ReportField][]FacetCount, len(fields))
	for f, top := range tops {
		result[f] = top.sorted()
	}
	return result, nil
}

// facetScan reads a part of each facet that it has not come to the end of.
type facetScan struct {
	q     resp.Request
	scans []facetCursor
	asked []int
	err   error
}

type facetCursor struct {
	field  ReportField
	cursor string
	done   bool
	counts []FacetCount // of the last reply
}

func (op *facetScan) going() bool {
	return slices.ContainsFunc(op.scans, func(c facetCursor) bool { return !c.done })
}

func (op *facetScan) run(ctx context.Context, s *State) error {
	op.q.Reset()
	if err := s.run(ctx, &op.q, op); err != nil {
		return err
	}
	return op.err
}

func (op *facetScan) add(q *resp.Request) {
	op.asked, op.err = op.asked[:0], nil
	for i := range op.scans {
		c := &op.scans[i]
		c.counts = c.counts[:0]
		if !c.done {
			op.asked = append(op.asked, i)
			q.Cmd("HSCAN").Str(facetKey(c.field)).Str(c.cursor).Str("COUNT").Int(1000)
		}
	}
}

func (op *facetScan) reads() bool { return true }

func (op *facetScan) HandleReply(i int, r *resp.Reply) error {
	v := r.Value()
	e := v.Elems()
	c := &op.scans[op.asked[i]]
	switch err := v.Err(); {
	case err != nil:
		if op.err == nil {
			op.err = err
		}
	case len(e) != 2:
		op.err = &ValueError{What: "answer to HSCAN", Problem: "has another form"}
	default:
		c.take(e[0], e[1])
	}
	return r.Err()
}

// take takes the values whose counts are positive.
func (c *facetCursor) take(cursor, pairs resp.Value) {
	for value, count := range pairs.Pairs() {
		text, err := count.Text()
		if err != nil {
			continue
		}
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 {
			name, _ := value.Text()
			c.counts = append(c.counts, FacetCount{name, n})
		}
	}
	c.cursor, _ = cursor.Text()
	c.done = c.cursor == "0" || c.cursor == ""
}

// topCounts keeps the largest counts. It is a heap with the least of them first.
type topCounts struct {
	most   int
	counts []FacetCount
	at     map[string]int // where a value is
}

// before is the order of Top.
func before(a, b FacetCount) int {
	return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
}

func (t *topCounts) Len() int           { return len(t.counts) }
func (t *topCounts) Less(i, j int) bool { return before(t.counts[i], t.counts[j]) > 0 }
func (t *topCounts) Swap(i, j int) {
	t.counts[i], t.counts[j] = t.counts[j], t.counts[i]
	t.at[t.counts[i].Value], t.at[t.counts[j].Value] = i, j
}

func (t *topCounts) Push(c any) {
	t.at[c.(FacetCount).Value] = len(t.counts)
	t.counts = append(t.counts, c.(FacetCount))
}

func (t *topCounts) Pop() any {
	last := t.counts[len(t.counts)-1]
	t.counts = t.counts[:len(t.counts)-1]
	delete(t.at, last.Value)
	return last
}

func (t *topCounts) add(c FacetCount) {
	i, known := t.at[c.Value]
	switch {
	case known:
		t.counts[i].Count = c.Count
		heap.Fix(t, i)
		return
	case len(t.counts) < t.most:
	case before(c, t.counts[0]) >= 0:
		return
	default:
		heap.Pop(t)
	}
	c.Value = string([]byte(c.Value)) // keeps no reply
	heap.Push(t, c)
}

func (t *topCounts) sorted() []FacetCount {
	slices.SortFunc(t.counts, before)
	return t.counts
}

// A ReportSummary is what the UI's home page shows.
type ReportSummary struct {
	Total    int64         // elements of the list, foreign ones included
	Blocked  int64         // reports whose status is 403, 429 or 444, which the UI takes for blocked
	ByStatus map[int]int64 // of those three, where there are any
}

var blockedStatuses = [...]int{403, 429, 444}

// Summary returns what the UI's home page shows, in one round trip.
func (r *Reports) Summary(ctx context.Context) (ReportSummary, error) {
	op := reportsSummary{}
	if err := r.state.run(ctx, &op.q, &op); err != nil {
		return ReportSummary{}, err
	}
	return op.summary, op.err
}

type reportsSummary struct {
	q       resp.Request
	summary ReportSummary
	err     error
}

func (op *reportsSummary) add(q *resp.Request) {
	op.summary, op.err = ReportSummary{ByStatus: make(map[int]int64)}, nil
	q.Cmd("LLEN").Str(reportsKey)
	q.Cmd("HMGET").Str(facetKey(FieldStatus))
	for _, status := range blockedStatuses {
		q.Int(int64(status))
	}
}

func (op *reportsSummary) reads() bool { return true }

func (op *reportsSummary) HandleReply(i int, r *resp.Reply) error {
	v := r.Value()
	if err := v.Err(); err != nil {
		if op.err == nil {
			op.err = err
		}
		return nil
	}
	if i == 0 {
		op.summary.Total, op.err = v.Int()
		return nil
	}
	for k, e := range v.Elems() {
		text, _ := e.Text()
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 {
			op.summary.ByStatus[blockedStatuses[k]] = n
			op.summary.Blocked += n
		}
	}
	return r.Err()
}
