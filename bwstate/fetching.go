package bwstate

import (
	"sync"

	"github.com/bwredis/bwredis/resp"
)

// fetching asks for the values of keys, and for how long they have to live. The lifetime is asked for first: should the key be written in between, it is the older one,
// which is the shorter one. A value is asked for with one byte more than most: what is stored may be anybody's, and of any size. An empty one and none look
// the same, so at last it is asked whether there is one.
type fetching struct {
	q    resp.Request
	keys []string
	most int       // bytes a value may have
	got  []fetched // one for each key that was answered
	buf  []byte    // the values
}

// fetched is what came of one key.
type fetched struct {
	state      keyState
	ms         int64 // as PTTL says it
	begin, end int   // of the value in buf
	err        error // the server's refusal, or a [*ValueError], when state is broken
}

// perFetch is how many commands a key takes.
const perFetch = 3

var fetchings = sync.Pool{New: func() any { return new(fetching) }}

func newFetching(most int, keys ...string) *fetching {
	op := fetchings.Get().(*fetching)
	op.most = most
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
		q.Cmd("GETRANGE").Str(key).Int(0).Int(int64(op.most))
		q.Cmd("EXISTS").Str(key)
	}
}

func (op *fetching) reads() bool { return true }

// HandleReply takes PTTL's reply, then GETRANGE's, then that of EXISTS, for each key.
func (op *fetching) HandleReply(i int, r *resp.Reply) error {
	if i%perFetch == 0 {
		op.got = append(op.got, fetched{begin: len(op.buf), end: len(op.buf)})
	}
	f := &op.got[i/perFetch]
	if e := r.ErrorReply(); e != nil {
		if f.err == nil {
			f.state, f.err = broken, e
		}
		return nil
	}
	switch i % perFetch {
	case 0:
		f.ms = r.Int()
	case 1:
		op.buf = r.AppendTo(op.buf)
		f.end = len(op.buf)
	default:
		op.conclude(f, r.Int() > 0)
	}
	return r.Err()
}

// conclude says what has come of a key. there: it was there after the value was read.
func (op *fetching) conclude(f *fetched, there bool) {
	size := f.end - f.begin
	switch {
	case f.err != nil:
	case f.ms == noKey, size == 0 && !there:
		f.state = absent
	case size > op.most:
		f.state, f.err = broken, &ValueError{What: "value", Problem: "is larger than 16 MiB"}
	default:
		f.state = present
	}
}

func (op *fetching) value(f fetched) []byte { return op.buf[f.begin:f.end:f.end] }
