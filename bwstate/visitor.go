package bwstate

import (
	"crypto/rand"
	"io"
	"net/netip"
	"strconv"
)

// VisitorSessions are the sessions that BunkerWeb's nodes keep for a site's visitors: found by a cookie, sealed with SESSIONS_SECRET, stored on the server. A node
// accepts what is saved here, and what a node saved is opened here. [State.VisitorSessions] makes one; its methods may be called concurrently.
//
//	session, err := sessions.Open(ctx, cookie)      // one round trip
//	…
//	session.Set("cart", cart)
//	err = session.Commit(ctx)                       // one more, if something changed or is due
//	for _, line := range session.Finish() { … }     // to the visitor
//
// Package bwhttp does this around a http.Handler.
type VisitorSessions struct {
	state           *State
	settings        VisitorSettings
	keys            *visitorKeys
	idling, rolling int64 // seconds, 0 for none
	absolute, skew  int64
	attributes      string                // of Set-Cookie lines
	chunkNames      [maxChunks + 1]string // of the cookies behind the first, by number
	random          io.Reader             // of ids
}

// VisitorSessions returns the sessions of a site's visitors. Settings that no sessions can be made with are an [*ArgumentError]. So is a program that runs with
// GODEBUG=fips140=only: what nodes seal, they seal with AES-GCM and a nonce that is derived from the id, which Go's cryptography refuses in that mode, though not
// with fips140=on.
func (s *State) VisitorSessions(settings VisitorSettings) (*VisitorSessions, error) {
	if err := settings.check(); err != nil {
		return nil, err
	}
	keys, err := newVisitorKeys(settings.Secret, settings.FIPS)
	if err != nil {
		return nil, err
	}
	vs := &VisitorSessions{
		state: s, keys: keys, random: rand.Reader,
		idling: wholeSeconds(settings.Idling), rolling: wholeSeconds(settings.Rolling), absolute: wholeSeconds(settings.Absolute),
		skew: seconds(settings.MaxSkew), attributes: cookieAttributes(&settings),
	}
	for i := 2; i <= maxChunks; i++ {
		vs.chunkNames[i] = settings.Name + strconv.Itoa(i)
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

// New returns an empty session for a visitor. Nothing is stored until it is saved. Where the visitor came with cookies that were not accepted, tell the session of
// them with [VisitorSession.TakesOver].
func (vs *VisitorSessions) New(v Visitor) (*VisitorSession, error) {
	if err := checkAddr(v.IP); err != nil {
		return nil, err
	}
	s := newVisitorSession(vs)
	s.isNew = true
	s.takeAudience()
	s.describe(v)
	return s, nil
}

// takeAudience finds the part of the session that is asked for, or adds it, and reports whether it was there.
func (s *visitorState) takeAudience() (found bool) {
	s.current = index(s.audiences, s.sessions.settings.Audience)
	if found = s.current >= 0; !found {
		s.current = len(s.audiences)
		s.audiences = append(s.audiences, audience{name: appendJSONString(nil, s.sessions.settings.Audience)})
	}
	return found
}

// describe notes whom the session belongs to, where nodes look for it. They need both fields.
func (s *visitorState) describe(v Visitor) {
	i := index(s.audiences, defaultAudience)
	if i < 0 {
		i = len(s.audiences)
		s.audiences = append(s.audiences, audience{name: []byte(`"` + defaultAudience + `"`)})
	}
	value := appendJSONString([]byte(`{"IP":`), v.ip())
	value = append(appendJSONString(append(value, `,"USER_AGENT":`...), v.UserAgent), '}')
	s.audiences[i].set("metadata", value)
}
