package bwstate

import (
	"context"
	"errors"
	"sync"

	"github.com/bwredis/bwredis/resp"
)

// Open opens the session that a visitor's cookies name; cookie returns the value of one of them, and "" when there is none. It takes one round trip, and none
// when the cookie alone shows that there is no session.
//
// What is not accepted is a [*VisitorError], and nothing of it is changed or deleted; go on with [VisitorSessions.New]. When the server cannot be reached, the
// error is that of the layers below, or, with [CookieWhenAway], Open does without: see there.
func (vs *VisitorSessions) Open(ctx context.Context, cookie func(name string) string) (*VisitorSession, error) {
	op, err := vs.open(cookie)
	if err != nil {
		return nil, err
	}
	defer op.recycle()
	if err := vs.state.run(ctx, &op.q, op); err != nil {
		if err = op.explain(ctx, err); err != nil {
			return nil, err
		}
	}
	return op.result(false)
}

// open looks at what the cookies alone say, and returns what to ask the server.
func (vs *VisitorSessions) open(cookie func(name string) string) (*visitorOpen, error) {
	text := cookie(vs.settings.Name)
	s := newVisitorSession(vs)
	if err := s.header.parse(text); err != nil {
		return nil, err
	}
	inCookie := !s.header.stored() && vs.settings.Away == CookieWhenAway
	if err := vs.checkHeader(&s.header, !inCookie, s.openedAt); err != nil {
		return nil, err
	}
	if !vs.keys.authentic(&s.header) {
		return nil, refused(CookieForged)
	}
	s.chunks = vs.fullChunks(cookie)
	if inCookie {
		if err := s.gather(text, cookie); err != nil {
			return nil, err
		}
		s.chunks |= vs.chunkBits(int(s.header.size()))
	}
	op := visitorOpens.Get().(*visitorOpen)
	op.session, op.inCookie = s, inCookie
	return op, nil
}

// A visitorOpen asks for a session's value; for a session that is in cookies, whether the server answers.
type visitorOpen struct {
	q        resp.Request
	session  *VisitorSession
	inCookie bool

	value   []byte
	refused error // by the server, or for a reply of another type
}

var visitorOpens = sync.Pool{New: func() any { return new(visitorOpen) }}

func (op *visitorOpen) recycle() {
	q, value := op.q, op.value
	if cap(value) > maxKeptRequest {
		value = nil
	}
	q.Reset()
	*op = visitorOpen{q: q, value: value[:0]}
	visitorOpens.Put(op)
}

// add asks for one byte more than a value may have: what is stored may be anybody's, and of any size.
func (op *visitorOpen) add(q *resp.Request) {
	op.value, op.refused = op.value[:0], nil
	if op.inCookie {
		q.Cmd("PING")
		return
	}
	s := op.session
	q.Cmd("GETRANGE").Str(sessionKey(s.sessions.settings.Name, s.header.id())).Int(0).Int(maxVisitorValue)
}

func (op *visitorOpen) reads() bool { return true }

func (op *visitorOpen) HandleReply(_ int, r *resp.Reply) error {
	if !r.Null() {
		op.value = r.AppendTo(op.value[:0])
	}
	op.refused = r.Err()
	return nil
}

// explain says what a round trip that failed means; nil: the session is opened without the server.
func (op *visitorOpen) explain(ctx context.Context, err error) error {
	switch {
	case !op.session.sessions.without(ctx, err):
		return err
	case op.inCookie:
		op.session.away = err
		return nil
	}
	return &VisitorError{Reason: ServerAway, Err: err}
}

func (op *visitorOpen) result(bool) (*VisitorSession, error) {
	s := op.session
	if err := op.refused; err != nil {
		var typed *resp.TypeError
		if !op.inCookie && (resp.IsCode(err, "WRONGTYPE") || errors.As(err, &typed)) {
			return nil, &VisitorError{Reason: ValueOtherType, Err: err}
		}
		if err = op.explain(context.Background(), err); err != nil {
			return nil, err
		}
	}
	switch {
	case op.inCookie && s.away == nil:
		return nil, refused(OtherStorage) // the server answers
	case op.inCookie:
	case len(op.value) == 0: // there is no other way to say that there is nothing
		return nil, refused(NotStored)
	case len(op.value) > maxVisitorValue:
		return nil, refused(ValueTooLarge)
	default:
		text, info, err := splitValue(op.value)
		if err != nil {
			return nil, err
		}
		s.info = append([]byte(nil), info...)
		if err := s.unseal(text); err != nil {
			return nil, err
		}
	}
	s.kept = true
	return s, nil
}

// unseal opens the data behind the header.
func (s *visitorState) unseal(text []byte) error {
	if int64(len(text)) != s.header.size() {
		return refused(ValueWrongSize)
	}
	if len(text) > maxVisitorText {
		return refused(ValueTooLarge)
	}
	ciphertext, ok := decodeText(text)
	if !ok {
		return refused(ValueNotBase64)
	}
	data, ok := s.sessions.keys.open(&s.header, ciphertext)
	if !ok {
		return refused(ValueForged)
	}
	if s.header.flags()&flagDeflated != 0 {
		var err error
		if data, err = inflate(data); err != nil {
			return err
		}
	}
	audiences, err := parseAudiences(data, s.header.stored())
	if err != nil {
		return err
	}
	s.audiences = audiences
	s.isNew = !s.takeAudience()
	return nil
}

// without reports whether a failure means that the server is away, and that sessions go on without it.
func (vs *VisitorSessions) without(ctx context.Context, err error) bool {
	var refused *VisitorError
	return vs.settings.Away == CookieWhenAway && ctx.Err() == nil && !errors.As(err, &refused) && cannotServe(err) // a context that ended says nothing of the server
}

// cannotServe tells a server that cannot be reached, or does not serve yet, from one that refuses.
func cannotServe(err error) bool {
	var reply *resp.Error
	if !errors.As(err, &reply) {
		return true
	}
	switch reply.Code() {
	case "LOADING", "MASTERDOWN": // but not READONLY: that server answers, and would have sessions in cookies refused
		return true
	}
	return false
}
