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
	load := s.fetch
	if inCookie {
		load = func(ctx context.Context) error { return s.gather(ctx, text, cookie) }
	}
	if err := load(ctx); err != nil {
		return nil, err
	}
	s.kept = true
	if s.chunks = vs.fullChunks(cookie); inCookie {
		s.chunks |= vs.chunkBits(int(s.header.size()))
	}
	return s, nil
}

// visitorOp is a request for a session's value, with the value.
type visitorOp struct {
	q        resp.Request
	value    []byte
	found    bool
	tooLarge bool
}

var visitorOps = sync.Pool{New: func() any { return new(visitorOp) }}

func newVisitorOp() *visitorOp { return visitorOps.Get().(*visitorOp) }

func (op *visitorOp) recycle() {
	if cap(op.value) > maxKeptRequest || len(op.q.Encoded()) > maxKeptRequest {
		*op = visitorOp{}
	}
	op.q.Reset()
	op.value, op.found, op.tooLarge = op.value[:0], false, false
	visitorOps.Put(op)
}

// HandleReply takes the value, unless it is too large to be a session's.
func (op *visitorOp) HandleReply(_ int, r *resp.Reply) error {
	if err := r.Err(); err != nil || r.Null() {
		return err
	}
	value := r.Bytes()
	op.found, op.tooLarge = true, len(value) > maxVisitorValue
	if !op.tooLarge {
		op.value = append(op.value[:0], value...)
	}
	return r.Err()
}

// fetch gets the session from the server and opens it.
func (s *visitorState) fetch(ctx context.Context) error {
	vs, op := s.sessions, newVisitorOp()
	defer op.recycle()
	op.q.Cmd("GET").Str(sessionKey(vs.settings.Name, s.header.id())).MarkReadOnly()
	err := vs.state.roundTrip(ctx, &op.q, op)
	var reply *resp.Error
	var typed *resp.TypeError
	switch {
	case errors.As(err, &reply) && reply.Code() == "WRONGTYPE", errors.As(err, &typed):
		return &VisitorError{Reason: ValueOtherType, Err: err}
	case err != nil && vs.without(ctx, err):
		return &VisitorError{Reason: ServerAway, Err: err}
	case err != nil:
		return err
	case !op.found:
		return refused(NotStored)
	case op.tooLarge:
		return refused(ValueTooLarge)
	}
	text, info, err := splitValue(op.value)
	if err != nil {
		return err
	}
	s.info = append([]byte(nil), info...)
	return s.unseal(text)
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
