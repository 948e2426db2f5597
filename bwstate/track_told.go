package bwstate

import (
	"bytes"
	"errors"

	"github.com/bwredis/bwredis/resp"
)

// told is given everything that the server says unasked. It runs on the goroutine that reads.
func (t *tracker) told(r *resp.Reply) {
	if r.Array() == 0 || string(r.Bytes()) != "invalidate" {
		return
	}
	if r.Kind() != resp.Array { // null: FLUSHALL, FLUSHDB; and of what is not understood the worst is believed
		t.allChanged()
		return
	}
	for range r.Array() {
		key := r.Bytes()
		if r.Err() != nil {
			t.allChanged()
			return
		}
		t.changed(key)
	}
}

func (t *tracker) allChanged() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.topics {
		for _, c := range p.caches {
			c.count.invalidations.Add(1)
		}
		p.dropAll(true)
	}
}

// changed is told of a key, of whatever database.
func (t *tracker) changed(key []byte) {
	rest, ours := bytes.CutPrefix(key, []byte(cachePrefixes))
	colon := bytes.IndexByte(rest, ':')
	if !ours || colon < 0 {
		return
	}
	at := len(cachePrefixes) + colon + 1
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.topics[string(key[:at])]
	if p == nil {
		return
	}
	for _, c := range p.caches {
		c.changed(string(key[at:]))
	}
}

// refusedTracking says that the server will not tell of changes.
type refusedTracking struct{ err error }

func (e *refusedTracking) Error() string { return e.err.Error() }
func (e *refusedTracking) Unwrap() error { return e.err }

// why shows no more of a refusal than its code.
func (e *refusedTracking) why() string {
	var reply *resp.Error
	if errors.As(e.err, &reply) {
		return reply.Code()
	}
	return e.err.Error()
}
