package resp

import "strconv"

const (
	maxExcerpt = 16 // bytes of a line that a SyntaxError shows
	maxDigits  = 3  // in a row, where no number has to be: enough for the status of HTTP
)

// excerpt shows how the line begins that b starts with: what is wrong with a header, as in "$-2" or "*1000000000", or that a server does not
// speak RESP at all, as in "H.../1.1 400". Out of step, a line may be anything, a password included: so letters are hidden, and digits
// too where no number has to be.
func excerpt(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	shown := append(make([]byte, 0, maxExcerpt), b[0])
	digits := 0
	for _, c := range b[1:] {
		if c == '\r' || c == '\n' {
			break
		}
		if len(shown) == maxExcerpt {
			return quote(shown) + "…"
		}
		if isDigit(c) {
			digits++
		} else {
			digits = 0
		}
		if isLetter(c) || c >= 0x80 || digits > maxDigits && !Kind(b[0]).isNumeric() {
			c = '.'
		}
		shown = append(shown, c)
	}
	return quote(shown)
}

func quote(b []byte) string { return strconv.QuoteToASCII(string(b)) }
