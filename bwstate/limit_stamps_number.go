package bwstate

import (
	"math"
	"strconv"
	"strings"
)

// number reads a number as C does.
func (d *cjsonReader) number() (float64, bool) {
	begin := d.pos
	c := d.peek()
	if c == '+' || c == '-' {
		d.pos++
	}
	rest := d.text[d.pos:]
	switch {
	case hasWord(rest, "infinity"):
		d.pos += len("infinity")
	case hasWord(rest, "inf"):
		d.pos += len("inf")
	case hasWord(rest, "nan"):
		d.pos += len("nan")
		d.nanDetail()
		return math.NaN(), true
	case c == '.': // where no sign is in front
		return 0, false
	default:
		if !d.digits() {
			return 0, false
		}
	}
	return parseC(d.text[begin:d.pos]), true
}

// nanDetail passes what may stand behind nan: letters, digits and underscores in parentheses.
func (d *cjsonReader) nanDetail() {
	rest := d.text[d.pos:]
	if !strings.HasPrefix(rest, "(") {
		return
	}
	for i := 1; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == ')':
			d.pos += i + 1
			return
		case c != '_' && !isHexOr(c, 'z'):
			return
		}
	}
}

// digits passes an unsigned number, decimal or hexadecimal, with what belongs to it.
func (d *cjsonReader) digits() bool {
	if rest := d.text[d.pos:]; len(rest) > 2 && rest[0] == '0' && rest[1]|' ' == 'x' {
		begin := d.pos
		d.pos += 2
		if d.mantissa('f') {
			d.exponent('p')
			return true
		}
		d.pos = begin + 1 // the 0 is all of it
		return true
	}
	if !d.mantissa('9') {
		return false
	}
	d.exponent('e')
	return true
}

// mantissa passes digits with perhaps a dot among them.
func (d *cjsonReader) mantissa(last byte) bool {
	begin := d.pos
	n := d.run(last)
	if d.peek() == '.' {
		d.pos++
		n += d.run(last)
	}
	if n == 0 {
		d.pos = begin
	}
	return n > 0
}

func (d *cjsonReader) run(last byte) (n int) {
	for d.pos < len(d.text) && isHexOr(d.text[d.pos], last) {
		d.pos, n = d.pos+1, n+1
	}
	return n
}

// isHexOr reports whether c is a digit, or a letter up to last.
func isHexOr(c, last byte) bool {
	return '0' <= c && c <= '9' || last != '9' && 'a' <= c|' ' && c|' ' <= last
}

func (d *cjsonReader) exponent(letter byte) {
	begin := d.pos
	if d.pos == len(d.text) || d.text[d.pos]|' ' != letter {
		return
	}
	d.pos++
	if c := d.peek(); c == '+' || c == '-' {
		d.pos++
	}
	if d.run('9') == 0 {
		d.pos = begin
	}
}

func hasWord(text, word string) bool {
	return len(text) >= len(word) && strings.EqualFold(text[:len(word)], word)
}

// parseC is strtod for what was found to be a number.
func parseC(text string) float64 {
	lower := strings.ToLower(text)
	if strings.Contains(lower, "0x") && !strings.Contains(lower, "p") {
		lower += "p0" // Go wants an exponent
	}
	n, _ := strconv.ParseFloat(lower, 64) // what is too large is infinite
	return n
}
