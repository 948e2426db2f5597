package resp

import (
	"math"
	"strconv"
)

// Defaults of [Scanner].
const (
	DefaultMaxFrame = 64 << 20 // bytes of one whole reply
	DefaultMaxDepth = 128      // levels of arrays, maps, sets, pushes and attributes inside one another
)

// countElements adds n to the elements of the reply.
func (s *Scanner) countElements(buf []byte, n int) error {
	switch {
	case s.MaxElements <= 0:
		return nil
	case n > s.MaxElements-s.elements:
		return s.fail(buf, "reply over the limit of "+strconv.Itoa(s.MaxElements)+" elements")
	}
	s.elements += n
	return nil
}

// tooLong tells which of the limits behind maxLine a line goes over.
func (s *Scanner) tooLong(buf []byte, maxLine int) error {
	if s.pos+maxLine == s.maxFrame() {
		return s.overLimit(buf)
	}
	return s.fail(buf, "line too long")
}

func (s *Scanner) overLimit(buf []byte) error {
	return s.fail(buf, "reply over the limit of "+strconv.Itoa(s.maxFrame())+" bytes")
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
