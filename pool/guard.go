package pool

import (
	"slices"
	"strings"
	"sync"

	"github.com/bwredis/bwredis/resp"
)

// A guard stands between a connection and a caller's handler. It knows whether a reply was handed over, which forbids sending the request again, and keeps back
// the answer of a server that is not the master when there will be a second attempt.
type guard struct {
	pool     *Pool
	q        *resp.Request
	h        resp.Handler
	m        *member     // of the last attempt; nil when there was none
	after    uint64      // if it died: dials with a higher number began afterwards
	last     bool        // this is the second attempt
	answered bool        // the connection of this attempt has had a reply
	handed   bool        // h has seen one
	refusing *resp.Error // the first reply was that another server would execute it, and so far nothing was executed
	held     [][]byte    // the replies that were kept back because of that
	refused  *resp.Error // nothing was executed
	first    error       // the first error reply, when there is no handler
}

var guards = sync.Pool{New: func() any { return new(guard) }}

func newGuard(p *Pool, q *resp.Request, h resp.Handler) *guard {
	g := guards.Get().(*guard)
	g.pool, g.q, g.h = p, q, h
	return g
}

func (g *guard) recycle() {
	*g = guard{}
	guards.Put(g)
}

// prepareLast forgets the first attempt.
func (g *guard) prepareLast() {
	g.last, g.answered, g.after, g.refusing, g.held, g.refused, g.first = true, false, 0, nil, nil, nil, nil
}

// HandleReply hands a reply on.
func (g *guard) HandleReply(i int, r *resp.Reply) error {
	g.answered = true
	e := refusal(*r)
	if e != nil && g.pool.leave(g.m, e) && g.keepsBack(i) {
		g.refusing = e
	}
	switch last := i == g.q.Len()-1; {
	case g.refusing == nil:
		return g.hand(i, r)
	case e == nil && !(last && g.isRefusedWait(r)):
		return g.handAll(i, r)
	case last || g.q.Idempotent():
		g.refused = g.refusing
		return g.refused
	}
	copied := *r
	g.held = append(g.held, slices.Clone(copied.Raw()))
	return nil
}

// isRefusedWait reports whether r may be what a replica says to WAIT, at the end of a request that blocks: that it is for masters.
func (g *guard) isRefusedWait(r *resp.Reply) bool {
	k := r.Kind()
	return g.q.Blocking() && (k == resp.SimpleError || k == resp.BulkError)
}

func (g *guard) hand(i int, r *resp.Reply) error {
	if g.h != nil {
		g.handed = true
		return g.h.HandleReply(i, r)
	}
	if g.first == nil {
		g.first = r.Err()
	}
	return nil
}

// handAll hands on what was kept back as well: something was executed after all.
func (g *guard) handAll(i int, r *resp.Reply) error {
	if err := g.handHeld(); err != nil {
		return err
	}
	return g.hand(i, r)
}

// handHeld hands on what was kept back.
func (g *guard) handHeld() error {
	held := g.held
	g.refusing, g.held = nil, nil
	for j, frame := range held {
		var reply resp.Reply
		reply.Reset(frame)
		if err := g.hand(j, &reply); err != nil {
			return err
		}
	}
	return nil
}

// keepsBack reports whether a refusal may be a reason to send the request again: if all of it is refused, or it may be executed twice.
func (g *guard) keepsBack(i int) bool { return i == 0 && !g.last }

// refusal returns the error reply that says that another server, or the same one later, would execute the command, else nil. r is a copy, so that the
// handler's cursor stays where it is.
func refusal(r resp.Reply) *resp.Error {
	if k := r.Kind(); k != resp.SimpleError && k != resp.BulkError {
		return nil
	}
	e := r.ErrorReply()
	if e == nil {
		return nil
	}
	switch e.Code() {
	case "READONLY", "LOADING", "MASTERDOWN":
		return e
	}
	// Servers before Redis 7 wrap what a command of a script meets, and say where. Nothing looser will do: messages also quote what clients sent.
	wrapped := strings.HasPrefix(e.Message, "ERR Error running script") || strings.HasPrefix(e.Message, "@user_script: ")
	if wrapped && strings.Contains(e.Message, ": -READONLY You can't write against a read only replica") {
		return e
	}
	return nil
}

// result is what the caller gets to see.
func (g *guard) result(err error) error {
	switch {
	case err == nil:
		return g.first
	case g.refused != nil:
		return err
	}
	if refused := g.handHeld(); refused != nil { // the connection ended behind it
		return refused
	}
	return err
}
