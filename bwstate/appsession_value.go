package bwstate

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"

	"github.com/bwredis/bwredis/resp"
)

// A sessionOp is a request about a session, with its reply, which is one text or nothing.
type sessionOp struct {
	q       resp.Request
	reply   []byte
	missing bool
	body    []byte // what is stored, before encryption
	sealed  []byte // and after
}

var sessionOps = sync.Pool{New: func() any { return new(sessionOp) }}

func newSessionOp() *sessionOp { return sessionOps.Get().(*sessionOp) }

func (op *sessionOp) recycle() {
	if cap(op.reply)+cap(op.body)+cap(op.sealed)+len(op.q.Encoded()) > 4*maxKeptRequest {
		*op = sessionOp{}
	}
	clear(op.body) // it is not encrypted
	op.q.Reset()
	op.reply, op.body, op.sealed, op.missing = op.reply[:0], op.body[:0], op.sealed[:0], false
	sessionOps.Put(op)
}

// HandleReply takes the reply.
func (op *sessionOp) HandleReply(_ int, r *resp.Reply) error {
	if err := r.Err(); err != nil {
		return err
	}
	if op.missing = r.Null(); !op.missing {
		op.reply = r.AppendTo(op.reply[:0])
	}
	return r.Err()
}

func (op *sessionOp) limits(limits [3]int64) {
	for _, ms := range limits {
		op.q.Int(ms)
	}
}

// A move says from where to where a session is written, and what must hold.
type move struct {
	from, to string // handles
	token    string // of the session to be
	expected int64  // version
	created  int64  // Unix milliseconds; 0: now
	mark     string // the key of the mark that ends what was created before it; "": none does
	limits   [3]int64
}

// put encodes appsession_put.lua.
func (op *sessionOp) put(ss *AppSessions, s *AppSession, m move) {
	subject := subjectHash(s.Subject)
	op.body = appendBody(op.body[:0], s.Subject, s.Data)
	kind, data := "p", op.body
	if !ss.keys.empty() {
		var room [256]byte
		op.sealed = ss.keys.seal(op.sealed[:0], m.token, ss.context(room[:0], subject), op.body)
		kind, data = "e", op.sealed
	}
	keys := [3]string{appSessionKey(ss.name, m.from), appSessionKey(ss.name, m.to), m.mark}
	n := len(keys)
	if m.mark == "" {
		n--
	}
	op.q.Script(putSessionScript.Script, keys[:n]...).Int(m.expected)
	op.limits(m.limits)
	op.q.Str(appSubjectKey(ss.name, "")).Str(subject).Str(kind).Bytes(data).Int(m.created)
	if m.mark != "" {
		op.q.Int(m.created - clockDistance.Milliseconds())
	}
}

// context is what encrypted data belongs to, besides the token: so it cannot be moved to another application or subject.
func (ss *AppSessions) context(dst []byte, subject string) []byte {
	return append(append(append(dst, ss.name...), ' '), subject...)
}

// errForeignToken is how a session is refused that these sessions did not return.
func errForeignToken() error {
	return &ArgumentError{Name: "Token", Problem: "is not one that these sessions made"}
}

// errOtherSubject is how Save refuses to change whose session it is.
func errOtherSubject() error {
	return &ArgumentError{Name: "Subject", Problem: "has changed: Rotate gives the session another token, Save does not"}
}

// most is how many bytes a stored session may have. More are not asked for, but for one that shows it: what is stored may be anybody's, and of any size.
func (ss *AppSessions) most() int64 {
	return int64(headSize + ss.maxData + maxSubject + binary.MaxVarintLen64 + minSealed)
}

// run sends a request, and returns what went wrong as the caller sees it. A [*WaitError] goes with a write that was done.
func (ss *AppSessions) run(ctx context.Context, op *sessionOp) error {
	if ss.wait == nil {
		if err := ss.state.roundTrip(ctx, &op.q, op); err != nil {
			return sessionError(ctx, err)
		}
		return op.problem()
	}
	err := ss.wait.roundTrip(ctx, op)
	switch {
	case ss.wait.refused != nil:
		return sessionError(ctx, ss.wait.refused) // whatever became of the wait behind it
	case !ss.wait.answered && err != nil:
		return sessionError(ctx, err)
	}
	if problem := op.problem(); problem != nil || err == nil {
		return problem
	}
	return &WaitError{Err: err}
}

// notWritten says whether a write was not done, or nothing is known of it.
func notWritten(err error) bool {
	if err == nil {
		return false
	}
	var wait *WaitError
	return !errors.As(err, &wait)
}

// problem is what a script's reply complains of.
func (op *sessionOp) problem() error {
	if op.missing {
		return nil
	}
	switch string(op.reply) {
	case notOurs:
		return &AppSessionValueError{Reason: NotASession}
	case notOurIndex:
		return &AppSessionValueError{Reason: NotAnIndex}
	case notOurMark:
		return &AppSessionValueError{Reason: NotAMark}
	case tooLarge:
		return &AppSessionValueError{Reason: TooLarge}
	case otherSubject:
		return errOtherSubject()
	case "":
		return &AppSessionValueError{Reason: NotASession}
	}
	return nil
}

// sessionError says what a round trip's error means.
func sessionError(ctx context.Context, err error) error {
	switch {
	case resp.IsCode(err, "WRONGTYPE"):
		return &AppSessionValueError{Reason: WrongType, Err: err}
	case isOutage(ctx, err):
		return &AwayError{Err: err}
	}
	return err
}

// decode reads a stored session.
func (ss *AppSessions) decode(token, handle string, value []byte) (AppSession, error) {
	h, ok := parseHead(value)
	if !ok {
		return AppSession{}, &AppSessionValueError{Reason: NotASession}
	}
	data := value[headSize:]
	if int64(len(value)) > ss.most() {
		return AppSession{}, &AppSessionValueError{Reason: TooLarge}
	}
	s := AppSession{AppSessionInfo: h.info(handle, InStore), Token: Secret(token)}
	switch {
	case h.kind == sealedData:
		var room [256]byte
		body, err := ss.keys.open(nil, token, ss.context(room[:0], h.subject), data)
		if err != nil {
			return AppSession{}, err
		}
		return s, s.readBody(body, h.subject)
	case !ss.plain:
		return AppSession{}, &AppSessionValueError{Reason: NotEncrypted}
	}
	return s, s.readBody(append([]byte(nil), data...), h.subject)
}

// appendBody writes what is stored behind the head: the length of the subject, the subject, the data.
func appendBody(dst []byte, subject string, data []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(subject)))
	return append(append(dst, subject...), data...)
}

// readBody reads what appendBody wrote, and keeps body.
func (s *AppSession) readBody(body []byte, subject string) error {
	n, size := binary.Uvarint(body)
	if size <= 0 || n > maxSubject || n > uint64(len(body)-size) {
		return &AppSessionValueError{Reason: Altered}
	}
	body = body[size:]
	s.Subject, s.Data = string(body[:n]), body[n:]
	if subjectHash(s.Subject) != subject {
		return &AppSessionValueError{Reason: Altered}
	}
	return nil
}

// digits reads a number that a script returned.
func digits(text []byte) int64 { return number(string(text)) }
