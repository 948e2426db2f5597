package resp

import (
	"bytes"
	"strconv"
)

const (
	minValue      = 3       // the shortest a value can be on the wire, in bytes: a kind byte and CRLF
	maxKeptLevels = 1 << 10 // whose memory is kept for the next reply

	maxHeader = 1 + maxIntLine + 2 // the longest line of a kind whose line is a number, a letter or nothing
)

// A Scanner finds the end of the first reply in a buffer that grows while bytes arrive. It remembers how far it
// came: of a reply that is cut into pieces it looks again at nothing but the header of the value that is not complete.
//
// The zero value is ready and has the default limits. What one header declares beyond them is refused before any of it arrives.
type Scanner struct {
	MaxFrame    int // bytes one reply may take; 0: DefaultMaxFrame
	MaxDepth    int // levels one reply may nest, of which each costs the Scanner some 8 to 24 bytes; 0: DefaultMaxDepth
	MaxElements int // values that the aggregates of one reply may hold in all, those of a map counted twice; 0: as many as MaxFrame has room for

	begun    bool
	pos      int     // start of the first token that is not yet complete
	searched int     // no LF between pos and here
	need     int     // bytes the reply has at least, as its headers say; 0: nothing is known
	elements int     // held by aggregates so far
	level    level   // the innermost
	outer    []level // those around it
}

// Scan returns the length of the first complete reply in buf. 0 and no error means that more bytes are needed: call
// it again with the same bytes followed by more. After a complete reply the next call begins a new one.
//
// An error is a [*SyntaxError]: the bytes are not RESP, or go over a limit. The stream they came from cannot be used any
// further; what a call returns before [Scanner.Reset] then means nothing.
func (s *Scanner) Scan(buf []byte) (n int, err error) {
	if !s.begun {
		// Most replies come this way. Here and in skipWhole, what wholeAt does is written out: a call more is a tenth of what a small value takes.
		n := 0
		if len(buf) > 0 && Kind(buf[0]) == Integer {
			n = integerEnd(buf, 0)
		} else if _, end, ok := bulkAt(buf, 0); ok {
			n = end + 2
		}
		if n > 0 && n <= s.maxFrame() {
			return n, nil
		}
		s.begun, s.level = true, 1
	}
	for s.level != 0 || len(s.outer) > 0 {
		if s.level == 0 {
			s.level = s.outer[len(s.outer)-1]
			s.outer = s.outer[:len(s.outer)-1]
			continue
		}
		s.skipWhole(buf)
		if s.level == 0 {
			continue
		}
		if complete, err := s.token(buf); err != nil || !complete {
			return 0, err
		}
	}
	n = s.pos
	s.Reset()
	return n, nil
}

// Reset forgets a reply that was begun.
func (s *Scanner) Reset() {
	if cap(s.outer) > maxKeptLevels {
		s.outer = nil
	}
	s.begun, s.pos, s.searched, s.need, s.elements, s.level, s.outer = false, 0, 0, 0, 0, 0, s.outer[:0]
}

// Need returns how many bytes the reply that was begun has at least, if it says so: a long string announces its end. It is 0 where nothing is known, and never more
// than MaxFrame. A server that announces much need not send it: memory that is taken for the asking is not to be had for this.
func (s *Scanner) Need() int { return s.need }

// skipWhole moves past the values of a counted level for as long as they are complete and of the plain kinds.
func (s *Scanner) skipWhole(buf []byte) {
	pos, left, limit := s.pos, s.level, s.maxFrame()
	for left > 0 {
		_, end, ok := bulkAt(buf, pos)
		next := end + 2
		if !ok {
			next = integerEnd(buf, pos)
		}
		if next == 0 || next > limit {
			break
		}
		pos = next
		left--
	}
	s.pos, s.level = pos, left
}

// token scans the token at s.pos, whatever it is.
func (s *Scanner) token(buf []byte) (complete bool, err error) {
	line, next, err := s.line(buf)
	if err != nil || next == 0 {
		return false, err
	}
	kind := Kind(buf[s.pos])
	if (kind == chunk) != (s.level == streamChunks) || kind == streamEnd && !s.level.mayEnd() {
		return false, s.fail(buf, article(kind.String())+" where none may be")
	}
	switch kind {
	case BulkString, BulkError, VerbatimString, chunk:
		return s.str(buf, kind, line, next)
	case Array, Map, Set, Push, Attribute:
		return true, s.enter(buf, kind, line, next)
	}
	if msg := checkScalar(kind, line); msg != "" {
		return false, s.fail(buf, msg)
	}
	if kind == streamEnd {
		s.pos, s.level = next, 0
		return true, nil
	}
	return true, s.took(buf, next)
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
	case Integer, BulkString, Array, Null, Boolean, BulkError, VerbatimString, Map, Set, Attribute, Push, chunk, streamEnd:
		maxLine = min(maxLine, maxHeader)
	default:
		return nil, 0, s.fail(buf, "unknown type byte "+quoteByte(byte(k)))
	}
	from := min(max(s.searched, s.pos+1), len(buf))
	i := bytes.IndexByte(buf[from:], '\n')
	if i < 0 {
		s.searched = len(buf)
		if len(buf)-s.pos >= maxLine { // the LF to come goes over it
			return nil, 0, s.tooLong(buf, maxLine)
		}
		return nil, 0, nil
	}
	end := from + i
	s.searched = end
	if end+1-s.pos > maxLine {
		return nil, 0, s.tooLong(buf, maxLine)
	}
	line = buf[s.pos+1 : end]
	if i := bytes.IndexByte(line, '\r'); i < 0 || i != len(line)-1 {
		return nil, 0, s.fail(buf, "line does not end in CRLF")
	}
	return line[:len(line)-1], end + 1, nil
}

// str completes a string, or a chunk of one, whose line declares how many bytes follow.
func (s *Scanner) str(buf []byte, kind Kind, line []byte, next int) (complete bool, err error) {
	if kind == BulkString {
		switch string(line) {
		case "-1":
			return true, s.took(buf, next)
		case "?":
			return true, s.open(buf, kind, next, streamChunks)
		}
	}
	n, ok := parseLength(line)
	if !ok {
		return false, s.fail(buf, "invalid length of "+article(kind.String()))
	}
	if kind == chunk && n == 0 { // the end of its string, without a text or a second CRLF
		s.pos, s.level = next, 0
		return true, nil
	}
	if n > s.maxFrame() || next+n+2 > s.maxFrame() {
		return false, s.overLimit(buf)
	}
	if kind == VerbatimString && (n < 4 || (len(buf) > next+3 && buf[next+3] != ':')) {
		return false, s.fail(buf, "verbatim string without its three-letter format")
	}
	end := next + n
	if len(buf) > end && buf[end] != '\r' || len(buf) > end+1 && buf[end+1] != '\n' {
		return false, s.fail(buf, kind.String()+" does not end in CRLF where its length says")
	}
	if len(buf) < end+2 {
		s.need = end + 2
		return false, nil
	}
	return true, s.took(buf, end+2)
}

// enter goes one level down, into the values of an aggregate.
func (s *Scanner) enter(buf []byte, kind Kind, line []byte, next int) error {
	if kind == Array && string(line) == "-1" {
		return s.took(buf, next)
	}
	inner := streamLevel(kind)
	if string(line) != "?" || !kind.canStream() {
		n, err := s.count(buf, kind, line, next)
		if err != nil {
			return err
		}
		inner = level(n)
	}
	switch {
	case kind == Push && (len(s.outer) > 0 || s.pos > 0):
		return s.fail(buf, "push inside another reply")
	case len(s.outer) >= s.maxDepth():
		return s.fail(buf, "reply nested deeper than "+strconv.Itoa(s.maxDepth())+" levels")
	}
	return s.open(buf, kind, next, inner)
}

// count reads how many values an aggregate holds. It is believed only as far as the bytes for that many values would be allowed to arrive.
func (s *Scanner) count(buf []byte, kind Kind, line []byte, next int) (n int, err error) {
	n, ok := parseLength(line)
	switch {
	case !ok:
		return 0, s.fail(buf, "invalid count of "+article(kind.String()))
	case n > s.maxFrame()/minValue:
		return 0, s.overLimit(buf)
	}
	n *= kind.valuesPerCount()
	if next+n*minValue > s.maxFrame() {
		return 0, s.overLimit(buf)
	}
	return n, s.countElements(buf, n)
}

// open begins the level inside the value, or the attribute, whose header ends at next.
func (s *Scanner) open(buf []byte, kind Kind, next int, inner level) error {
	if kind == Attribute {
		s.level = s.level.announced()
	} else if err := s.took(buf, next); err != nil {
		return err
	}
	s.outer = append(s.outer, s.level)
	s.pos, s.level = next, inner
	return nil
}

// took moves past a value. Those of a counted aggregate were counted with it.
func (s *Scanner) took(buf []byte, next int) error {
	if s.level < 0 && s.level != streamChunks {
		if err := s.countElements(buf, 1); err != nil {
			return err
		}
	}
	s.pos, s.level = next, s.level.took()
	return nil
}

// fail describes what is wrong with the token at s.pos.
func (s *Scanner) fail(buf []byte, msg string) error {
	return &SyntaxError{Offset: s.pos, Msg: msg, Excerpt: excerpt(buf[s.pos:])}
}

// checkScalar says what is wrong with the line of a value that is only a line, or "".
func checkScalar(kind Kind, line []byte) string {
	ok := true
	switch kind {
	case Integer:
		_, ok = parseInt(line)
	case Null, streamEnd:
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
