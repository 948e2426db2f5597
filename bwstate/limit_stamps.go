package bwstate

import (
	"strconv"
	"strings"
)

// readStamps reads a list of times as lua/limits.lua does with cjson, which takes more than JSON has. ok is false when the text is no JSON to it, or no list of numbers.
// An object is an empty list: what it holds has no place in a list.
func readStamps(text string) (stamps []float64, ok bool) {
	if len(text) >= 2 && (text[0] == 0 || text[1] == 0) {
		return nil, false // it takes that for UTF-16
	}
	d := cjsonReader{text: text}
	switch d.space(); {
	case d.next('{'):
		ok = d.object(1)
	case d.next('['):
		stamps, ok = d.stamps()
	}
	d.space()
	return stamps, ok && (d.pos == len(d.text) || d.text[d.pos] == 0)
}

// A cjsonReader reads what lua-cjson 2.1 reads with the settings that servers have.
type cjsonReader struct {
	text string
	pos  int
}

func (d *cjsonReader) peek() byte {
	if d.pos < len(d.text) {
		return d.text[d.pos]
	}
	return 0 // cjson, too, takes one for the end
}

func (d *cjsonReader) next(c byte) bool {
	if d.peek() != c || d.pos == len(d.text) {
		return false
	}
	d.pos++
	return true
}

func (d *cjsonReader) space() {
	for strings.IndexByte(" \t\n\r", d.peek()) >= 0 && d.pos < len(d.text) {
		d.pos++
	}
}

// stamps reads the rest of a list, all of whose elements are numbers.
func (d *cjsonReader) stamps() (stamps []float64, ok bool) {
	if d.space(); d.next(']') {
		return nil, true
	}
	for {
		d.space()
		n, ok := d.number()
		if !ok {
			return nil, false
		}
		stamps = append(stamps, n)
		switch d.space(); {
		case d.next(']'):
			return stamps, true
		case !d.next(','):
			return nil, false
		}
	}
}

// maxCJSONDepth is how deep lists and objects may be in each other.
const maxCJSONDepth = 1000

// value reads any value.
func (d *cjsonReader) value(depth int) bool {
	d.space()
	switch rest := d.text[d.pos:]; {
	case d.next('"'):
		return d.str()
	case d.next('{'):
		return d.object(depth + 1)
	case d.next('['):
		return d.list(depth + 1)
	case strings.HasPrefix(rest, "true"), strings.HasPrefix(rest, "null"):
		d.pos += 4
		return true
	case strings.HasPrefix(rest, "false"):
		d.pos += 5
		return true
	}
	_, ok := d.number()
	return ok
}

func (d *cjsonReader) object(depth int) bool {
	if d.space(); depth > maxCJSONDepth {
		return false
	}
	if d.next('}') {
		return true
	}
	for {
		if d.space(); !d.next('"') || !d.str() {
			return false
		}
		if d.space(); !d.next(':') || !d.value(depth) {
			return false
		}
		switch d.space(); {
		case d.next('}'):
			return true
		case !d.next(','):
			return false
		}
	}
}

func (d *cjsonReader) list(depth int) bool {
	if d.space(); depth > maxCJSONDepth {
		return false
	}
	if d.next(']') {
		return true
	}
	for {
		if !d.value(depth) {
			return false
		}
		switch d.space(); {
		case d.next(']'):
			return true
		case !d.next(','):
			return false
		}
	}
}

// str reads the rest of a string. Bytes below a space are taken as they are.
func (d *cjsonReader) str() bool {
	for d.pos < len(d.text) {
		c := d.text[d.pos]
		d.pos++
		switch c {
		case '"':
			return true
		case 0:
			return false
		case '\\':
			if !d.escape() {
				return false
			}
		}
	}
	return false
}

func (d *cjsonReader) escape() bool {
	c := d.peek()
	d.pos++
	if c != 'u' {
		return c != 0 && strings.IndexByte(`"\/bfnrt`, c) >= 0
	}
	high, ok := d.hex()
	switch {
	case !ok || high >= 0xDC00 && high <= 0xDFFF:
		return false
	case high < 0xD800 || high > 0xDBFF:
		return true
	}
	if !strings.HasPrefix(d.text[d.pos:], `\u`) {
		return false
	}
	d.pos += 2
	low, ok := d.hex()
	return ok && low >= 0xDC00 && low <= 0xDFFF
}

func (d *cjsonReader) hex() (uint64, bool) {
	if len(d.text)-d.pos < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(d.text[d.pos:d.pos+4], 16, 32)
	d.pos += 4
	return n, err == nil
}

// appendStamps writes a list as cjson does: an empty one is an object to it, and numbers have 14 digits.
func appendStamps(dst []byte, stamps []float64) []byte {
	if len(stamps) == 0 {
		return append(dst, "{}"...)
	}
	for i, stamp := range stamps {
		dst = append(dst, ",["[flag(i == 0)])
		dst = strconv.AppendFloat(dst, stamp, 'g', 14, 64)
	}
	return append(dst, ']')
}
