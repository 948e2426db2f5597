package bwstate

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"net/netip"
	"time"
)

// VisitorSessions are the sessions that BunkerWeb's nodes keep for a site's visitors: found by a cookie, sealed with SESSIONS_SECRET, stored on the server. A node
// accepts what is saved here, and what a node saved is opened here. [State.VisitorSessions] makes one; its methods may be called concurrently.
//
//	session, err := sessions.Open(ctx, cookie)      // one round trip
//	…
//	session.Set("cart", cart)
//	err = session.Commit(ctx)                       // one more, if something changed or is due
//	for _, line := range session.SetCookies() { … } // to the visitor
//
// Package bwhttp does this around a http.Handler.
type VisitorSessions struct {
	state           *State
	settings        VisitorSettings
	keys            *visitorKeys
	idling, rolling int64 // seconds, 0 for none
	absolute, skew  int64
	attributes      string    // of Set-Cookie lines
	random          io.Reader // of ids
}

// VisitorSessions returns the sessions of a site's visitors.
func (s *State) VisitorSessions(settings VisitorSettings) (*VisitorSessions, error) {
	if err := settings.check(); err != nil {
		return nil, err
	}
	vs := &VisitorSessions{
		state: s, keys: newVisitorKeys(settings.Secret, settings.FIPS), random: rand.Reader,
		idling: wholeSeconds(settings.Idling), rolling: wholeSeconds(settings.Rolling), absolute: wholeSeconds(settings.Absolute),
		skew: seconds(settings.MaxSkew), attributes: cookieAttributes(&settings),
	}
	settings.Secret = "" // the keys have what is made of it
	vs.settings = settings
	return vs, nil
}

func (vs *VisitorSessions) now() int64 { return vs.settings.Now().Unix() }

// A Visitor is whom a session belongs to, as nodes see it.
type Visitor struct {
	IP        netip.Addr
	UserAgent string // the header as it came; empty when there is none
}

// ip is the address as nginx writes it.
func (v Visitor) ip() string { return v.IP.Unmap().String() }

// A VisitorSession is a session of one visitor. It is for one goroutine at a time, and remembers what the visitor's browser has to be told: see
// [VisitorSession.SetCookies].
type VisitorSession struct {
	sessions *VisitorSessions

	header     header      // of what was opened, or saved last
	kept       bool        // there is such a session, on the server or in cookies
	replaced   []SessionID // whose keys live on for a moment, because it was saved
	isNew      bool        // nobody had this audience's part of it before
	ended      bool
	livesOn    bool // ended, but perhaps still on the server
	changed    bool
	away       error  // why the server is done without
	text       []byte // of the ciphertext, when it is in cookies
	info       []byte // the second string of the value
	openedAt   int64
	audiences  []audience
	current    int // among the audiences
	setCookies []string
}

// New returns an empty session for a visitor. Nothing is stored until it is saved.
func (vs *VisitorSessions) New(v Visitor) (*VisitorSession, error) {
	if err := checkAddr(v.IP); err != nil {
		return nil, err
	}
	s := &VisitorSession{sessions: vs, isNew: true, openedAt: vs.now()}
	s.takeAudience()
	s.describe(v)
	return s, nil
}

// takeAudience finds the part of the session that is asked for, or adds it, and reports whether it was there.
func (s *VisitorSession) takeAudience() (found bool) {
	s.current = index(s.audiences, s.sessions.settings.Audience)
	if found = s.current >= 0; !found {
		s.current = len(s.audiences)
		s.audiences = append(s.audiences, audience{name: appendJSONString(nil, s.sessions.settings.Audience)})
	}
	return found
}

// describe notes whom the session belongs to, where nodes look for it. They need both fields.
func (s *VisitorSession) describe(v Visitor) {
	i := index(s.audiences, defaultAudience)
	if i < 0 {
		i = len(s.audiences)
		s.audiences = append(s.audiences, audience{name: []byte(`"` + defaultAudience + `"`)})
	}
	value := appendJSONString([]byte(`{"IP":`), v.ip())
	value = append(appendJSONString(append(value, `,"USER_AGENT":`...), v.UserAgent), '}')
	s.audiences[i].set("metadata", value)
}

// ID returns the session's id, and false when it was never saved. Every save draws another.
func (s *VisitorSession) ID() (SessionID, bool) { return s.header.id(), s.kept }

// IsNew reports whether nobody had this session before: it was made by [VisitorSessions.New], or holds nothing of this audience. Saving does not change that.
func (s *VisitorSession) IsNew() bool { return s.isNew }

// Created returns when the session was first saved; the zero Time when it never was.
func (s *VisitorSession) Created() time.Time { return s.unix(s.header.creation()) }

// Saved returns when it was last saved.
func (s *VisitorSession) Saved() time.Time { return s.unix(s.header.saved()) }

// Touched returns when it was last saved or touched.
func (s *VisitorSession) Touched() time.Time { return s.unix(s.header.touched()) }

func (s *VisitorSession) unix(sec int64) time.Time {
	if !s.kept {
		return time.Time{}
	}
	return time.Unix(sec, 0)
}

// InCookie reports whether the session is in cookies altogether, because the server was away. It then cannot be ended before its time.
func (s *VisitorSession) InCookie() bool { return s.kept && !s.header.stored() }

// Away returns why the server is done without, and nil when it is not. It is never set with [FailWhenAway].
func (s *VisitorSession) Away() error { return s.away }

// Changed reports whether there is something that was not saved.
func (s *VisitorSession) Changed() bool { return s.changed }

// Get decodes a value into the variable that dst points to, as encoding/json does, and reports whether there is one.
//
// A node that saves the session writes every value anew, as Lua understood it: a list without elements is {} from then on, which Get reads as either, but not
// within other values; and numbers keep fourteen digits.
func (s *VisitorSession) Get(name string, dst any) (found bool, err error) {
	a := &s.audiences[s.current]
	i := a.find(name)
	if i < 0 {
		return false, nil
	}
	value := a.fields[i].value
	err = json.Unmarshal(value, dst)
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

// Raw returns a value as JSON, which is the caller's, and false when there is none. A table that is empty may be {} or [], whatever it usually holds.
func (s *VisitorSession) Raw(name string) (json.RawMessage, bool) {
	a := &s.audiences[s.current]
	i := a.find(name)
	if i < 0 {
		return nil, false
	}
	return append(json.RawMessage(nil), a.fields[i].value...), true
}

// Names returns the names of all values.
func (s *VisitorSession) Names() []string {
	names := make([]string, 0, len(s.audiences[s.current].fields))
	for _, f := range s.audiences[s.current].fields {
		names = append(names, f.name)
	}
	return names
}

// Set changes a value to what encoding/json makes of it. A null, and whatever Lua could not read, is refused with an [*ArgumentError].
func (s *VisitorSession) Set(name string, value any) error {
	if s.ended {
		return errEnded
	}
	text, err := encodeField(name, value)
	if err != nil {
		return err
	}
	s.audiences[s.current].set(name, text)
	s.changed = true
	return nil
}

// Remove takes a value away.
func (s *VisitorSession) Remove(name string) {
	a := &s.audiences[s.current]
	if i := a.find(name); i >= 0 && !s.ended {
		a.fields = append(a.fields[:i:i], a.fields[i+1:]...)
		s.changed = true
	}
}

// Subject returns whom the application says the session is about; nodes write none.
func (s *VisitorSession) Subject() string {
	subject, _ := jsonText(s.audiences[s.current].subject)
	return subject
}
