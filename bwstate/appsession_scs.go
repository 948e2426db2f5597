package bwstate

import (
	"context"
	"time"
)

// An SCSStore keeps the sessions of github.com/alexedwards/scs/v2: it is an scs.Store and an scs.CtxStore without importing it.
//
//	manager.Store = &bwstate.SCSStore{Sessions: sessions}
//
// scs makes the tokens and decides when a session ends: its Lifetime and IdleTimeout count, those of the sessions do not. It has no versions, so of two requests
// that change a session at the same time the last one counts, and one that is under way when its session is ended writes it back. It is no scs.IterableStore,
// because the tokens of sessions are not known here; List, Count and RevokeAll of Sessions serve instead, where Subject is set. [CookieWhenAway] does nothing for
// it: while the server is away its methods fail.
type SCSStore struct {
	Sessions *AppSessions
	// Subject returns whose session it is that scs is about to write, from the request's context, "" for nobody's. It must not ask scs, which holds a lock meanwhile. nil:
	// all are nobody's.
	Subject func(ctx context.Context) string
}

// Find returns the data of a session, and false when there is none.
func (s *SCSStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit writes a session that lives until expiry.
func (s *SCSStore) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete ends a session. It is no error when there is none.
func (s *SCSStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// FindCtx is Find.
func (s *SCSStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	session, found, err := s.Sessions.load(ctx, token)
	return session.Data, found, err
}

// CommitCtx is Commit.
func (s *SCSStore) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	session := AppSession{Data: data}
	if s.Subject != nil {
		session.Subject = s.Subject(ctx)
	}
	if err := s.Sessions.checkContent(&session); err != nil {
		return err
	}
	left := min(time.Until(expiry), maxTTL).Milliseconds()
	if left <= 0 {
		return s.DeleteCtx(ctx, token)
	}
	op := newSessionOp()
	defer op.recycle()
	handle, ever := handleOfToken(token), maxTTL.Milliseconds()
	op.put(s.Sessions, &session, move{from: handle, to: handle, token: token, expected: anySession, limits: [3]int64{left, ever, ever}})
	return s.Sessions.run(ctx, op)
}

// DeleteCtx is Delete.
func (s *SCSStore) DeleteCtx(ctx context.Context, token string) error {
	_, err := s.Sessions.revoke(ctx, handleOfToken(token))
	return err
}
