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
	k := r.Kind()
	isError := k == resp.SimpleError || k == resp.BulkError
	if isError {
		if e := refusal(*r); e != nil && g.pool.leave(g.m, e) && g.keepsBack(i) {
			g.refusing = e
		}
	}
	switch {
	case g.refusing == nil:
		return g.hand(i, r)
	case !isError:
		return g.handAll(i, r)
	case i == g.q.Len()-1 || g.q.Idempotent():
		g.refused = g.refusing
		return g.refused
	}
	copied := *r
	g.held = append(g.held, slices.Clone(copied.Raw()))
	return nil
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
	held := g.held
	g.refusing, g.held = nil, nil
	for j, frame := range held {
		var reply resp.Reply
		reply.Reset(frame)
		if err := g.hand(j, &reply); err != nil {
			return err
		}
	}
	return g.hand(i, r)
}

// keepsBack reports whether a refusal may be a reason to send the request again. Nothing of it must have been executed, or it may be executed twice: what follows decides. Of
// commands that fail nothing is executed, but of scripts.
func (g *guard) keepsBack(i int) bool {
	return i == 0 && !g.last && (g.q.Len() == 1 || g.q.Idempotent() || !g.q.Scripted())
}

// refusal returns the error reply that says that another server, or the same one later, would execute the command, else nil. r is a copy, so that the
// handler's cursor stays where it is.
func refusal(r resp.Reply) *resp.Error {
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
	if err == nil {
		return g.first
	}
	return err
}
