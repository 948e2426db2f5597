package bwstate

import (
	"context"

	"github.com/bwredis/bwredis/resp"
)

// Info returns what is known of a session by its handle, without its data, and false when there is none. It only reads.
func (ss *AppSessions) Info(ctx context.Context, handle string) (info AppSessionInfo, found bool, err error) {
	if !isHash(handle) {
		return AppSessionInfo{}, false, nil
	}
	op := newSessionOp()
	defer op.recycle()
	op.q.Cmd("GETRANGE").Str(appSessionKey(ss.name, handle)).Int(0).Int(int64(headSize) - 1).MarkReadOnly()
	if err := ss.state.roundTrip(ctx, &op.q, op); err != nil {
		return AppSessionInfo{}, false, sessionError(ctx, err)
	}
	if len(op.reply) == 0 { // there is no other way to say that there is nothing
		return AppSessionInfo{}, false, nil
	}
	h, ok := parseHead(op.reply)
	if !ok {
		return AppSessionInfo{}, false, &AppSessionValueError{Reason: NotASession}
	}
	return h.info(handle, InStore), true, nil
}

// Revoke ends a session, and returns whether there was one. It never succeeds from memory: while the server is away it fails, also for a session that is in the
// cookie; delete the cookie then.
func (ss *AppSessions) Revoke(ctx context.Context, token string) (bool, error) {
	if !isToken(token) {
		return false, ss.present(ctx)
	}
	return ss.revoke(ctx, handleOfToken(token))
}

// RevokeHandle is Revoke for who knows the handle only, such as a page on which users see where they are logged in.
func (ss *AppSessions) RevokeHandle(ctx context.Context, handle string) (bool, error) {
	if !isHash(handle) {
		return false, nil
	}
	return ss.revoke(ctx, handle)
}

func (ss *AppSessions) revoke(ctx context.Context, handle string) (bool, error) {
	op := newSessionOp()
	defer op.recycle()
	op.q.Script(revokeSessionScript.Script, appSessionKey(ss.name, handle)).Str(appSubjectKey(ss.name, ""))
	err := ss.run(ctx, op)
	return !notWritten(err) && !op.missing, err
}

// RevokeAll ends all sessions of a subject and returns how many there were. Every session whose Create, Save or Rotate was done before is among them, because
// each enters the index in the same step in which it is written; and none of them comes back, because Touch, Save and Rotate write only what is there. Only a session that
// begins afterwards lives. A session in a cookie does not come to the server either, if it was created before, or less than five minutes afterwards by the clock of
// the process that created it; see [CookieWhenAway] for what it is worth in the next outage. The server does nothing else meanwhile, and takes the longer the more
// sessions there are.
//
// Until replicas have it, a failover may take it back: see [Durable.RevokeAllAppSessions].
func (ss *AppSessions) RevokeAll(ctx context.Context, subject string) (int, error) {
	return ss.revokeSubject(ctx, subject, "")
}

// RevokeOthers is RevokeAll of the subject of s, but for s itself, if that is on the server. In a cookie it ends with the others: Save it first.
func (ss *AppSessions) RevokeOthers(ctx context.Context, s *AppSession) (int, error) {
	return ss.revokeSubject(ctx, s.Subject, handleOfToken(string(s.Token)))
}

func (ss *AppSessions) revokeSubject(ctx context.Context, subject, keep string) (int, error) {
	if err := checkSubject(subject); err != nil {
		return 0, err
	}
	op := newSessionOp()
	defer op.recycle()
	hash := subjectHash(subject)
	op.q.Script(revokeSubjectScript.Script, appSubjectKey(ss.name, hash), appMarkKey(ss.name, hash)).Str(appSessionKey(ss.name, "")).Str(hash).Str(keep)
	op.q.Int(ss.limits[2] + clockDistance.Milliseconds())
	err := ss.run(ctx, op)
	switch {
	case notWritten(err) || op.missing:
		return 0, err
	case op.reply[0] != howMany:
		return 0, &AppSessionValueError{Reason: NotAnIndex}
	}
	return int(digits(op.reply[1:])), err
}

// List returns what is known of a subject's sessions, those that live longest first, and no more than a thousand. It only reads.
func (ss *AppSessions) List(ctx context.Context, subject string) ([]AppSessionInfo, error) {
	infos, _, err := ss.list(ctx, subject, maxAppSessions)
	return infos, err
}

// Count returns how many sessions a subject has. It only reads.
func (ss *AppSessions) Count(ctx context.Context, subject string) (int, error) {
	_, count, err := ss.list(ctx, subject, 0)
	return count, err
}

func (ss *AppSessions) list(ctx context.Context, subject string, most int64) (infos []AppSessionInfo, count int, err error) {
	if err := checkSubject(subject); err != nil {
		return nil, 0, err
	}
	op := &sessionList{}
	hash := subjectHash(subject)
	op.q.Script(listSessionsScript.Script, appSubjectKey(ss.name, hash)).Str(appSessionKey(ss.name, "")).Str(hash).Int(most).MarkReadOnly()
	if err := ss.state.roundTrip(ctx, &op.q, op); err != nil {
		return nil, 0, sessionError(ctx, err)
	}
	return op.infos, op.count, op.problem
}

// sessionList is a request for a subject's sessions, with the answer.
type sessionList struct {
	q       resp.Request
	infos   []AppSessionInfo
	count   int
	problem error
}

// HandleReply takes the answer.
func (op *sessionList) HandleReply(_ int, r *resp.Reply) error {
	n := r.Array()
	first := r.Text()
	if err := r.Err(); err != nil {
		return err
	}
	if first == notOurIndex {
		op.problem = &AppSessionValueError{Reason: NotAnIndex}
		return nil
	}
	op.count = int(number(first))
	for range n / 2 {
		handle := r.Text()
		h, ok := parseHead(r.Bytes())
		if err := r.Err(); err != nil {
			return err
		}
		if !ok {
			op.problem = &AppSessionValueError{Reason: NotASession}
			continue
		}
		op.infos = append(op.infos, h.info(handle, InStore))
	}
	return nil
}

func checkSubject(subject string) error {
	switch {
	case subject == "":
		return &ArgumentError{Name: "subject", Problem: "is empty"}
	case len(subject) > maxSubject:
		return &ArgumentError{Name: "subject", Problem: "is longer than 1024 bytes"}
	}
	return nil
}
