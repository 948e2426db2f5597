package bwstate

import (
	"context"
	"encoding/base64"
	"io"
	"strconv"
	"time"

	"github.com/bwredis/bwredis/resp"
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

var errEnded = &ArgumentError{Name: "session", Problem: "was destroyed"}

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
// When it fails, the session and its cookies are as before; the server may have stored it nevertheless, under an id that nobody knows. With [CookieWhenAway],
// and the server away, the session goes into cookies.
func (s *VisitorSession) Save(ctx context.Context) error {
	if s.ended {
		return errEnded
	}
	if s.away == nil {
		sealed, err := s.seal(true)
		if err != nil {
			return err
		}
		err = s.store(ctx, &sealed)
		if err == nil {
			s.adopt(&sealed)
			return nil
		}
		if !s.sessions.without(ctx, err) {
			return err
		}
		s.away = err
	}
	sealed, err := s.seal(false)
	if err != nil {
		return err
	}
	s.adopt(&sealed)
	return nil
}

// sealed is a session that is ready to be kept.
type sealed struct {
	header header
	text   []byte // of the ciphertext
	now    int64
}

// seal makes a header with a new id, and encrypts the data.
func (s *VisitorSession) seal(stored bool) (out sealed, err error) {
	vs := s.sessions
	out.now = vs.now()
	h := &out.header
	h[0] = headerType
	if _, err := io.ReadFull(vs.random, h[idAt:creationAt]); err != nil {
		return out, err
	}
	h.setCreation(out.now)
	if s.kept {
		h.setCreation(s.header.creation())
		h.setRolling(out.now - s.header.creation())
	}
	data := appendAudiences(make([]byte, 0, 512), s.audiences, stored)
	if len(data) > maxVisitorData {
		return out, &ArgumentError{Name: "session", Problem: "has more data than a megabyte"}
	}
	data, deflated := pack(data)
	return out, vs.sealData(&out, data, stored, deflated)
}

// sealData seals what was packed; the header has its id and its times.
func (vs *VisitorSessions) sealData(out *sealed, data []byte, stored, deflated bool) error {
	h, size := &out.header, base64.RawURLEncoding.EncodedLen(len(data))
	h.setNumber(sizeAt, tagAt-sizeAt, int64(size))
	var flags int64
	if stored {
		flags |= flagStored
	} else if _, _, count := vs.chunks(size); count > maxChunks {
		return &ArgumentError{Name: "session", Problem: "has more data than fits into cookies"}
	}
	if deflated {
		flags |= flagDeflated
	}
	h.setNumber(flagsAt, idAt-flagsAt, flags)
	out.text = base64.RawURLEncoding.AppendEncode(make([]byte, 0, size), vs.keys.seal(h, data))
	return nil
}

// adopt makes what was sealed the session.
func (s *VisitorSession) adopt(out *sealed) {
	before := s.chunkCount()
	if s.kept && s.header.stored() {
		if len(s.replaced) == maxReplaced {
			s.replaced = append(s.replaced[:0], s.replaced[1:]...) // the oldest is gone by itself, or soon
		}
		s.replaced = append(s.replaced, s.header.id())
	}
	s.header, s.kept, s.changed, s.text = out.header, true, false, nil
	if !s.header.stored() {
		s.text = out.text
	}
	s.tell(before)
}

// replaceScript stores a session in the place of another.
var replaceScript = newScript("replace.lua", replaceTwin)

// store puts a sealed session on the server. Only a session that is there already needs the script.
func (s *VisitorSession) store(ctx context.Context, out *sealed) error {
	vs, op := s.sessions, newVisitorOp()
	defer op.recycle()
	key, ttl := sessionKey(vs.settings.Name, out.header.id()), vs.storeTTL(out.header.rolling())
	op.value = append(append(append(op.value[:0], '[', '"'), out.text...), '"')
	if s.info != nil {
		op.value = append(append(append(op.value, ',', '"'), s.info...), '"')
	}
	op.value = append(op.value, ']')
	if s.kept && s.header.stored() {
		op.q.Script(replaceScript.Script, key, sessionKey(vs.settings.Name, s.header.id())).Bytes(op.value).Int(ttl).Int(grace)
	} else {
		op.q.Cmd("SET").Str(key).Bytes(op.value).Str("EX").Int(ttl)
	}
	return vs.state.roundTrip(ctx, &op.q, nil)
}

// replaceTwin is lua/replace.lua.
func replaceTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	if set := call("SET", keys[0], argv[0], "EX", argv[1]); set.Err() != nil {
		return appendValue(dst, set)
	}
	left := call("TTL", keys[1])
	n, err := left.Int()
	if err != nil {
		return appendValue(dst, left)
	}
	if most, _ := strconv.ParseInt(argv[2], 10, 64); n > most {
		if expired := call("EXPIRE", keys[1], argv[2]); expired.Err() != nil {
			return appendValue(dst, expired)
		}
	}
	return appendValue(dst, left)
}

// Touch notes in the cookie that the session is in use, so that it does not idle away. Nothing is sent to the server, where the session lives no longer for it. A
// session that was never saved is not touched.
func (s *VisitorSession) Touch() {
	if !s.kept || s.ended {
		return
	}
	s.header.setIdling(s.sessions.now() - s.header.saved())
	mac := s.sessions.keys.sign(&s.header)
	copy(s.header[macAt:], mac[:])
	s.tell(1)
}

// Commit does what is due at the end of a request: it saves what was changed, and a session three quarters of whose rolling timeout had passed when it was opened;
// it touches one that was not touched for more than a minute; and does nothing otherwise. What nodes do without a change, they do when they open a session.
func (s *VisitorSession) Commit(ctx context.Context) error {
	switch since := s.openedAt - s.header.saved(); {
	case s.changed:
		return s.Save(ctx)
	case !s.kept || s.ended || s.isNew:
		return nil
	case s.sessions.rolling > 0 && since > (3*s.sessions.rolling+3)/4: // three quarters, rounded up
		return s.Save(ctx)
	case since-s.header.idling() > touchAfter:
		s.Touch()
	}
	return nil
}

// Destroy ends the session for the visitor and on the server, in one round trip. When the server cannot be reached that is an error, whatever
// [VisitorSettings.Away] says, because the session lives on there; the visitor's cookies are taken back even so, and Destroy may be called again. Old keys go
// with it, as far as they are of saves of this VisitorSession; one that another request replaced a moment ago lives on for its ten seconds.
func (s *VisitorSession) Destroy(ctx context.Context) error {
	if s.ended && !s.livesOn {
		return nil
	}
	s.ended, s.livesOn, s.changed, s.setCookies = true, false, false, nil
	if !s.kept {
		return nil
	}
	vs := s.sessions
	s.setCookies = []string{vs.settings.Name + "=" + vs.attributes + endedAttributes}
	s.takeBack(2, s.chunkCount())
	if !s.header.stored() && len(s.replaced) == 0 {
		return nil
	}
	op := newAdhoc()
	defer op.recycle()
	op.q.Cmd("UNLINK")
	if s.header.stored() {
		op.q.Str(sessionKey(vs.settings.Name, s.header.id()))
	}
	for _, id := range s.replaced {
		op.q.Str(sessionKey(vs.settings.Name, id))
	}
	err := vs.state.roundTrip(ctx, &op.q, op)
	s.livesOn = err != nil
	return err
}

// Lifetime returns how long the server keeps the session when it is saved now.
func (s *VisitorSession) Lifetime() time.Duration {
	age := int64(0)
	if s.kept {
		age = max(0, s.sessions.now()-s.header.creation())
	}
	return time.Duration(s.sessions.storeTTL(age)) * time.Second
}
