package bwstate

import (
	"time"

	"github.com/bwredis/bwredis/resp"
)

var limitsScript = newScript("limits.lua", limitsTwin)

// The kinds of limits, as lua/limits.lua knows them.
const (
	pathKind    = 'p'
	serviceKind = 's'
	quotaKind   = 'q'
	lookKind    = 'l'
)

// A limitCheck is one limit as it is sent, and what its answer is read with.
type limitCheck struct {
	kind   byte
	key    string
	limit  int64
	window int64         // seconds; for pathKind and serviceKind
	now    int64         // seconds of the nodes' clock
	rest   time.Duration // of this second
	quota  quotaSteps
}

// A limitsOp checks limits, by one run of one script.
type limitsOp struct {
	q       resp.Request
	ordered bool
	checks  []limitCheck
	keys    []string
	scratch []byte

	results []LimitResult
	errs    []error // of each
	err     error   // of all of them
}

func (op *limitsOp) recycle() {
	if len(op.q.Encoded()) > maxKeptRequest || len(op.checks) > 64 {
		return
	}
	op.q.Reset()
	clear(op.checks)
	clear(op.keys)
	*op = limitsOp{q: op.q, checks: op.checks[:0], keys: op.keys[:0], scratch: op.scratch[:0], results: op.results[:0], errs: op.errs[:0]}
	limitsOps.Put(op)
}

func (op *limitsOp) add(q *resp.Request) {
	op.keys, op.results, op.errs, op.err = op.keys[:0], op.results[:0], op.errs[:0], nil
	for i := range op.checks {
		op.keys = append(op.keys, op.checks[i].key)
		op.results, op.errs = append(op.results, LimitResult{}), append(op.errs, nil)
	}
	if len(op.checks) == 0 {
		return
	}
	q.Script(limitsScript.Script, op.keys...)
	for i := range op.checks {
		op.scratch = op.checks[i].append(op.scratch[:0])
		q.Bytes(op.scratch)
	}
	if op.ordered {
		q.Str("o")
	}
}

// reads reports whether nobody but looks.
func (op *limitsOp) reads() bool {
	for i := range op.checks {
		if op.checks[i].kind != lookKind {
			return false
		}
	}
	return true
}

// append appends a check as the script reads it.
func (c *limitCheck) append(dst []byte) []byte {
	dst = append(dst, c.kind)
	switch c.kind {
	case pathKind:
		return appendInts(dst, c.limit, c.window, c.now)
	case serviceKind:
		return appendInts(dst, c.limit, c.window)
	}
	s := &c.quota
	return appendInts(dst, s.cost.whole, s.cost.part, s.parts, s.most.whole, s.most.part)
}

// HandleReply takes the one reply there is.
func (op *limitsOp) HandleReply(_ int, r *resp.Reply) error {
	if refused := r.ErrorReply(); refused != nil {
		op.err = refused
		return nil
	}
	n := r.Array()
	if err := r.Err(); err != nil {
		return err
	}
	if n != len(op.checks) {
		return &ValueError{What: "limits", Problem: "were answered with another number of them"}
	}
	for i := range op.checks {
		if err := op.read(i, r); err != nil {
			return err
		}
	}
	return nil
}

// read takes the answer to one check.
func (op *limitsOp) read(i int, r *resp.Reply) error {
	c, result := &op.checks[i], &op.results[i]
	if refused := r.ErrorReply(); refused != nil {
		op.errs[i] = refused
		return nil
	}
	switch {
	case r.Null():
		result.Skipped = true
		return nil
	case r.Kind() == resp.BulkString || r.Kind() == resp.SimpleString:
		r.Skip()
		op.errs[i] = &ValueError{What: "limit", Problem: "is none"}
	case c.kind == serviceKind:
		c.serviceResult(result, r.Int())
	default:
		if n := r.Array(); n != 3 && r.Err() == nil {
			return &ValueError{What: "limits", Problem: "were answered with something else"}
		}
		a, b, d := r.Int(), r.Int(), r.Int()
		if c.kind == pathKind {
			c.pathResult(result, a, b, d)
		} else {
			c.quotaResult(result, a != 0, quotaTime{b, d})
		}
	}
	return r.Err()
}
