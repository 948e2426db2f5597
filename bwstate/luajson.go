package bwstate

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// This file reads JSON as the decoder does that nodes and servers' scripts use, which takes more than the standard for JSON and some of it differently: numbers that C reads,
// control characters in texts, bytes that are no UTF-8, whatever is behind a NUL. So what is counted here is what is counted there.

// luaKind is a kind of value in Lua.
type luaKind byte

const (
	isNull luaKind = iota
	isBool
	isNumber
	isString
	isTable
)

// A luaValue is one value. Its memory is the decoder's.
type luaValue struct {
	kind   luaKind
	yes    bool
	number float64
	text   []byte // of a string
	raw    []byte // as it is written
}

// luaDepth is how deep values may be nested.
const luaDepth = 1000

// luaObject calls visit for each field of an object, in the order they are in; of two with one name the later counts. It reports false when the whole is no object, or not
// readable; then fields may have been visited all the same.
func luaObject(text []byte, visit func(name []byte, v luaValue)) bool {
	if len(text) >= 2 && (text[0] == 0 || text[1] == 0) {
		return false // taken for UTF-16
	}
	d := luaDecoder{text: text}
	if d.space(); d.peek() != '{' {
		return false
	}
	if _, ok := d.object(visit); !ok {
		return false
	}
	d.space()
	return d.peek() == 0 // the end, or a NUL
}

type luaDecoder struct {
	text  []byte
	pos   int
	depth int
	room  []byte // for a text with escapes
}

// peek returns the byte at hand, and NUL at the end.
func (d *luaDecoder) peek() byte {
	if d.pos < len(d.text) {
		return d.text[d.pos]
	}
	return 0
}

func (d *luaDecoder) space() {
	for c := d.peek(); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = d.peek() {
		d.pos++
	}
}

// is steps over c, behind white space, if that is what comes.
func (d *luaDecoder) is(c byte) bool {
	if d.space(); d.peek() != c {
		return false
	}
	d.pos++
	return true
}

func (d *luaDecoder) value() (luaValue, bool) {
	d.space()
	begin := d.pos
	v, ok := d.plain()
	v.raw = d.text[begin:d.pos:d.pos]
	return v, ok
}

func (d *luaDecoder) plain() (v luaValue, ok bool) {
	switch c := d.peek(); {
	case c == '{':
		return d.object(nil)
	case c == '[':
		return d.array()
	case c == '"':
		v.kind = isString
		v.text, ok = d.string()
		return v, ok
	case d.word("null"):
		return v, true
	case d.word("true"):
		return luaValue{kind: isBool, yes: true}, true
	case d.word("false"):
		return luaValue{kind: isBool}, true
	}
	v.kind = isNumber
	n := 0
	if v.number, n = cNumber(d.text[d.pos:]); n == 0 {
		return v, false
	}
	d.pos += n
	return v, true
}

func (d *luaDecoder) word(word string) bool {
	if !bytes.HasPrefix(d.text[d.pos:], []byte(word)) {
		return false
	}
	d.pos += len(word)
	return true
}

// enter counts a level of nesting.
func (d *luaDecoder) enter() bool {
	d.pos++
	d.depth++
	return d.depth <= luaDepth
}

func (d *luaDecoder) object(visit func([]byte, luaValue)) (luaValue, bool) {
	table := luaValue{kind: isTable}
	if !d.enter() {
		return table, false
	}
	for first := true; ; first = false {
		if first && d.is('}') {
			d.depth--
			return table, true
		}
		if d.space(); d.peek() != '"' {
			return table, false
		}
		name, ok := d.string()
		if !ok || !d.is(':') {
			return table, false
		}
		if visit != nil {
			name = bytes.Clone(name) // the value may need the room
		}
		v, ok := d.value()
		if !ok {
			return table, false
		}
		if visit != nil {
			visit(name, v)
		}
		if d.is('}') {
			d.depth--
			return table, true
		}
		if !d.is(',') {
			return table, false
		}
	}
}

func (d *luaDecoder) array() (luaValue, bool) {
	table := luaValue{kind: isTable}
	if !d.enter() {
		return table, false
	}
	if d.is(']') {
		d.depth--
		return table, true
	}
	for {
		if _, ok := d.value(); !ok {
			return table, false
		}
		if d.is(']') {
			d.depth--
			return table, true
		}
		if !d.is(',') {
			return table, false
		}
	}
}

// string reads a text. Without escapes it is a part of what is decoded.
func (d *luaDecoder) string() ([]byte, bool) {
	d.pos++
	rest := d.text[d.pos:]
	if end := bytes.IndexAny(rest, "\"\\\x00"); end >= 0 && rest[end] == '"' {
		d.pos += end + 1
		return rest[:end:end], true
	}
	d.room = d.room[:0]
	for {
		switch c := d.peek(); {
		case c == 0:
			return nil, false
		case c == '"':
			d.pos++
			return d.room, true
		case c != '\\':
			d.room = append(d.room, c)
			d.pos++
		case !d.escape():
			return nil, false
		}
	}
}

func (d *luaDecoder) escape() bool {
	d.pos++
	c := d.peek()
	if c != 'u' {
		if escaped[c] == 0 {
			return false
		}
		d.room = append(d.room, escaped[c])
		d.pos++
		return true
	}
	r, ok := d.unit(1)
	size := 5
	if ok && utf16.IsSurrogate(r) {
		if d.pos+6 >= len(d.text) || d.text[d.pos+5] != '\\' || d.text[d.pos+6] != 'u' {
			return false
		}
		low, isUnit := d.unit(7)
		r, size = utf16.DecodeRune(r, low), 11
		ok = isUnit && r != utf8.RuneError
	}
	if !ok {
		return false
	}
	d.room = utf8.AppendRune(d.room, r)
	d.pos += size
	return true
}

// unit reads the four digits that are so many bytes ahead.
func (d *luaDecoder) unit(ahead int) (rune, bool) {
	from := d.pos + ahead
	if from+4 > len(d.text) {
		return 0, false
	}
	digits := d.text[from : from+4]
	for _, c := range digits {
		if !isHex(c) {
			return 0, false
		}
	}
	return hexRune(digits), true
}
