package bwstate

import (
	"strconv"

	"github.com/bwredis/bwredis/resp"
)

// A twinCall is a twin of one of lua/appsession*.lua at work.
type twinCall struct {
	call func(args ...string) resp.Value
	dst  []byte
}

func (t *twinCall) text(s string) []byte { return resp.AppendBulk(t.dst, s) }
func (t *twinCall) none() []byte         { return resp.AppendNull(t.dst, 3) }

func (t *twinCall) clock() int64 {
	now := t.call("TIME").Elems()
	seconds, _ := now[0].Int()
	micros, _ := now[1].Int()
	return seconds*1000 + micros/1000
}

// read returns the head of a session; reply is what ends the script when the key holds something else. There is nothing when both are nil.
func (t *twinCall) read(key string) (h *head, reply []byte) {
	v := t.call("GETRANGE", key, "0", strconv.Itoa(headSize-1))
	if v.Err() != nil {
		return nil, appendValue(t.dst, v)
	}
	text, _ := v.Text()
	if text == "" && !t.exists(key) {
		return nil, nil
	}
	parsed, ok := parseHead(text)
	if !ok {
		return nil, t.text(notOurs)
	}
	return &parsed, nil
}

func (t *twinCall) exists(key string) bool {
	n, _ := t.call("EXISTS", key).Int()
	return n == 1
}

// revoked is that of appsession.lua; what it replies, if anything, ends the script.
func (t *twinCall) revoked(mark string) (ms int64, reply []byte) {
	v := t.call("GETRANGE", mark, "0", strconv.Itoa(headDigits))
	text, _ := v.Text()
	switch {
	case isWrongType(v):
		return 0, t.text(notOurMark)
	case v.Err() != nil:
		return 0, appendValue(t.dst, v)
	case text == "" && !t.exists(mark):
		return 0, nil
	case len(text) != headDigits || !onlyDigits(text):
		return 0, t.text(notOurMark)
	}
	return number(text), nil
}

// set writes a value until a time; reply is what ends the script, if anything.
func (t *twinCall) set(key, value string, until int64) (reply []byte) {
	if set := t.call("SET", key, value, "PXAT", strconv.FormatInt(until, 10)); set.Err() != nil {
		return appendValue(t.dst, set)
	}
	return nil
}

// remove ends a session, and takes it out of its index.
func (t *twinCall) remove(key string, h *head, indexes string) {
	t.call("UNLINK", key)
	if h.subject != nobody {
		t.leave(indexes+h.subject, handleOf(key))
	}
}

// handleOf returns the handle of the session that has this key.
func handleOf(key string) string { return key[max(0, len(key)-hashSize):] }

// putSessionTwin is lua/appsession_put.lua.
func putSessionTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	t := &twinCall{call, dst}
	now, from, to, indexes := t.clock(), keys[0], keys[1], argv[4]
	expected, created := number(argv[0]), number(argv[8])
	old, reply := t.read(from)
	switch {
	case reply != nil:
		return reply
	case old != nil && old.expires < now:
		old = nil
	}
	h := head{kind: argv[6][0], created: created, rotated: now, used: now, subject: argv[5]}
	if created == 0 {
		h.created = now
	}
	switch {
	case old == nil && expected != newSession && expected != anySession:
		return t.none()
	case old == nil:
	case expected == newSession:
		return t.text(notOurs)
	case expected != anySession && old.version != expected:
		return t.text(string(otherVersion) + strconv.FormatInt(old.version, 10))
	case expected != anySession && from == to && old.subject != h.subject:
		return t.text(otherSubject)
	default:
		h.version, h.created = old.version, old.created
		if from == to {
			h.rotated = old.rotated
		}
	}
	if from != to && t.exists(to) {
		return t.text(notOurs)
	}
	if len(keys) > 2 {
		if ended, reply := t.revoked(keys[2]); reply != nil {
			return reply
		} else if ended >= number(argv[9]) {
			return t.none()
		}
	}
	h.version++
	if h.expires = limit(argv[1:4], &h); h.expires <= now {
		if old != nil {
			t.remove(from, old, indexes)
		}
		return t.none()
	}
	return t.write(from, to, old, &h, indexes, argv[7], now)
}

// write is the part of appsession_put.lua that changes something.
func (t *twinCall) write(from, to string, old, h *head, indexes, data string, now int64) []byte {
	if h.subject != nobody {
		if reply := t.enter(indexes+h.subject, handleOf(to), h.expires, now); reply != nil {
			return reply
		}
	}
	text := string(h.append(nil))
	if reply := t.set(to, text+data, h.expires); reply != nil {
		return reply
	}
	switch {
	case old == nil:
	case from != to:
		t.remove(from, old, indexes)
	case old.subject != h.subject && old.subject != nobody:
		t.leave(indexes+old.subject, handleOf(from))
	}
	return t.text(text)
}

// touchSessionTwin is lua/appsession_touch.lua.
func touchSessionTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	t := &twinCall{call, dst}
	now, indexes := t.clock(), argv[3]
	h, reply := t.read(keys[0])
	switch {
	case reply != nil:
		return reply
	case h == nil || h.expires < now:
		return t.none()
	}
	if size, _ := t.call("STRLEN", keys[0]).Int(); size > number(argv[4]) {
		return t.text(tooLarge)
	}
	h.used = now
	if h.expires = limit(argv[:3], h); h.expires <= now {
		t.remove(keys[0], h, indexes)
		return t.none()
	}
	if h.subject != nobody {
		if reply := t.enter(indexes+h.subject, handleOf(keys[0]), h.expires, now); reply != nil {
			return reply
		}
	}
	value, _ := t.call("GET", keys[0]).Text()
	value = string(h.append(nil)) + value[headSize:]
	if reply := t.set(keys[0], value, h.expires); reply != nil {
		return reply
	}
	return t.text(value)
}

// revokeSessionTwin is lua/appsession_revoke.lua.
func revokeSessionTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	t := &twinCall{call, dst}
	h, reply := t.read(keys[0])
	switch {
	case reply != nil:
		return reply
	case h == nil:
		return t.none()
	}
	t.remove(keys[0], h, argv[0])
	return t.text(string(h.append(nil)))
}

// revokeSubjectTwin is lua/appsession_revokeall.lua.
func revokeSubjectTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	t := &twinCall{call, dst}
	members := t.call("ZRANGE", keys[0], "0", "-1")
	switch {
	case isWrongType(members):
		return t.text(notOurIndex)
	case members.Err() != nil:
		return appendValue(dst, members)
	}
	ended := 0
	for _, v := range members.Elems() {
		handle, _ := v.Text()
		if handle == argv[2] {
			continue
		}
		if h, _ := t.read(argv[0] + handle); h != nil && h.subject == argv[1] {
			t.call("UNLINK", argv[0]+handle)
			ended++
		}
		t.leave(keys[0], handle)
	}
	before, reply := t.revoked(keys[1])
	if reply != nil {
		return reply
	}
	left, _ := t.call("PTTL", keys[1]).Int()
	lifetime := strconv.FormatInt(max(left, number(argv[3])), 10)
	if set := t.call("SET", keys[1], string(appendMillis(nil, max(before, t.clock()))), "PX", lifetime); set.Err() != nil {
		return appendValue(dst, set)
	}
	return t.text(string(howMany) + strconv.Itoa(ended))
}

// listSessionsTwin is lua/appsession_list.lua.
func listSessionsTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	t := &twinCall{call, dst}
	members := t.call("ZREVRANGE", keys[0], "0", "-1")
	switch {
	case isWrongType(members):
		return resp.AppendBulk(resp.AppendAggregate(dst, resp.Array, 1, 3), notOurIndex)
	case members.Err() != nil:
		return appendValue(dst, members)
	}
	now, most := t.clock(), number(argv[2])
	var found []string
	count := int64(0)
	for _, v := range members.Elems() {
		handle, _ := v.Text()
		h, _ := t.read(argv[0] + handle)
		if h == nil || h.subject != argv[1] || h.expires < now {
			continue
		}
		if count++; count <= most {
			found = append(found, handle, string(h.append(nil)))
		}
	}
	dst = resp.AppendBulk(resp.AppendAggregate(dst, resp.Array, 1+len(found), 3), strconv.FormatInt(count, 10))
	for _, text := range found {
		dst = resp.AppendBulk(dst, text)
	}
	return dst
}

// limit returns when a session ends. limits are how long it may be idle, keep its id, and live, in milliseconds.
func limit(limits []string, h *head) int64 {
	return min(h.used+number(limits[0]), h.rotated+number(limits[1]), h.created+number(limits[2]))
}

// number reads an argument that is a number, because these scripts have no other caller than this package.
func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}
