package bwstate

import (
	"sync"

	"github.com/bwredis/bwredis/resp"
)

// fetching asks for the values of keys, and for how long they have to live. The lifetime is asked for first: should the key be written in between, it is the older one,
// which is the shorter one.
type fetching struct {
	q    resp.Request
	keys []string
	got  []fetched // one for each key that was answered
	buf  []byte    // the values
}

// fetched is what came of one key.
type fetched struct {
	state      keyState
	ms         int64 // as PTTL says it
	begin, end int   // of the value in buf
	err        error // the server's refusal, when state is broken
}

var fetchings = sync.Pool{New: func() any { return new(fetching) }}

func newFetching(keys ...string) *fetching {
	op := fetchings.Get().(*fetching)
	op.keys = append(op.keys, keys...)
	return op
}

func (op *fetching) recycle() {
	if len(op.q.Encoded()) > maxKeptRequest {
		op.q = resp.Request{}
	}
	if cap(op.buf) > maxKeptValue {
		op.buf = nil
	}
	op.q.Reset()
	clear(op.keys)
	clear(op.got)
	op.keys, op.got, op.buf = op.keys[:0], op.got[:0], op.buf[:0]
	fetchings.Put(op)
}

func (op *fetching) add(q *resp.Request) {
	op.got, op.buf = op.got[:0], op.buf[:0]
	for _, key := range op.keys {
		q.Cmd("PTTL").Str(key)
		q.Cmd("GET").Str(key)
	}
}

func (op *fetching) reads() bool { return true }

// HandleReply takes PTTL's reply, then GET's, for each key.
func (op *fetching) HandleReply(i int, r *resp.Reply) error {
	if i%2 == 0 {
		f := fetched{ms: noKey}
		if e := r.ErrorReply(); e != nil {
			f.err = e
		} else {
			f.ms = r.Int()
		}
		op.got = append(op.got, f)
		return r.Err()
	}
	f := &op.got[i/2]
	if e := r.ErrorReply(); e != nil {
		f.err = e
	}
	switch {
	case f.err != nil:
		f.state = broken
		r.Skip()
		return nil
	case r.Null():
		f.state = absent
	default:
		f.state, f.begin = present, len(op.buf)
		op.buf = r.AppendTo(op.buf)
		f.end = len(op.buf)
	}
	return r.Err()
}

func (op *fetching) value(f fetched) []byte { return op.buf[f.begin:f.end:f.end] }
