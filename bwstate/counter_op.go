package bwstate

import (
	"context"
	"slices"
	"strconv"
	"sync"

	"github.com/bwredis/bwredis/resp"
)

var (
	addCountScript  = newScript("count_add.lua", addCountTwin, "count.lua")
	readCountScript = newScript("count_read.lua", readCountTwin, "count.lua")
)

// tokenMagic is what the value of a token begins with. Behind it is a hash of what the token counted.
const tokenMagic = "bwc1 "

// A countOp adds to counters.
type countOp struct {
	q         resp.Request
	cs        *Counters
	additions []Addition
	one       [1]Addition
	token     string // its key; "": none
	mark      string // what the token is for
	keys      []string
	counts    []Count
	text      []byte // room for what is hashed
	err       error
}

var countOps = sync.Pool{New: func() any { return new(countOp) }}

func newCountOp(cs *Counters) *countOp {
	op := countOps.Get().(*countOp)
	op.cs = cs
	return op
}

func (op *countOp) recycle() {
	q, keys, counts, text := op.q, op.keys, op.counts, op.text[:0]
	if q.Reset(); cap(q.Encoded()) > maxKeptRequest || cap(text) > maxKeptRequest {
		q, text = resp.Request{}, nil
	}
	clear(keys)
	*op = countOp{q: q, keys: keys[:0], counts: counts[:0], text: text}
	countOps.Put(op)
}

// take takes what is to be added, or says what is wrong with it.
func (op *countOp) take(token string, additions []Addition) error {
	op.additions = additions
	if err := checkAdditions(additions); err != nil {
		return err
	}
	if token != "" {
		op.once(token)
	}
	return nil
}

func (op *countOp) run(ctx context.Context) (degraded bool, err error) {
	if op.token != "" {
		op.q.MarkIdempotent()
	}
	return op.cs.state.runSomewhere(ctx, op.cs.when, &op.q, op)
}

// settle ends an operation that was answered.
func (op *countOp) settle(degraded bool) error {
	for i := range op.counts {
		op.counts[i].Degraded = degraded
	}
	return op.err
}

func (op *countOp) result(degraded bool) ([]Count, error) {
	if err := op.settle(degraded); err != nil {
		return nil, err
	}
	return slices.Clone(op.counts), nil
}

// once makes the additions belong to a token.
func (op *countOp) once(token string) {
	op.token = countKey(op.cs.app, "once", hashText("", token))
	text := strconv.AppendInt(op.text[:0], op.cs.window, 10)
	for _, a := range op.additions {
		text = strconv.AppendInt(append(text, ' '), a.N, 10)
		text = strconv.AppendInt(append(text, ' '), int64(len(a.Name)), 10)
		text = append(append(text, ' '), a.Name...)
	}
	op.mark, op.text = tokenMagic+hashText("", string(text)), text
}

func (op *countOp) reads() bool { return false }

func (op *countOp) add(q *resp.Request) {
	op.keys, op.counts, op.err = op.keys[:0], op.counts[:0], nil
	for _, a := range op.additions {
		op.keys = append(op.keys, countKey(op.cs.app, op.cs.kind, a.Name))
	}
	if op.token != "" {
		op.keys = append(op.keys, op.token)
	}
	q.Script(addCountScript.Script, op.keys...)
	q.Int(op.cs.ttl).Int(op.cs.window).Int(int64(op.cs.windows)).Str(op.mark).Int(op.cs.remember)
	for _, a := range op.additions {
		q.Int(a.N)
	}
}

// HandleReply takes the one reply.
func (op *countOp) HandleReply(_ int, r *resp.Reply) error {
	n := r.Array()
	letter := string(r.Bytes())
	switch {
	case r.Err() != nil:
	case letter != countedNow && letter != countedBefore:
		op.err = countProblem("counter", int(r.Int())-1, letter)
		return nil
	case n != len(op.additions)+1:
		op.err = &ValueError{What: "counter", Problem: "was answered with another number of totals than was asked for"}
		return nil
	}
	for ; n > 1 && r.Err() == nil; n-- {
		op.counts = append(op.counts, Count{Total: r.Int(), Found: true, Before: letter == countedBefore})
	}
	op.err = r.Err()
	return nil
}

// maxCountText is how long the text of a counter is, in bytes.
const maxCountText = len("-9223372036854775808")

// A countReadOp reads counters: with a GETRANGE for each, or in windows with one script.
type countReadOp struct {
	q       resp.Request
	cs      *Counters
	names   []string
	one     [1]string
	keys    []string
	counts  []Count
	history []int64 // not nil: wants the windows of the one
	err     error
}

var countReadOps = sync.Pool{New: func() any { return new(countReadOp) }}

func newCountReadOp(cs *Counters) *countReadOp {
	op := countReadOps.Get().(*countReadOp)
	op.cs = cs
	return op
}

func (op *countReadOp) recycle() {
	q, keys, counts := op.q, op.keys, op.counts
	if q.Reset(); cap(q.Encoded()) > maxKeptRequest {
		q = resp.Request{}
	}
	clear(keys)
	*op = countReadOp{q: q, keys: keys[:0], counts: counts[:0]}
	countReadOps.Put(op)
}

// take takes what is to be read, or says what is wrong with it.
func (op *countReadOp) take(names []string) error {
	op.names = names
	return checkCounters(names)
}

func (op *countReadOp) run(ctx context.Context) (degraded bool, err error) {
	return op.cs.state.runSomewhere(ctx, op.cs.when, &op.q, op)
}

// settle ends an operation that was answered.
func (op *countReadOp) settle(degraded bool) error {
	for i := range op.counts {
		op.counts[i].Degraded = degraded
	}
	return op.err
}

// result returns what could be read, and the first error.
func (op *countReadOp) result(degraded bool) ([]Count, error) {
	err := op.settle(degraded)
	return slices.Clone(op.counts), err
}

func (op *countReadOp) reads() bool { return true }

func (op *countReadOp) add(q *resp.Request) {
	op.keys, op.counts, op.history, op.err = op.keys[:0], op.counts[:0], op.history[:0], nil
	for _, name := range op.names {
		key := countKey(op.cs.app, op.cs.kind, name)
		if op.cs.window == 0 {
			q.Cmd("GETRANGE").Str(key).Int(0).Int(int64(maxCountText)) // not GET: whatever somebody else wrote there stays there
		} else {
			op.keys = append(op.keys, key)
		}
	}
	if op.cs.window > 0 {
		q.Script(readCountScript.Script, op.keys...).Int(op.cs.window).Int(int64(op.cs.windows))
	}
}

// HandleReply takes a reply for each counter, or one for all.
func (op *countReadOp) HandleReply(i int, r *resp.Reply) error {
	if op.cs.window == 0 {
		op.plain(i, r)
		return nil
	}
	if n := r.Array(); r.Err() == nil && n != len(op.names) {
		op.fail(&ValueError{What: "counter", Problem: "was answered with another number of counters than was asked for"})
		return nil
	}
	for i := range op.names {
		op.windowed(i, r)
	}
	if err := r.Err(); err != nil {
		op.counts = op.counts[:0]
		op.fail(err)
	}
	return nil
}

func (op *countReadOp) fail(err error) {
	if op.err == nil {
		op.err = err
	}
}

func (op *countReadOp) plain(i int, r *resp.Reply) {
	var c Count
	switch err := r.Err(); {
	case err != nil:
		op.fail(countRefusal("counter", i, err))
	default:
		text := r.Bytes()
		if c.Total, c.Found = parseCount(text); !c.Found && len(text) > 0 {
			op.fail(&CountError{What: "counter", Index: i, Reason: CountForeign})
		}
	}
	op.counts = append(op.counts, c)
}

func (op *countReadOp) windowed(i int, r *resp.Reply) {
	var c Count
	var problem CountReason
	if r.Kind() == resp.BulkString {
		op.fail(countProblem("counter", i, r.Text()))
		op.counts = append(op.counts, c)
		return
	}
	for n := r.Array(); n > 0 && r.Err() == nil; n-- {
		count := int64(0)
		if !r.Null() {
			var ok bool
			if count, ok = parseCount(r.Bytes()); !ok {
				problem = CountForeign
			}
			c.Found = true
		}
		if op.history != nil {
			op.history = append(op.history, count)
		}
		sum := c.Total + count
		if (sum > c.Total) != (count > 0) {
			problem = CountOverflow
		}
		c.Total = sum
	}
	if problem != "" {
		op.fail(&CountError{What: "counter", Index: i, Reason: problem})
		c = Count{}
	}
	op.counts = append(op.counts, c)
}

// parseCount reads what servers take for an integer: a whole decimal without padding.
func parseCount(text []byte) (int64, bool) {
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != string(text) {
		return 0, false
	}
	return n, true
}
