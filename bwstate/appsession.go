package bwstate

import (
	"context"
	"time"

	"github.com/bwredis/bwredis/resp"
)

// AppSessions are sessions of an application's own, in the Redis that BunkerWeb uses. [State.AppSessions] makes them. (Those of BunkerWeb's nodes are [Sessions].)
//
// A session has a token, which the client keeps in a cookie and nobody else knows: 32 random bytes as text. Keys hold its hash, the handle, which names the session and
// does not open it. A session may have a subject, such as a user's name; all sessions of a subject can be listed, counted and ended.
//
// Each operation is one round trip. What changes a session runs as a script on the server, in one step, with the server's clock; so limits are kept whatever the
// clocks of the nodes say. Operations that change something are sent once; Load, Info, List and Count only read, and are sent again when a connection is lost.
//
// What is under a key and not a session of this application is an [*AppSessionValueError], and is neither changed nor deleted. An operation that fails because the
// server is away returns an [*AwayError].
//
// The methods may be called concurrently. One AppSession is for one caller at a time.
type AppSessions struct {
	state   *State
	name    string
	limits  [3]int64 // milliseconds: Idle, Rolling, Absolute
	maxData int
	cookies bool // when the server is away
	plain   bool // data without encryption is accepted
	keys    *keyring
	wait    *appWait // for replicas, of a copy that writes once; nil: nobody waits
}

// AppSessionInfo is what is known of a session without its data.
type AppSessionInfo struct {
	Handle  string          // names the session, in keys and logs: the hash of its token, 43 characters
	Place   AppSessionPlace // where it is
	Version int64           // grows with every Save and Rotate

	Created time.Time
	Rotated time.Time // when it got its token
	Used    time.Time // the last Create, Touch, Save or Rotate
	Expires time.Time // when it will end if it is not used
}

// An AppSession is a session with its data.
type AppSession struct {
	AppSessionInfo

	// Token is what the client's cookie holds; string(s.Token) is the text. It hides itself when it is printed, encoded or logged.
	Token Secret
	// Subject is whose session it is; "" for nobody's. To change it takes Rotate. It does not show when the session is printed, encoded or logged.
	Subject string
	// Data is the application's. It does not show either.
	Data []byte
}

// AppSessionPlace says where a session is.
type AppSessionPlace string

// Places of sessions.
const (
	InStore  AppSessionPlace = "store"  // on the server; the cookie holds its name
	InCookie AppSessionPlace = "cookie" // in the cookie, because the server was away; see CookieWhenAway
)

// Create begins a session. data stays the caller's, and is the Data of what is returned. Place says where the session is.
func (ss *AppSessions) Create(ctx context.Context, subject string, data []byte) (AppSession, error) {
	s := AppSession{Subject: subject, Data: data}
	if err := ss.checkContent(&s); err != nil {
		return AppSession{}, err
	}
	_, err := ss.begin(ctx, &s, nil)
	if notWritten(err) {
		return AppSession{}, err
	}
	return s, err
}

// Load returns the session of a token, and false when there is none: it never was, has ended, or the text is no token. It does not count as a use.
func (ss *AppSessions) Load(ctx context.Context, token string) (s AppSession, found bool, err error) {
	if !isToken(token) {
		return ss.loadCookie(ctx, token)
	}
	return ss.load(ctx, token)
}

// Touch is Load, and notes that the session was used: it may be idle for as long again. Send the client the Token that is returned if it is not the one it sent,
// which happens only while the server is away.
func (ss *AppSessions) Touch(ctx context.Context, token string) (s AppSession, found bool, err error) {
	if !isToken(token) {
		return ss.touchCookie(ctx, token)
	}
	op := newSessionOp()
	defer op.recycle()
	handle := handleOfToken(token)
	ss.addTouch(&op.q, handle)
	if err := ss.run(ctx, op); err != nil || op.missing {
		return AppSession{}, false, err
	}
	s, err = ss.decode(token, handle, op.reply)
	return s, err == nil, err
}

func (ss *AppSessions) addTouch(q *resp.Request, handle string) {
	q.Script(touchSessionScript.Script, appSessionKey(ss.name, handle))
	for _, ms := range ss.limits {
		q.Int(ms)
	}
	q.Str(appSubjectKey(ss.name, "")).Int(ss.most())
}

// Save writes the Data of a session that Create, Load or Touch returned, and counts as a use. It returns false when the session has ended meanwhile; it does
// not come back, and neither does one in a cookie of whose subject all were ended. When somebody else has saved or rotated it meanwhile, nothing is written, and the error is a [*LostUpdateError]: load it again and decide.
func (ss *AppSessions) Save(ctx context.Context, s *AppSession) (found bool, err error) {
	if err := ss.check(s); err != nil {
		return false, err
	}
	if s.Place == InCookie {
		return ss.saveCookie(ctx, s)
	}
	return ss.put(ctx, s, string(s.Token), s.Version, nil)
}

// Rotate is Save under a new token, from which on the old one is good for nothing. Rotate when privileges change, above all when somebody logs in, so that a token that was
// known before is not worth more afterwards. Data and Subject may be others than before. Send the client the new Token.
func (ss *AppSessions) Rotate(ctx context.Context, s *AppSession) (found bool, err error) {
	if err := ss.check(s); err != nil {
		return false, err
	}
	if s.Place == InCookie {
		return ss.rotateCookie(ctx, s)
	}
	return ss.put(ctx, s, newToken(), s.Version, nil)
}

// RotateDue reports whether three quarters of the time are over for which a session may keep its token.
func (ss *AppSessions) RotateDue(info AppSessionInfo, now time.Time) bool {
	return now.Sub(info.Rotated).Milliseconds() > ss.limits[1]/4*3
}

// load reads the session of any token.
func (ss *AppSessions) load(ctx context.Context, token string) (AppSession, bool, error) {
	op := newSessionOp()
	defer op.recycle()
	handle := handleOfToken(token)
	ss.addLoad(&op.q, handle)
	op.q.MarkReadOnly()
	if err := ss.state.roundTrip(ctx, &op.q, op); err != nil {
		return AppSession{}, false, sessionError(ctx, err)
	}
	if len(op.reply) == 0 { // there is no other way to say that there is nothing
		return AppSession{}, false, nil
	}
	s, err := ss.decode(token, handle, op.reply)
	return s, err == nil, err
}

func (ss *AppSessions) addLoad(q *resp.Request, handle string) {
	var room [maxAppSessionKey]byte
	q.Cmd("GETRANGE").Bytes(appendAppSessionKey(room[:0], ss.name, handle)).Int(0).Int(ss.most())
}

// begin writes a session under a new token: one that is new, or that was in a cookie until now, as cookie says.
func (ss *AppSessions) begin(ctx context.Context, s *AppSession, cookie *head) (found bool, err error) {
	if cookie != nil && time.Now().UnixMilli() > cookie.expires {
		return false, nil
	}
	next := *s
	token := newToken()
	next.Token = Secret(token)
	found, err = ss.put(ctx, &next, token, newSession, cookie)
	if err != nil && ss.cookies && isAway(err) {
		return ss.toCookie(s, s.Version+1)
	}
	if found {
		*s = next
	}
	return found, err
}

// put writes a session as that of token, if it is at the expected version, and brings s up to date.
func (ss *AppSessions) put(ctx context.Context, s *AppSession, token string, expected int64, cookie *head) (found bool, err error) {
	to := handleOfToken(token)
	m := move{from: to, to: to, token: token, expected: expected, limits: ss.limits}
	if string(s.Token) != token {
		m.from = handleOfToken(string(s.Token))
	}
	if cookie != nil {
		m.created = cookie.created
		if cookie.subject != nobody {
			m.mark = appMarkKey(ss.name, cookie.subject)
		}
	}
	op := newSessionOp()
	defer op.recycle()
	op.put(ss, s, m)
	if err = ss.run(ctx, op); notWritten(err) || op.missing {
		return false, err
	}
	if op.reply[0] == otherVersion {
		return false, &LostUpdateError{Loaded: s.Version, Stored: digits(op.reply[1:])}
	}
	h, ok := parseHead(op.reply)
	if !ok {
		return false, &AppSessionValueError{Reason: NotASession}
	}
	s.AppSessionInfo, s.Token = h.info(to, InStore), Secret(token)
	return true, err
}

// check refuses what no session is that these sessions returned, and what cannot be stored.
func (ss *AppSessions) check(s *AppSession) error {
	switch {
	case s.Place != InStore && s.Place != InCookie:
		return &ArgumentError{Name: "Place", Problem: "is neither the store nor the cookie"}
	case s.Place == InStore && !isToken(string(s.Token)):
		return errForeignToken()
	case s.Place == InStore && s.Version < 1:
		return &ArgumentError{Name: "Version", Problem: "is not that of a session that was stored"}
	}
	return ss.checkContent(s)
}

func (ss *AppSessions) checkContent(s *AppSession) error {
	switch {
	case len(s.Data) > ss.maxData:
		return &ArgumentError{Name: "Data", Problem: "is larger than MaxData"}
	case len(s.Subject) > maxSubject:
		return &ArgumentError{Name: "Subject", Problem: "is longer than 1024 bytes"}
	}
	return nil
}
