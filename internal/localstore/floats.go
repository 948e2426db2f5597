package localstore

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"strings"
)

const errNotFloat = "ERR value is not a valid float"

// parseScore reads a score as the server does (string2d): what strtod takes, without blanks; too large or too small for a double is an error.
func parseScore(b []byte) (float64, bool) {
	if len(b) == 0 || isSpace(b[0]) {
		return 0, false
	}
	f, ok := parseC(string(b))
	if !ok || math.IsNaN(f) {
		return 0, false
	}
	if math.IsInf(f, 0) && isDigits(b) {
		return 0, false
	}
	return f, f != 0 || !hasDigits(b)
}

// parseEdge reads the end of a range of scores: what strtod takes, blanks in front, nothing at all (0) and too large a number (infinite)
// included. In front of it ( leaves the score itself out.
func parseEdge(b []byte) (f float64, open, ok bool) {
	if len(b) > 0 && b[0] == '(' {
		b, open = b[1:], true
	}
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	if len(b) == 0 {
		return 0, open, true
	}
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	f, ok = parseC(string(b))
	return f, open, ok && !math.IsNaN(f)
}

// parseC is strtod of all of s. It differs from ParseFloat in hexadecimal numbers, which need no exponent, and knows no underscores.
func parseC(s string) (float64, bool) {
	if strings.Contains(s, "_") {
		return 0, false
	}
	if unsigned := strings.TrimLeft(s, "+-"); len(unsigned) > 1 && unsigned[0] == '0' && unsigned[1]|0x20 == 'x' && !strings.ContainsAny(s, "pP") {
		s += "p0"
	}
	f, err := strconv.ParseFloat(s, 64)
	if errors.Is(err, strconv.ErrRange) {
		err = nil // it is infinite then
	}
	return f, err == nil
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// isDigits reports whether b is a number rather than a word such as inf.
func isDigits(b []byte) bool { return bytes.ContainsAny(b, "0123456789") }

// hasDigits reports whether the number before the exponent is not 0.
func hasDigits(b []byte) bool {
	s, digits := strings.ToLower(string(b)), "123456789"
	end := strings.IndexByte(s, 'e')
	if strings.Contains(s, "0x") {
		digits, end = "123456789abcdef", strings.IndexByte(s, 'p')
	}
	if end < 0 {
		end = len(s)
	}
	return strings.ContainsAny(s[:end], digits)
}
