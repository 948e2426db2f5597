package bwstate

import (
	"context"

	"github.com/bwredis/bwredis/resp"
)

// The application's sessions, written as by their own operations. A session that goes into a cookie, because the server is away, is on no replica: 0, and its Place
// says so. With a [*WaitError] the session that is returned, or changed, is the one that was written.

// CreateAppSession is [AppSessions.Create] of ss, which belongs to the same State.
func (d *Durable) CreateAppSession(ctx context.Context, ss *AppSessions, subject string, data []byte) (s AppSession, acknowledged int, err error) {
	durable, err := d.appSessions(ss, &acknowledged)
	if err != nil {
		return AppSession{}, 0, err
	}
	s, err = durable.Create(ctx, subject, data)
	return s, acknowledged, err
}

// SaveAppSession is [AppSessions.Save] of ss, which belongs to the same State.
func (d *Durable) SaveAppSession(ctx context.Context, ss *AppSessions, s *AppSession) (found bool, acknowledged int, err error) {
	durable, err := d.appSessions(ss, &acknowledged)
	if err != nil {
		return false, 0, err
	}
	found, err = durable.Save(ctx, s)
	return found, acknowledged, err
}

// RotateAppSession is [AppSessions.Rotate] of ss, which belongs to the same State.
func (d *Durable) RotateAppSession(ctx context.Context, ss *AppSessions, s *AppSession) (found bool, acknowledged int, err error) {
	durable, err := d.appSessions(ss, &acknowledged)
	if err != nil {
		return false, 0, err
	}
	found, err = durable.Rotate(ctx, s)
	return found, acknowledged, err
}

// RevokeAppSession is [AppSessions.Revoke] of ss, which belongs to the same State.
func (d *Durable) RevokeAppSession(ctx context.Context, ss *AppSessions, token string) (revoked bool, acknowledged int, err error) {
	durable, err := d.appSessions(ss, &acknowledged)
	if err != nil {
		return false, 0, err
	}
	revoked, err = durable.Revoke(ctx, token)
	return revoked, acknowledged, err
}

// RevokeAppSessionHandle is [AppSessions.RevokeHandle] of ss, which belongs to the same State.
func (d *Durable) RevokeAppSessionHandle(ctx context.Context, ss *AppSessions, handle string) (revoked bool, acknowledged int, err error) {
	durable, err := d.appSessions(ss, &acknowledged)
	if err != nil {
		return false, 0, err
	}
	revoked, err = durable.RevokeHandle(ctx, handle)
	return revoked, acknowledged, err
}

// RevokeAllAppSessions is [AppSessions.RevokeAll] of ss, which belongs to the same State.
func (d *Durable) RevokeAllAppSessions(ctx context.Context, ss *AppSessions, subject string) (revoked, acknowledged int, err error) {
	durable, err := d.appSessions(ss, &acknowledged)
	if err != nil {
		return 0, 0, err
	}
	revoked, err = durable.RevokeAll(ctx, subject)
	return revoked, acknowledged, err
}

// RevokeOtherAppSessions is [AppSessions.RevokeOthers] of ss, which belongs to the same State.
func (d *Durable) RevokeOtherAppSessions(ctx context.Context, ss *AppSessions, s *AppSession) (revoked, acknowledged int, err error) {
	durable, err := d.appSessions(ss, &acknowledged)
	if err != nil {
		return 0, 0, err
	}
	revoked, err = durable.RevokeOthers(ctx, s)
	return revoked, acknowledged, err
}

// appSessions are sessions whose next write waits for replicas.
func (d *Durable) appSessions(ss *AppSessions, acknowledged *int) (*AppSessions, error) {
	switch {
	case d.invalid != nil:
		return nil, d.invalid
	case ss.state != d.state:
		return nil, &ArgumentError{Name: "sessions", Problem: "belong to another State"}
	}
	durable := *ss
	durable.wait = &appWait{d: d, acknowledged: acknowledged}
	return &durable, nil
}

// An appWait is a wait for replicas behind a script, with its own handler: the write's reply is that of op.
type appWait struct {
	d            *Durable
	acknowledged *int
	op           *sessionOp
	q            resp.Request
	refused      error // why the write was not done
	answered     bool  // what became of the write is known
}

// roundTrip sends the text of the script in any case. Were its name sent, to a server that does not know it, such as one that has just become the master, WAIT
// would be answered before the script is sent again, and would count for what was written before.
func (w *appWait) roundTrip(ctx context.Context, op *sessionOp) error {
	w.op = op
	op.q.AppendEval(&w.q, 0)
	w.q.Cmd("WAIT").Int(w.d.replicas).Int(w.d.timeout).MarkBlocking()
	return w.d.state.roundTrip(ctx, &w.q, w)
}

// HandleReply takes the reply of the write, and then that of WAIT.
func (w *appWait) HandleReply(i int, r *resp.Reply) error {
	if i == 0 {
		w.refused = w.op.HandleReply(0, r)
		w.answered = w.refused == nil
		return w.refused
	}
	n := r.Int()
	if err := r.Err(); err != nil {
		return err
	}
	*w.acknowledged = int(n)
	return nil
}
