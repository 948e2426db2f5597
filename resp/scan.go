package resp

import (
	"bytes"
	"math"
	"strconv"
)

// Defaults of [Scanner].
const (
	DefaultMaxFrame = 64 << 20 // bytes of one whole reply
	DefaultMaxDepth = 128      // levels of arrays, maps, sets, pushes and attributes inside one another
)

const (
	minElement = 3                  // the shortest a value can be on the wire, in bytes: a kind byte and CRLF
	maxHeader  = 1 + maxIntLine + 2 // the longest line of a kind whose line is a number, a letter or nothing
)

// A Scanner finds the end of the first reply in a buffer that grows while bytes arrive. It remembers how far it
// came: of a reply that is cut into pieces it looks again at nothing but the header of the value that is not complete.
//
// The zero value is ready and has the default limits.
type Scanner struct {
	MaxFrame int // bytes one reply may take; refused as soon as declared lengths exceed it; 0: DefaultMaxFrame
	MaxDepth int // levels one reply may nest; 0: DefaultMaxDepth

	pos      int   // start of the first value that is not yet complete
	searched int   // no LF between pos and here
	left     int   // values still to come at the innermost level
	outer    []int // values still to come at the levels around it
	started  bool
}

// Scan returns the length of the first complete reply in buf. 0 and no error means that more bytes are needed: call
// it again with the same bytes followed by more. After a complete reply the next call begins a new one.
//
// An error is a [*SyntaxError]: the bytes are not RESP, or go over a limit. The stream they came from cannot be used any
// further; what a call returns before [Scanner.Reset] then means nothing.
func (s *Scanner) Scan(buf []byte) (n int, err error) {
	if !s.started {
		s.started, s.left = true, 1
	}
	for s.left > 0 || len(s.outer) > 0 {
		if s.left == 0 {
			s.left = s.outer[len(s.outer)-1]
			s.outer = s.outer[:len(s.outer)-1]
			continue
		}
		complete, err := s.value(buf)
		if err != nil || !complete {
			return 0, err
		}
	}
	n = s.pos
	s.Reset()
	return n, nil
}

// Reset forgets a reply that was begun.
func (s *Scanner) Reset() {
	s.pos, s.searched, s.left, s.outer, s.started = 0, 0, 0, s.outer[:0], false
}

// value scans one value at s.pos, or the header of one that holds others.
func (s *Scanner) value(buf []byte) (complete bool, err error) {
	line, next, err := s.line(buf)
	if err != nil || next == 0 {
		return false, err
	}
	kind := Kind(buf[s.pos])
	switch kind {
	case BulkString, BulkError, VerbatimString:
		return s.bulk(buf, kind, line, next)
	case Array, Map, Set, Push, Attribute:
		return true, s.enter(kind, line, next)
	}
	if msg := checkScalar(kind, line); msg != "" {
		return false, s.fail(msg)
	}
	s.advance(next)
	return true, nil
}

// line returns the bytes between the kind byte at s.pos and its CRLF, and the offset behind that. next is 0 when the line
// is not complete yet.
func (s *Scanner) line(buf []byte) (line []byte, next int, err error) {
	if s.pos >= len(buf) {
		return nil, 0, nil
	}
	maxLine := s.maxFrame() - s.pos
	switch k := Kind(buf[s.pos]); k {
	case SimpleString, SimpleError, BigNumber, Double:
	case Integer, BulkString, Array, Null, Boolean, BulkError, VerbatimString, Map, Set, Attribute, Push:
		maxLine = min(maxLine, maxHeader)
	default:
		return nil, 0, s.fail("unknown type byte " + quoteByte(byte(k)))
	}
	from := min(max(s.searched, s.pos+1), len(buf))
	i := bytes.IndexByte(buf[from:], '\n')
	if i < 0 {
		s.searched = len(buf)
		if len(buf)-s.pos >= maxLine { // the LF to come goes over it
			return nil, 0, s.tooLong(maxLine)
		}
		return nil, 0, nil
	}
	end := from + i
	s.searched = end
	if end+1-s.pos > maxLine {
		return nil, 0, s.tooLong(maxLine)
	}
	line = buf[s.pos+1 : end]
	if i := bytes.IndexByte(line, '\r'); i < 0 || i != len(line)-1 {
		return nil, 0, s.fail("line does not end in CRLF")
	}
	return line[:len(line)-1], end + 1, nil
}

// bulk completes a value whose line declares how many bytes follow.
func (s *Scanner) bulk(buf []byte, kind Kind, line []byte, next int) (complete bool, err error) {
	if kind == BulkString && string(line) == "-1" {
		s.advance(next)
		return true, nil
	}
	n, ok := parseLength(line)
	if !ok {
		return false, s.fail("invalid length of " + article(kind.String()))
	}
	if n > s.maxFrame() || next+n+2 > s.maxFrame() {
		return false, s.overLimit()
	}
	if kind == VerbatimString && (n < 4 || (len(buf) > next+3 && buf[next+3] != ':')) {
		return false, s.fail("verbatim string without its three-letter format")
	}
	end := next + n
	if len(buf) > end && buf[end] != '\r' || len(buf) > end+1 && buf[end+1] != '\n' {
		return false, s.fail(kind.String() + " does not end in CRLF where its length says")
	}
	if len(buf) < end+2 {
		return false, nil
	}
	s.advance(end + 2)
	return true, nil
}

// enter goes one level down, into the elements of an aggregate.
func (s *Scanner) enter(kind Kind, line []byte, next int) error {
	if kind == Array && string(line) == "-1" {
		s.advance(next)
		return nil
	}
	n, ok := parseLength(line)
	if !ok {
		return s.fail("invalid count of " + article(kind.String()))
	}
	if kind == Push && (len(s.outer) > 0 || s.pos > 0) {
		return s.fail("push inside another reply")
	}
	// A count is believed only as far as the bytes for that many values would be allowed to arrive.
	if n > s.maxFrame()/minElement {
		return s.overLimit()
	}
	if kind == Map || kind == Attribute {
		n *= 2
	}
	if next+n*minElement > s.maxFrame() {
		return s.overLimit()
	}
	if len(s.outer) >= s.maxDepth() {
		return s.fail("reply nested deeper than " + strconv.Itoa(s.maxDepth()) + " levels")
	}
	if kind == Attribute {
		s.left++ // it announces a value, it is not one
	}
	s.outer = append(s.outer, s.left-1)
	s.left = n
	s.pos, s.searched = next, next
	return nil
}

func (s *Scanner) advance(next int) {
	s.pos, s.searched = next, next
	s.left--
}

func (s *Scanner) fail(msg string) error { return &SyntaxError{Offset: s.pos, Msg: msg} }

// tooLong tells which of the limits behind maxLine a line goes over.
func (s *Scanner) tooLong(maxLine int) error {
	if s.pos+maxLine == s.maxFrame() {
		return s.overLimit()
	}
	return s.fail("line too long")
}

func (s *Scanner) overLimit() error {
	return s.fail("reply over the limit of " + strconv.Itoa(s.maxFrame()) + " bytes")
}

func (s *Scanner) maxFrame() int {
	if s.MaxFrame > 0 {
		return min(s.MaxFrame, math.MaxInt/8) // sums of lengths below it cannot overflow
	}
	return DefaultMaxFrame
}

func (s *Scanner) maxDepth() int {
	if s.MaxDepth > 0 {
		return s.MaxDepth
	}
	return DefaultMaxDepth
}

// checkScalar says what is wrong with the line of a value that is only a line, or "".
func checkScalar(kind Kind, line []byte) string {
	ok := true
	switch kind {
	case Integer:
		_, ok = parseInt(line)
	case Null:
		ok = len(line) == 0
	case Boolean:
		ok = len(line) == 1 && (line[0] == 't' || line[0] == 'f')
	case Double:
		ok = isDouble(line)
	case BigNumber:
		ok = isWhole(line)
	}
	if ok {
		return ""
	}
	return "invalid " + kind.String()
}
