package bwstate

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// A SessionID names a session: 32 random bytes. It shows itself as a few of its characters only; [SessionID.Text] is the whole.
type SessionID [32]byte

// NewSessionID returns a fresh id from the system's source of randomness.
func NewSessionID() SessionID {
	var id SessionID
	_, _ = rand.Read(id[:]) // it never fails (crypto/rand, since Go 1.24)
	return id
}

// ParseSessionID reads what [SessionID.Text] returned. As BunkerWeb does, it accepts any value of the two bits that the last character has too many.
func ParseSessionID(text string) (SessionID, error) {
	var id SessionID
	if len(text) != base64.RawURLEncoding.EncodedLen(len(id)) {
		return id, &ArgumentError{Name: "session id", Problem: "is not 43 characters long"}
	}
	if strings.ContainsAny(text, "\r\n") { // which the decoder would skip
		return id, errSessionID
	}
	if _, err := base64.RawURLEncoding.Decode(id[:], []byte(text)); err != nil {
		return SessionID{}, errSessionID
	}
	return id, nil
}

var errSessionID = &ArgumentError{Name: "session id", Problem: "is not base64url"}

// Text returns the id as it stands in keys: 43 characters of base64url.
func (id SessionID) Text() string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// String returns enough of the id to tell sessions apart in a log, and too little to use one.
func (id SessionID) String() string { return id.Text()[:6] + "…" }

// GoString is String in quotes.
func (id SessionID) GoString() string { return `"` + id.String() + `"` }

// Format shows no more than String does, whatever the verb; without it %d would show the whole id.
func (id SessionID) Format(f fmt.State, verb rune) {
	text := id.String()
	if verb == 'q' || verb == 'v' && f.Flag('#') {
		text = id.GoString()
	}
	_, _ = io.WriteString(f, text)
}

// LogValue is String, for handlers that would encode the bytes.
func (id SessionID) LogValue() slog.Value { return slog.StringValue(id.String()) }

// Sessions are what is stored for the sessions that share a cookie name (BunkerWeb's SESSIONS_NAME). A session's data is any bytes; what BunkerWeb's nodes keep there
// is ciphertext, which this looks after without opening it. [VisitorSessions] opens it.
type Sessions struct {
	state  *State
	cookie string
}

// Sessions returns the sessions of a cookie name.
func (s *State) Sessions(cookie string) (*Sessions, error) {
	if !isCookieName(cookie) {
		return nil, &ArgumentError{Name: "cookie name", Problem: "is empty or holds characters that no cookie name may have"}
	}
	return &Sessions{state: s, cookie: cookie}, nil
}

// maxSession is how many bytes of data a session may have, and maxSessionValue those of what is stored. Of more no more is asked for: what is stored may be
// anybody's, and of any size.
const (
	maxSession      = 8 << 20
	maxSessionValue = 12 << 20
)

// Save writes the data of a session, 8 MiB at the most, and overwrites what was there. It lives for ttl, in whole seconds, from now.
func (ss *Sessions) Save(ctx context.Context, id SessionID, data []byte, ttl time.Duration) error {
	op := newAdhoc()
	defer op.recycle()
	if err := op.saveSession(ss, id, data, ttl); err != nil {
		return err
	}
	return ss.state.roundTrip(ctx, &op.q, nil)
}

func (op *adhoc) saveSession(ss *Sessions, id SessionID, data []byte, ttl time.Duration) error {
	if err := checkTTL("ttl", ttl); err != nil {
		return err
	}
	if len(data) > maxSession {
		return &ArgumentError{Name: "data", Problem: "is longer than 8 MiB"}
	}
	op.q.Cmd("SET").Str(sessionKey(ss.cookie, id)).Bytes(encodeSession(data)).Str("EX").Int(seconds(ttl))
	return nil
}

// Load returns the data of a session, which is the caller's, and false when there is no such session.
func (ss *Sessions) Load(ctx context.Context, id SessionID) (data []byte, found bool, err error) {
	op := newAdhoc()
	defer op.recycle()
	op.q.Cmd("GETRANGE").Str(sessionKey(ss.cookie, id)).Int(0).Int(maxSessionValue).MarkReadOnly()
	if err := ss.state.roundTrip(ctx, &op.q, op); err != nil || op.v.IsNull() {
		return nil, false, err
	}
	text, err := op.v.Text()
	switch {
	case err != nil || text == "":
		return nil, false, err
	case len(text) > maxSessionValue:
		return nil, false, &ValueError{What: "session", Problem: "is too large to be one"}
	}
	data, err = decodeSession(text)
	return data, err == nil, err
}

// TTL returns how long a session will live if it is not saved again, and false when there is no such session. A session without an end returns 0.
func (ss *Sessions) TTL(ctx context.Context, id SessionID) (ttl time.Duration, found bool, err error) {
	op := newAdhoc()
	defer op.recycle()
	op.q.Cmd("PTTL").Str(sessionKey(ss.cookie, id)).MarkReadOnly()
	switch ms, err := ss.state.integer(ctx, op); {
	case err != nil || ms == noKey:
		return 0, false, err
	case ms == noExpiry:
		return 0, true, nil
	default:
		return lifetime(ms), true, nil
	}
}

// Delete ends a session and returns whether there was one.
func (ss *Sessions) Delete(ctx context.Context, id SessionID) (bool, error) {
	op := newAdhoc()
	defer op.recycle()
	op.deleteSession(ss, id)
	n, err := ss.state.integer(ctx, op)
	return n > 0, err
}

func (op *adhoc) deleteSession(ss *Sessions, id SessionID) {
	op.q.Cmd("UNLINK").Str(sessionKey(ss.cookie, id))
}

// integer sends a request whose last reply is an integer.
func (s *State) integer(ctx context.Context, op *adhoc) (int64, error) {
	if err := s.roundTrip(ctx, &op.q, op); err != nil {
		return 0, err
	}
	return op.v.Int()
}

// encodeSession writes data as BunkerWeb's session library stores it: a JSON array of one string, in base64url without padding.
func encodeSession(data []byte) []byte {
	dst := append(make([]byte, 0, base64.RawURLEncoding.EncodedLen(len(data))+4), '[', '"')
	return append(base64.RawURLEncoding.AppendEncode(dst, data), '"', ']')
}

// decodeSession reads what encodeSession wrote. A second string, which the library can be told to write, is accepted and not used.
func decodeSession(value string) ([]byte, error) {
	var parts []*string
	if err := json.Unmarshal([]byte(value), &parts); err != nil || len(parts) == 0 || len(parts) > 2 {
		return nil, &ValueError{What: "session", Problem: "is not a JSON array of one string"}
	}
	for _, part := range parts {
		if part == nil { // BunkerWeb refuses it too
			return nil, &ValueError{What: "session", Problem: "has a null in its array"}
		}
	}
	data, err := base64.RawURLEncoding.DecodeString(*parts[0])
	if err != nil || strings.ContainsAny(*parts[0], "\r\n") {
		return nil, &ValueError{What: "session", Problem: "is not base64url"}
	}
	return data, nil
}

// isCookieName reports whether name is a token of RFC 9110, section 5.6.2, which RFC 6265 demands. No token holds a colon, so keys cannot be confused.
func isCookieName(name string) bool {
	for i := range len(name) {
		c := name[i]
		switch {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return name != "" && len(name) <= 4096
}
