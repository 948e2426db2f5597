package bwstate

import (
	"context"
	"encoding/json"
	"strconv"
	"sync"
	"time"
)

// A VisitorSession is a session of one visitor. It remembers what the visitor's browser has to be told: see [VisitorSession.SetCookies].
//
// Its methods may be called concurrently, as happens where http.TimeoutHandler answers and leaves a handler running; saves of one VisitorSession follow one
// another. A copy is the same session.
type VisitorSession struct{ *behind }

// behind keeps package fmt from what is behind, where it finds a session in an unexported field and cannot ask it: it prints what one pointer leads to, but not two.
type behind struct{ *visitorState }

// visitorState is what copies of a VisitorSession share.
type visitorState struct {
	sessions *VisitorSessions
	openedAt int64
	turn     chan struct{} // holds something while the session is saved or ended

	mu        sync.Mutex  // guards what follows; never held during a round trip
	header    header      // of what was opened, or saved last
	kept      bool        // there is such a session, on the server or in cookies
	replaced  []SessionID // whose keys live on for a moment, because it was saved
	doubtful  []SessionID // of saves that failed, and may have been done nevertheless; no browser knows them
	isNew     bool        // nobody had this audience's part of it before
	told      bool        // the browser has to be told of a save or a touch
	ended     bool
	livesOn   bool // ended, but perhaps still on the server
	finished  bool // the browser is told nothing any more
	edits     int
	saved     int    // of the edits
	chunks    uint16 // which further cookies the browser has, or may have: a bit for each number
	away      error  // why the server is done without
	text      []byte // of the ciphertext, when it is in cookies
	info      []byte // the second string of the value
	audiences []audience
	current   int // among the audiences
}

func newVisitorSession(vs *VisitorSessions) *VisitorSession {
	return &VisitorSession{&behind{&visitorState{sessions: vs, openedAt: vs.now(), turn: make(chan struct{}, 1)}}}
}

// wait waits for the saves that others began.
func (s *visitorState) wait(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	default:
	}
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *visitorState) done() { <-s.turn }

// lock is for methods that read or change a little: defer s.lock()().
func (s *visitorState) lock() (unlock func()) {
	s.mu.Lock()
	return s.mu.Unlock
}

// alive reports whether there is a session, saved and not ended.
func (s *visitorState) alive() bool { return s.kept && !s.ended }

// ID returns the session's id, and false when it was never saved or was destroyed. Every save draws another.
func (s *VisitorSession) ID() (id SessionID, kept bool) {
	defer s.lock()()
	if !s.alive() {
		return SessionID{}, false
	}
	return s.header.id(), true
}

// IsNew reports whether nobody had this session before: it was made by [VisitorSessions.New], or holds nothing of this audience. Saving does not change that.
func (s *VisitorSession) IsNew() bool {
	defer s.lock()()
	return s.isNew
}

// Created returns when the session was first saved; the zero Time when it never was, or was destroyed.
func (s *VisitorSession) Created() time.Time { return s.unix((*header).creation) }

// Saved returns when it was last saved, as Created does.
func (s *VisitorSession) Saved() time.Time { return s.unix((*header).saved) }

// Touched returns when it was last saved or touched, as Created does.
func (s *VisitorSession) Touched() time.Time { return s.unix((*header).touched) }

func (s *VisitorSession) unix(of func(*header) int64) time.Time {
	defer s.lock()()
	if !s.alive() {
		return time.Time{}
	}
	return time.Unix(of(&s.header), 0)
}

// InCookie reports whether the session is in cookies altogether, because the server was away. It then cannot be ended before its time.
func (s *VisitorSession) InCookie() bool {
	defer s.lock()()
	return s.alive() && !s.header.stored()
}

// Away returns why the server is done without, and nil when it is not. It is never set with [FailWhenAway].
func (s *VisitorSession) Away() error {
	defer s.lock()()
	return s.away
}

// Changed reports whether there is something that was not saved.
func (s *VisitorSession) Changed() bool {
	defer s.lock()()
	return s.changed()
}

func (s *visitorState) changed() bool { return s.edits != s.saved && !s.ended }

// Get decodes a value into the variable that dst points to, as encoding/json does, and reports whether there is one. A session that was destroyed has none.
//
// A node that saves the session writes every value anew, as Lua understood it: a list without elements is {} from then on, which Get reads as either, but not
// within other values; and numbers keep fourteen digits.
func (s *VisitorSession) Get(name string, dst any) (found bool, err error) {
	value := s.value(name)
	if value == nil {
		return false, nil
	}
	err = json.Unmarshal(value, dst) // without the lock: dst may be a type of the caller's
	if err == nil {
		return true, nil
	}
	other := ""
	switch {
	case isEmpty(value, '['):
		other = "{}"
	case isEmpty(value, '{'):
		other = "[]"
	}
	if other == "" || json.Unmarshal([]byte(other), dst) != nil {
		return true, err
	}
	return true, nil
}

// value returns a value, which nobody changes, and nil when there is none.
func (s *VisitorSession) value(name string) json.RawMessage {
	defer s.lock()()
	a := &s.audiences[s.current]
	if i := a.find(name); i >= 0 {
		return a.fields[i].value
	}
	return nil
}

// Raw returns a value as JSON, which is the caller's, and false when there is none. A table that is empty may be {} or [], whatever it usually holds.
func (s *VisitorSession) Raw(name string) (json.RawMessage, bool) {
	value := s.value(name)
	return append(json.RawMessage(nil), value...), value != nil
}

// Names returns the names of all values.
func (s *VisitorSession) Names() []string {
	defer s.lock()()
	names := make([]string, 0, len(s.audiences[s.current].fields))
	for _, f := range s.audiences[s.current].fields {
		names = append(names, f.name)
	}
	return names
}

// Set changes a value to what encoding/json makes of it. A null, whatever Lua could not read, and a value beyond the 4096th are refused with an [*ArgumentError].
func (s *VisitorSession) Set(name string, value any) error {
	text, err := encodeField(name, value)
	defer s.lock()()
	switch {
	case s.ended:
		return errEnded
	case err != nil:
		return err
	}
	a := &s.audiences[s.current]
	if len(a.fields) >= maxNames && a.find(name) < 0 {
		return &ArgumentError{Name: "session", Problem: "has more values than " + strconv.Itoa(maxNames)}
	}
	a.set(name, text)
	s.edits++
	return nil
}

// Remove takes a value away.
func (s *VisitorSession) Remove(name string) {
	defer s.lock()()
	a := &s.audiences[s.current]
	if i := a.find(name); i >= 0 && !s.ended {
		a.fields = append(a.fields[:i:i], a.fields[i+1:]...)
		s.edits++
	}
}

// Subject returns whom the application says the session is about; nodes write none.
func (s *VisitorSession) Subject() string {
	defer s.lock()()
	subject, _ := jsonText(s.audiences[s.current].subject)
	return subject
}
