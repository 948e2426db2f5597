package bwstate

import (
	"context"
	"strconv"
	"sync"

	"github.com/bwredis/bwredis/resp"
)

var (
	addTopScript    = newScript("top_add.lua", addTopTwin, "count.lua", "top.lua")
	readTopScript   = newScript("top_read.lua", readTopTwin, "count.lua", "top.lua")
	deleteTopScript = newScript("top_delete.lua", deleteTopTwin, "count.lua", "top.lua")
)

// topAction says what a topOp does.
type topAction byte

const (
	topAdds topAction = iota
	topReads
	topRanks
	topDeletes
)

// A topOp is one operation on a list.
type topOp struct {
	q       resp.Request
	ts      *Tops
	action  topAction
	list    string
	entries []TopEntry // to add
	member  string     // to look for
	show    int
	windows int

	found       TopList
	rank, count int64
	err         error
}

var topOps = sync.Pool{New: func() any { return new(topOp) }}

func newTopOp(ts *Tops, action topAction, list string) *topOp {
	op := topOps.Get().(*topOp)
	op.ts, op.action, op.list = ts, action, list
	return op
}

func (op *topOp) recycle() {
	q := op.q
	if q.Reset(); cap(q.Encoded()) > maxKeptRequest {
		q = resp.Request{}
	}
	*op = topOp{q: q}
	topOps.Put(op)
}

func (op *topOp) run(ctx context.Context) (found TopList, err error) {
	if err := op.check(); err != nil {
		return TopList{}, err
	}
	when := op.ts.when
	if op.action == topDeletes {
		when = FailWhenAway
	}
	degraded, err := op.ts.state.runSomewhere(ctx, when, &op.q, op)
	if err != nil {
		return TopList{}, err
	}
	return op.result(degraded)
}

func (op *topOp) result(degraded bool) (TopList, error) {
	if op.err != nil {
		return TopList{}, op.err
	}
	op.found.Degraded = degraded
	return op.found, nil
}

func (op *topOp) check() error {
	if err := checkCounterName(op.list); err != nil {
		return &ArgumentError{Name: "list", Problem: "is not 1 byte to 1 KiB"}
	}
	switch op.action {
	case topAdds:
		return op.checkEntries()
	case topReads, topRanks:
		if op.show < 1 || op.show > maxTopSize {
			return &ArgumentError{Name: "n", Problem: "is not between 1 and 1000: " + strconv.Itoa(op.show)}
		}
		if op.windows < 0 || op.windows > op.ts.windows {
			return &ArgumentError{Name: "windows", Problem: "are more than are kept, or less than one: " + strconv.Itoa(op.windows)}
		}
		if op.windows == 0 {
			op.windows = op.ts.windows
		}
		if op.action == topRanks {
			return checkMember(op.member)
		}
	}
	return nil
}

func (op *topOp) checkEntries() error {
	if len(op.entries) == 0 || len(op.entries) > maxTopBatch {
		return &ArgumentError{Name: "entries", Problem: "are not 1 to 1000"}
	}
	for _, e := range op.entries {
		if err := checkMember(e.Member); err != nil {
			return err
		}
		if e.Count < 1 || e.Count > maxExact {
			return &ArgumentError{Name: "Count", Problem: "is not between 1 and 2^53-1: " + strconv.FormatInt(e.Count, 10)}
		}
	}
	return nil
}

func checkMember(member string) error {
	if member == "" || len(member) > maxTopMember {
		return &ArgumentError{Name: "Member", Problem: "is not 1 byte to 4 KiB"}
	}
	return nil
}

func (op *topOp) reads() bool { return op.action == topReads || op.action == topRanks }

func (op *topOp) add(q *resp.Request) {
	op.found, op.rank, op.count, op.err = TopList{}, 0, 0, nil
	ts := op.ts
	prefix := countKey(ts.app, ts.kind, op.list) + ":"
	switch op.action {
	case topAdds:
		q.Script(addTopScript.Script, prefix).Int(ts.window).Int(ts.ttl).Int(int64(ts.size))
		for _, e := range op.entries {
			q.Str(e.Member).Int(e.Count)
		}
	case topReads, topRanks:
		q.Script(readTopScript.Script, prefix).Int(ts.window).Int(int64(op.windows)).Int(int64(ts.size)).Int(int64(op.show)).Int(maxTopMember)
		if op.action == topRanks {
			q.Str(op.member)
		}
	case topDeletes:
		q.Script(deleteTopScript.Script, prefix).Int(ts.window).Int(int64(ts.windows))
	}
}

// HandleReply takes the one reply.
func (op *topOp) HandleReply(_ int, r *resp.Reply) error {
	switch {
	case r.Err() != nil:
	case r.Kind() == resp.BulkString:
		op.err = countProblem("list", 0, r.Text())
		return nil
	case op.action == topAdds:
		op.handleCounts(r)
	case op.action == topReads:
		op.handleList(r)
	case op.action == topRanks:
		op.handleRank(r)
	case op.action == topDeletes:
		op.count = r.Int()
	}
	if op.err == nil && r.Err() != nil {
		op.err = countRefusal("list", 0, r.Err())
	}
	return nil
}

func (op *topOp) handleCounts(r *resp.Reply) {
	if n := r.Array(); r.Err() == nil && n != len(op.entries) {
		op.err = &ValueError{What: "list", Problem: "was answered with another number of counts than was asked for"}
		return
	}
	op.found.Entries = make([]TopEntry, 0, len(op.entries))
	for _, e := range op.entries {
		op.found.Entries = append(op.found.Entries, TopEntry{e.Member, r.Int()})
	}
}

func (op *topOp) handleList(r *resp.Reply) {
	n := r.Array()
	op.found.Wrong = r.Int()
	for ; n > 2 && r.Err() == nil; n -= 2 {
		op.found.Entries = append(op.found.Entries, TopEntry{r.Text(), r.Int()})
	}
}

func (op *topOp) handleRank(r *resp.Reply) {
	n := r.Array()
	op.found.Wrong = r.Int()
	if n > 2 {
		op.rank, op.count = r.Int(), r.Int()
	}
}
