package bwstate

import (
	"context"
	"sync"

	"github.com/bwredis/bwredis/resp"
)

// LoadAppSession is [AppSessions.Load] of a session that is in the store. The result is nil when there is none, and an error is a method's own. A session that is
// in a cookie is not opened: there is none when the server answers, and otherwise an [*AwayError].
func (b *Batch) LoadAppSession(ss *AppSessions, token string) Pending[*AppSession] {
	return b.appSession(ss, token, false)
}

// TouchAppSession is [AppSessions.Touch], as LoadAppSession is Load.
func (b *Batch) TouchAppSession(ss *AppSessions, token string) Pending[*AppSession] {
	return b.appSession(ss, token, true)
}

func (b *Batch) appSession(ss *AppSessions, token string, touch bool) Pending[*AppSession] {
	err := b.of(ss.state, "ss")
	if err == nil && touch && ss.wait != nil {
		err = &ArgumentError{Name: "ss", Problem: "waits for replicas, which a batch does not"}
	}
	op := appLoads.Get().(*appLoad)
	op.sessionOp, op.sessions, op.token, op.touch = newSessionOp(), ss, token, touch
	if isToken(token) {
		op.handle = handleOfToken(token)
	}
	return pend[*AppSession](b, FailWhenAway, op, err)
}

// An appLoad loads or touches a session of an application.
type appLoad struct {
	*sessionOp
	sessions *AppSessions
	token    string
	handle   string // "": the token is none that the store has
	touch    bool
	refused  error
}

var appLoads = sync.Pool{New: func() any { return new(appLoad) }}

func (op *appLoad) recycle() {
	op.sessionOp.recycle()
	*op = appLoad{}
	appLoads.Put(op)
}

func (op *appLoad) add(q *resp.Request) {
	op.refused, op.missing, op.reply = nil, false, op.reply[:0]
	switch {
	case op.handle == "":
		q.Cmd("PING") // no token that the store has; but is there a server?
	case op.touch:
		op.sessions.addTouch(q, op.handle)
	default:
		op.sessions.addLoad(q, op.handle)
	}
}

func (op *appLoad) reads() bool { return !op.touch || op.handle == "" }

func (op *appLoad) HandleReply(i int, r *resp.Reply) error {
	if refused := r.ErrorReply(); refused != nil {
		op.refused = refused
		return nil
	}
	return op.sessionOp.HandleReply(i, r)
}

func (op *appLoad) result(bool) (*AppSession, error) {
	switch {
	case op.refused != nil:
		return nil, sessionError(context.Background(), op.refused)
	case op.handle == "":
		return nil, nil
	}
	if op.touch {
		if err := op.problem(); err != nil {
			return nil, err
		}
	}
	if op.missing || len(op.reply) == 0 {
		return nil, nil
	}
	s, err := op.sessions.decode(op.token, op.handle, op.reply)
	if err != nil {
		return nil, err
	}
	return &s, nil
}

func (op *appLoad) explain(ctx context.Context, err error) error { return sessionError(ctx, err) }

// OpenVisitor is [VisitorSessions.Open].
func (b *Batch) OpenVisitor(vs *VisitorSessions, cookie func(name string) string) Pending[*VisitorSession] {
	err := b.of(vs.state, "vs")
	var op *visitorOpen
	if err == nil {
		op, err = vs.open(cookie)
	}
	return pend[*VisitorSession](b, FailWhenAway, op, err)
}
