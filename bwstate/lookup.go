package bwstate

import (
	"math"
	"sync"
	"time"

	"github.com/bwredis/bwredis/resp"
)

// A lookup asks for one or two bans.
type lookup struct {
	q     resp.Request
	asked [2]Ban
	n     int

	value []byte // of the ban at hand
	state keyState
	found bool
	ban   Ban
	err   error // the first error reply
}

// keyState is what GET said of a key.
type keyState byte

const (
	absent keyState = iota
	present
	broken
)

var lookups = sync.Pool{New: func() any { return new(lookup) }}

// maxKeptValue bounds, in bytes, the room for a value that is kept for later.
const maxKeptValue = 64 << 10

func (op *lookup) recycle() {
	q, value := op.q, op.value[:0]
	q.Reset()
	if cap(value) > maxKeptValue {
		value = nil
	}
	*op = lookup{q: q, value: value}
	lookups.Put(op)
}

// ask adds the two commands that tell of a ban: its value and its remaining time, in milliseconds.
func (op *lookup) ask(b Ban) {
	key := banKey(b.Scope, b.Service, b.IP)
	op.asked[op.n] = b
	op.n++
	op.q.Cmd("GET").Str(key)
	op.q.Cmd("PTTL").Str(key)
}

// HandleReply takes GET's reply, then PTTL's, for each key.
func (op *lookup) HandleReply(i int, r *resp.Reply) error {
	if i%2 == 0 {
		return op.handleValue(r)
	}
	if op.found || op.state != present {
		return nil
	}
	ttl := r.Int()
	if err := r.Err(); err != nil || ttl == noKey { // it ended between the two
		return err
	}
	op.found = true
	op.ban = op.asked[i/2]
	op.ban.decode(op.value)
	op.ban.setTTL(ttl)
	return nil
}

func (op *lookup) handleValue(r *resp.Reply) error {
	switch err := r.Err(); {
	case err != nil:
		op.state = broken
		if op.err == nil {
			op.err = err
		}
	case r.Null():
		op.state = absent
	default:
		op.state = present
		op.value = r.AppendTo(op.value[:0])
		return r.Err() // nothing that a server answers to GET
	}
	return nil
}

// What PTTL answers in the place of a time (since Redis 2.8).
const (
	noKey    = -2
	noExpiry = -1
)

// setTTL believes the key's lifetime rather than what the value says of it.
func (b *Ban) setTTL(ms int64) {
	b.Permanent = ms == noExpiry
	if !b.Permanent {
		b.Remaining = lifetime(ms)
	}
}

// lifetime is what PTTL says of a key that has an end, as far as a time.Duration can tell. What is in its last millisecond is still there.
func lifetime(ms int64) time.Duration {
	const most = math.MaxInt64 / int64(time.Millisecond)
	return time.Duration(min(max(ms, 1), most)) * time.Millisecond
}
