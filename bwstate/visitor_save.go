package bwstate

import (
	"context"
	"time"
)

const (
	// grace is how long the key of a session that was saved again lives on, in seconds: for requests that were sent with the old cookie.
	grace = 10
	// touchAfter is how many seconds a session is used for without telling the browser.
	touchAfter = 60
	// maxReplaced is how many old keys a session remembers: one request hardly saves more often.
	maxReplaced = 8
	// foreverSeconds stands for no timeout where one is needed: 400 days, the longest that browsers keep a cookie.
	foreverSeconds = 400 * 24 * 60 * 60
)

var (
	errEnded    = &ArgumentError{Name: "session", Problem: "was destroyed"}
	errFinished = &ArgumentError{Name: "session", Problem: "was finished: the browser cannot be told of another id any more"}
)

// storeTTL is how long the server keeps a session, in seconds. The age is added to the absolute timeout as nodes do, who meant to take it away: the cookie's own
// times end the session earlier than its key.
func (vs *VisitorSessions) storeTTL(age int64) int64 {
	ttl := int64(foreverSeconds)
	if vs.rolling > 0 && vs.rolling < foreverSeconds {
		ttl = vs.rolling
	}
	if vs.absolute > 0 && vs.absolute < foreverSeconds {
		ttl = min(ttl, vs.absolute+age)
	}
	return max(ttl, 1)
}

// Save stores the session under a new id, in one round trip. The old key, where there is one, lives on for ten seconds, so that requests sent at the same time find
// it; of several that save, the one whose cookie the browser keeps wins. The session starts idling and rolling anew.
//
// A session whose key is gone is not stored again: that is a [*VisitorError] with the reason [EndedMeanwhile]. The server cannot tell whether it was destroyed, has
// expired, or was saved by another request more than ten seconds ago. A node would store it again.
//
// When Save fails, the session and its cookies are as before, and Save may be called again. Unless the error says that nothing was sent (conn.NotSent), or that the
// server refused, the server may have stored the session under an id that no browser knows, and the old key then ends in ten seconds: until another Save succeeds,
// which does so in both cases and removes what the first one left. Pools send a save again by themselves when its answer is lost, which changes nothing that was done.
//
// With [CookieWhenAway], and the server away, the session goes into cookies.
func (s *VisitorSession) Save(ctx context.Context) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	defer s.done()
	return s.save(ctx)
}

// save is Save for who has the turn.
func (s *visitorState) save(ctx context.Context) error {
	op := newStoring()
	defer op.recycle()
	next, err := s.prepare(op)
	if err != nil {
		return err
	}
	if next.header.stored() {
		err = s.store(ctx, op, &next)
		if err == nil || !s.sessions.without(ctx, err) {
			return err
		}
		if next, err = s.leave(err); err != nil {
			return err
		}
	}
	defer s.lock()()
	s.adopt(&next)
	return nil
}

// prepare seals the session, and makes the request that stores it unless it goes into cookies.
func (s *visitorState) prepare(op *storing) (next sealed, err error) {
	defer s.lock()()
	switch {
	case s.ended:
		return next, errEnded
	case s.finished:
		return next, errFinished
	}
	if next, err = s.seal(s.away == nil); err == nil && next.header.stored() {
		err = s.request(op, &next)
	}
	return next, err
}

// leave goes on without the server, for the reason that err gives.
func (s *visitorState) leave(err error) (next sealed, _ error) {
	defer s.lock()()
	s.away = err
	return s.seal(false)
}

// adopt makes what was sealed the session.
func (s *visitorState) adopt(next *sealed) {
	if s.kept && s.header.stored() {
		s.replaced = remember(s.replaced, s.header.id())
	}
	s.header, s.kept, s.told, s.saved, s.text = next.header, true, true, next.edits, nil
	if !s.header.stored() {
		s.text = next.text
		s.chunks |= s.sessions.chunkBits(len(s.text)) // the lines may leave before those of the next save
	}
}

// remember adds an id to a list that forgets the oldest, whose key is gone by itself, or soon.
func remember(ids []SessionID, id SessionID) []SessionID {
	if len(ids) == maxReplaced {
		ids = append(ids[:0], ids[1:]...)
	}
	return append(ids, id)
}

// Touch notes in the cookie that the session is in use, so that it does not idle away. Nothing is sent to the server, where the session lives no longer for it. A
// session that was never saved is not touched.
func (s *VisitorSession) Touch() {
	defer s.lock()()
	s.touch()
}

func (s *visitorState) touch() {
	if !s.alive() || s.finished {
		return
	}
	s.header.setIdling(s.sessions.now() - s.header.saved())
	mac := s.sessions.keys.sign(&s.header)
	copy(s.header[macAt:], mac[:])
	s.told = true
}

// Commit does what is due at the end of a request: it saves what was changed, what another save may have stored already, as Save says, and a session three quarters of
// whose rolling timeout had passed when it was opened; it touches one that was not touched for more than a minute; and does nothing otherwise. What nodes do without a change, they do when they open a session.
// It waits for saves that are under way.
func (s *VisitorSession) Commit(ctx context.Context) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	defer s.done()
	if !s.due() {
		return nil
	}
	return s.save(ctx)
}

// due reports whether the session is to be saved. If not, it touches it where that is due.
func (s *visitorState) due() bool {
	defer s.lock()()
	switch since := s.openedAt - s.header.saved(); {
	case s.changed():
		return true
	case !s.alive() || s.finished:
		return false
	case len(s.doubtful) > 0 && s.header.stored(): // its key may end in ten seconds, and nobody have the other
		return true
	case s.isNew:
		return false
	case s.sessions.rolling > 0 && since > (3*s.sessions.rolling+3)/4: // three quarters, rounded up
		return true
	case since-s.header.idling() > touchAfter:
		s.touch()
	}
	return false
}

// Lifetime returns how long the server keeps the session when it is saved now, and 0 when it was destroyed.
func (s *VisitorSession) Lifetime() time.Duration {
	defer s.lock()()
	age := int64(0)
	switch {
	case s.ended:
		return 0
	case s.kept:
		age = max(0, s.sessions.now()-s.header.creation())
	}
	return time.Duration(s.sessions.storeTTL(age)) * time.Second
}
