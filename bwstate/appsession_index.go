package bwstate

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// In the embedded store an index is a text, which takes less memory than a sorted set: for each session a line with its handle and the millisecond it ends, those that live
// longest first.

// An indexLine is a session of an index.
type indexLine struct {
	handle  string
	expires int64
}

const indexLineSize = hashSize + 1 + headDigits + 1

// index reads an index. ok is false when it is something else.
func (t *twinCall) index(key string) (lines []indexLine, ok bool) {
	v := t.call("GET", key)
	if v.IsNull() {
		return nil, true
	}
	text, _ := v.Text()
	if text == "" || len(text)%indexLineSize != 0 {
		return nil, false
	}
	for line := range strings.Lines(text) {
		if len(line) != indexLineSize || !isHash(line[:hashSize]) || line[hashSize] != ' ' {
			return nil, false
		}
		expires, err := strconv.ParseInt(line[hashSize+1:indexLineSize-1], 10, 64)
		if err != nil {
			return nil, false
		}
		lines = append(lines, indexLine{line[:hashSize], expires})
	}
	return lines, true
}

// enter is that of appsession.lua.
func (t *twinCall) enter(key, handle string, expires, now int64) (reply []byte) {
	lines, ok := t.index(key)
	if !ok {
		return t.text(notOurIndex)
	}
	lines = slices.DeleteFunc(lines, func(l indexLine) bool { return l.handle == handle || l.expires < now })
	return t.setIndex(key, append(lines, indexLine{handle, expires}))
}

// leave takes a session out of an index, if that is one.
func (t *twinCall) leave(key, handle string) {
	lines, _ := t.index(key)
	left := slices.DeleteFunc(lines, func(l indexLine) bool { return l.handle == handle })
	switch {
	case len(left) == len(lines):
	case len(left) == 0:
		t.call("UNLINK", key)
	default:
		t.setIndex(key, left) // it becomes smaller, so there is room
	}
}

func (t *twinCall) setIndex(key string, lines []indexLine) (reply []byte) {
	slices.SortFunc(lines, func(a, b indexLine) int {
		return cmp.Or(cmp.Compare(b.expires, a.expires), strings.Compare(b.handle, a.handle)) // as ZREVRANGE does
	})
	text := make([]byte, 0, len(lines)*indexLineSize)
	for _, l := range lines {
		text = append(append(text, l.handle...), ' ')
		text = append(appendMillis(text, l.expires), '\n')
	}
	return t.set(key, string(text), lines[0].expires)
}
