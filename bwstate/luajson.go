package bwstate

import (
	"bytes"
	"math"
	"strconv"
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

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// cNumber reads what strtod of C reads, from the bytes that may begin a number, and returns how long it is.
func cNumber(text []byte) (f float64, n int) {
	at := func(i int) byte {
		if i < len(text) {
			return text[i]
		}
		return 0
	}
	digits := func(from int, is func(byte) bool) int {
		for is(at(from)) {
			from++
		}
		return from
	}
	if at(0) == '-' || at(0) == '+' {
		n++
	}
	if size := cWord(text[n:]); size > 0 {
		f = math.Inf(1)
		if text[n]|0x20 == 'n' {
			f = math.NaN()
		}
		if at(0) == '-' {
			f = -f
		}
		return f, n + size
	}
	if n == 0 && !isDigit(at(0)) {
		return 0, 0
	}
	hex := at(n) == '0' && at(n+1)|0x20 == 'x' && (isHex(at(n+2)) || at(n+2) == '.' && isHex(at(n+3)))
	is, exponent := isDigit, byte('e')
	if hex {
		n, is, exponent = n+2, isHex, 'p'
	}
	whole := digits(n, is)
	end := whole
	if at(whole) == '.' {
		end = digits(whole+1, is)
	}
	if end == n || end == n+1 && at(n) == '.' {
		return 0, 0 // no digit at all
	}
	bare := true
	if at(end)|0x20 == exponent {
		from := end + 1
		if at(from) == '-' || at(from) == '+' {
			from++
		}
		if isDigit(at(from)) {
			bare, end = false, digits(from, isDigit)
		}
	}
	number := string(text[:end])
	if hex && bare {
		number += "p0"
	}
	f, _ = strconv.ParseFloat(number, 64) // what is out of range is infinite, as in C
	return f, end
}

// cWord returns how long the word is that text begins with and C takes for a number.
func cWord(text []byte) int {
	for _, word := range []string{"infinity", "inf", "nan"} {
		if len(text) >= len(word) && string(bytes.ToLower(text[:len(word)])) == word {
			return len(word)
		}
	}
	return 0
}

// appendG14 writes a number as C's %.14g does, which is how Lua writes numbers.
func appendG14(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case math.IsInf(f, 0):
		if f < 0 {
			dst = append(dst, '-')
		}
		return append(dst, "inf"...)
	case f == 0:
		return append(dst, '0')
	}
	const precision = 14
	scientific := strconv.AppendFloat(nil, f, 'e', precision-1, 64)
	mark := bytes.IndexByte(scientific, 'e')
	exponent, _ := strconv.Atoi(string(scientific[mark+1:]))
	if exponent >= -4 && exponent < precision {
		fixed := strconv.AppendFloat(nil, f, 'f', precision-1-exponent, 64)
		if bytes.IndexByte(fixed, '.') >= 0 {
			fixed = bytes.TrimRight(bytes.TrimRight(fixed, "0"), ".")
		}
		return append(dst, fixed...)
	}
	mantissa := scientific[:mark]
	if bytes.IndexByte(mantissa, '.') >= 0 {
		mantissa = bytes.TrimRight(bytes.TrimRight(mantissa, "0"), ".")
	}
	return append(append(dst, mantissa...), scientific[mark:]...)
}
