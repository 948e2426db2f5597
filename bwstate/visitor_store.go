package bwstate

import (
	"context"
	"encoding/base64"
	"io"
	"strconv"
	"sync"

	"github.com/bwredis/bwredis/resp"
)

// sealed is a session that is ready to be kept.
type sealed struct {
	header header
	text   []byte // of the ciphertext
	now    int64
	edits  int // that it has
}

// seal makes a header with a new id, and encrypts the data.
func (s *visitorState) seal(stored bool) (out sealed, err error) {
	vs := s.sessions
	out.now, out.edits = vs.now(), s.edits
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

// storing is a request that stores a session, and what came of it.
type storing struct {
	q       resp.Request
	value   []byte
	inPlace bool  // of another: the first reply is that of replaceScript
	left    int64 // which is this
	refused error // the first
}

var storings = sync.Pool{New: func() any { return new(storing) }}

func newStoring() *storing { return storings.Get().(*storing) }

func (op *storing) recycle() {
	if cap(op.value) > maxKeptRequest || len(op.q.Encoded()) > maxKeptRequest {
		*op = storing{}
	}
	op.q.Reset()
	op.value, op.inPlace, op.left, op.refused = op.value[:0], false, 0, nil
	storings.Put(op)
}

// HandleReply takes the outcome.
func (op *storing) HandleReply(i int, r *resp.Reply) error {
	if err := r.Err(); err != nil {
		if op.refused == nil {
			op.refused = err
		}
		return nil
	}
	if i == 0 && op.inPlace {
		op.left = r.Int()
	}
	return r.Err()
}

// replaceScript stores a session in the place of another.
var replaceScript = newScript("replace.lua", replaceTwin)

// request makes the request that stores what was sealed. Only a session that is there already needs the script. It may be sent twice: nobody else knows the id.
func (s *visitorState) request(op *storing, next *sealed) error {
	name := s.sessions.settings.Name
	key, ttl := sessionKey(name, next.header.id()), s.sessions.storeTTL(next.header.rolling())
	op.value = append(append(append(op.value[:0], '[', '"'), next.text...), '"')
	if s.info != nil {
		op.value = append(append(append(op.value, ',', '"'), s.info...), '"')
	}
	op.value = append(op.value, ']')
	if len(op.value) > maxVisitorValue {
		return &ArgumentError{Name: "session", Problem: "has more data, with what others keep beside it, than is read again"}
	}
	if op.inPlace = s.kept && s.header.stored(); op.inPlace {
		keys := append(make([]string, 0, 2+len(s.doubtful)), key, sessionKey(name, s.header.id()))
		for _, id := range s.doubtful {
			keys = append(keys, sessionKey(name, id))
		}
		op.q.Script(replaceScript.Script, keys...).Bytes(op.value).Int(ttl).Int(grace)
	} else {
		op.q.Cmd("SET").Str(key).Bytes(op.value).Str("EX").Int(ttl)
		if len(s.doubtful) > 0 {
			op.q.Cmd("UNLINK")
			s.addKeys(&op.q, s.doubtful)
		}
	}
	op.q.MarkIdempotent()
	return nil
}

func (s *visitorState) addKeys(q *resp.Request, ids []SessionID) {
	for _, id := range ids {
		q.Str(sessionKey(s.sessions.settings.Name, id))
	}
}

// store sends the request, and makes what was sealed the session when it was stored.
func (s *visitorState) store(ctx context.Context, op *storing, next *sealed) error {
	err := s.sessions.state.roundTrip(ctx, &op.q, op)
	if err == nil {
		err = op.refused
	}
	defer s.lock()()
	switch {
	case err != nil:
		if !notSent(err) {
			s.doubtful = remember(s.doubtful, next.header.id())
		}
		return err
	case op.left == noKey:
		return refused(EndedMeanwhile)
	}
	s.doubtful = nil
	s.adopt(next)
	return nil
}

// replaceTwin is lua/replace.lua.
func replaceTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	ttl := call("TTL", keys[1])
	left, err := ttl.Int()
	for i := 0; err == nil && left == noKey && i < len(keys); i++ {
		if n, _ := call("TTL", keys[i]).Int(); n != noKey {
			left = 0
		}
	}
	if err != nil || left == noKey {
		return appendValue(dst, ttl)
	}
	if set := call("SET", keys[0], argv[0], "EX", argv[1]); set.Err() != nil {
		return appendValue(dst, set)
	}
	if most, _ := strconv.ParseInt(argv[2], 10, 64); left > most {
		if expired := call("EXPIRE", keys[1], argv[2]); expired.Err() != nil {
			return appendValue(dst, expired)
		}
	}
	if len(keys) > 2 {
		if unlinked := call(append([]string{"UNLINK"}, keys[2:]...)...); unlinked.Err() != nil {
			return appendValue(dst, unlinked)
		}
	}
	return resp.AppendInt(dst, left)
}
