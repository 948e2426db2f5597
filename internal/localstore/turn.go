package localstore

import (
	"math"
	"sync"
	"time"

	"github.com/bwredis/bwredis/resp"
)

// What a turn keeps for the next request, at most.
const (
	maxKeptBytes = 64 << 10
	maxKeptItems = 4 << 10
)

// scriptRoom is how long a script's reply may get, in bytes, before it costs an allocation.
const scriptRoom = 512

// poison makes deliver overwrite a reply once its handler is done. Only tests set it, before they use a store.
var poison bool

// A turn is one request's time at the store: its commands are executed and their replies encoded while the store is locked, and the
// replies are delivered after that.
type turn struct {
	store *Store
	db    *keyspace
	now   time.Time // for all commands of the request

	scanner resp.Scanner // between two frames whenever a command runs
	reply   resp.Reply
	args    [][]byte // the command at work; borrowed from the request
	out     []byte   // replies, one behind the other
	ends    []int    // where each ends in out
	found   []*entry // what the command at work looks at
	fields  []*field
	nodes   []*node
	scores  []float64

	script scriptState
}

var turns = sync.Pool{New: func() any {
	// A request may be as large as its maker likes; what it stores is bounded by the keyspace.
	return &turn{scanner: resp.Scanner{MaxFrame: math.MaxInt}}
}}

// readCommand reads the command that encoded begins with into t.args and returns its length in bytes.
func (t *turn) readCommand(encoded []byte) (n int, err error) {
	n, err = t.scanner.Scan(encoded)
	if err != nil {
		return 0, err
	}
	t.reply.Reset(encoded[:n:n])
	clear(t.args)
	t.args = t.reply.Args(t.args[:0])
	if len(t.args) == 0 || t.reply.Err() != nil {
		return 0, &resp.SyntaxError{Offset: n, Msg: "a request that is not complete commands"}
	}
	return n, nil
}

// deliver hands the replies to h.
func (t *turn) deliver(h resp.Handler) error {
	start := 0
	for i, end := range t.ends {
		frame := t.out[start:end:end]
		t.reply.Reset(frame)
		var err error
		if h == nil {
			err = t.reply.Err()
		} else {
			err = h.HandleReply(i, &t.reply)
		}
		if poison {
			clear(frame)
		}
		if err != nil {
			return err
		}
		start = end
	}
	return nil
}

// release gives t back for another request, without what it borrowed.
func (t *turn) release() {
	clear(t.args)
	clear(t.found)
	clear(t.fields)
	clear(t.nodes)
	t.fields, t.nodes, t.scores = trim(t.fields, maxKeptItems), trim(t.nodes, maxKeptItems), trim(t.scores, maxKeptItems)
	t.store, t.db = nil, nil
	t.reply.Reset(nil)
	t.scanner.Reset()
	t.args, t.found, t.ends = trim(t.args, maxKeptItems), trim(t.found, maxKeptItems), trim(t.ends, maxKeptItems)
	t.out = trim(t.out, maxKeptBytes)
	t.script.release()
	turns.Put(t)
}

// trim empties a slice, and lets go of its memory when that is much.
func trim[T any](s []T, most int) []T {
	if cap(s) > most {
		return nil
	}
	return s[:0]
}

// protocol is what the store speaks.
const protocol = 3

// The methods below append a reply.

func (t *turn) ok()           { t.simple("OK") }
func (t *turn) null()         { t.out = resp.AppendNull(t.out, protocol) }
func (t *turn) int(n int64)   { t.out = resp.AppendInt(t.out, n) }
func (t *turn) count(n int)   { t.int(int64(n)) }
func (t *turn) bulk(s string) { t.out = resp.AppendBulk(t.out, s) }
func (t *turn) zero()         { t.int(0) }
func (t *turn) none()         { t.array(0) }
func (t *turn) array(n int)   { t.out = resp.AppendAggregate(t.out, resp.Array, n, protocol) }

func (t *turn) double(f float64) { t.out = resp.AppendDouble(t.out, f, protocol) }

func (t *turn) simple(s string) { t.out = resp.AppendSimple(t.out, s) }

// bytes appends b as a bulk string.
func (t *turn) bytes(b []byte) { t.out = resp.AppendBulk(t.out, b) }

// value appends the value of e, or null when there is none.
func (t *turn) value(e *entry) {
	if e == nil {
		t.null()
		return
	}
	t.bulk(e.value)
}

// flag appends 1 or 0.
func (t *turn) flag(yes bool) {
	if yes {
		t.int(1)
		return
	}
	t.int(0)
}
