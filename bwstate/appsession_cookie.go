package bwstate

import (
	"context"
	"strings"
	"time"
)

// While the server is away, sessions may be in the cookie: a dot, and in base64url 43 characters of a token that is in no store, and then encrypted for it the
// head and what is stored behind it.

const (
	cookieMark    = "."
	maxCookie     = 3800 // characters: with a name and attributes browsers take 4096
	clockDistance = 5 * time.Minute
	cookieContext = " in a cookie"
)

// present asks whether the server answers.
func (ss *AppSessions) present(ctx context.Context) error {
	if err := ss.state.Ping(ctx); err != nil {
		return sessionError(ctx, err)
	}
	return nil
}

// loadCookie opens a session that is in the cookie, as long as the server is away: what is in a cookie could not be ended.
func (ss *AppSessions) loadCookie(ctx context.Context, text string) (AppSession, bool, error) {
	if !ss.cookies || !strings.HasPrefix(text, cookieMark) {
		return AppSession{}, false, nil
	}
	if err := ss.present(ctx); !isAway(err) { // also when the server answers
		return AppSession{}, false, err
	}
	s, ok := ss.openCookie(text, time.Now())
	return s, ok, nil
}

func (ss *AppSessions) touchCookie(ctx context.Context, text string) (AppSession, bool, error) {
	s, found, err := ss.loadCookie(ctx, text)
	if !found || err != nil {
		return AppSession{}, false, err
	}
	found, err = ss.toCookie(&s, s.Version)
	return s, found, err
}

// saveCookie is Save of a session that is in the cookie: it goes to the server, or into another cookie while that is still away.
func (ss *AppSessions) saveCookie(ctx context.Context, s *AppSession) (found bool, err error) {
	h, err := ss.headInCookie(s)
	switch {
	case err != nil:
		return false, err
	case h.subject != subjectHash(s.Subject):
		return false, errOtherSubject()
	}
	return ss.begin(ctx, s, h)
}

// rotateCookie is Rotate of a session that is in the cookie.
func (ss *AppSessions) rotateCookie(ctx context.Context, s *AppSession) (found bool, err error) {
	h, err := ss.headInCookie(s)
	if err != nil {
		return false, err
	}
	next := *s
	next.Rotated = time.Now()
	if found, err = ss.begin(ctx, &next, h); found {
		*s = next
	}
	return found, err
}

// headInCookie is what the cookie itself says of a session: whether all of its subject were ended meanwhile goes by that.
func (ss *AppSessions) headInCookie(s *AppSession) (*head, error) {
	_, _, h, ok := ss.unseal(string(s.Token))
	if !ok {
		return nil, errForeignToken()
	}
	return &h, nil
}

// toCookie writes a session of some version into its token. It returns false when the session has ended.
func (ss *AppSessions) toCookie(s *AppSession, version int64) (found bool, err error) {
	now := time.Now().UnixMilli()
	h := head{kind: sealedData, version: version, created: now, rotated: now, used: now, subject: subjectHash(s.Subject)}
	if !s.Created.IsZero() {
		h.created, h.rotated = s.Created.UnixMilli(), s.Rotated.UnixMilli()
	}
	h.expires = min(now+ss.limits[0], h.rotated+ss.limits[1], h.created+ss.limits[2])
	if h.expires <= now {
		return false, nil
	}
	token := newToken()
	var room [256]byte
	sealed := ss.keys.seal([]byte(token), token, ss.cookieContext(room[:0]), appendBody(h.append(nil), s.Subject, s.Data))
	text := cookieMark + tokenEncoding.EncodeToString(sealed)
	if len(text) > maxCookie {
		return false, &ArgumentError{Name: "Data", Problem: "is too large for a cookie, and the server is away"}
	}
	s.AppSessionInfo, s.Token = h.info(handleOfToken(token), InCookie), Secret(text)
	return true, nil
}

// openCookie reads what toCookie wrote. Whatever is wrong with it, there is no such session, and nobody is told why.
func (ss *AppSessions) openCookie(text string, now time.Time) (AppSession, bool) {
	token, value, h, ok := ss.unseal(text)
	if !ok || now.UnixMilli() > h.expires || time.UnixMilli(h.used).After(now.Add(clockDistance)) {
		return AppSession{}, false
	}
	s := AppSession{AppSessionInfo: h.info(handleOfToken(token), InCookie), Token: Secret(text)}
	return s, s.readBody(value[headSize:], h.subject) == nil
}

// unseal decrypts what toCookie wrote, whenever that was.
func (ss *AppSessions) unseal(text string) (token string, value []byte, h head, ok bool) {
	sealed, err := tokenEncoding.DecodeString(strings.TrimPrefix(text, cookieMark))
	if err != nil || len(text) > maxCookie || len(sealed) < hashSize || strings.ContainsAny(text, "\r\n") {
		return "", nil, head{}, false
	}
	token = string(sealed[:hashSize])
	var room [256]byte
	value, err = ss.keys.open(nil, token, ss.cookieContext(room[:0]), sealed[hashSize:])
	if err != nil {
		return "", nil, head{}, false
	}
	h, ok = parseHead(value)
	return token, value, h, ok
}

func (ss *AppSessions) cookieContext(dst []byte) []byte {
	return append(append(dst, ss.name...), cookieContext...)
}
