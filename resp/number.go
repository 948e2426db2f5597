package resp

import (
	"math"
	"strconv"
)

// maxIntLine is the longest integer that is read, in bytes: a sign and 19 digits, with room for a few leading zeros.
const maxIntLine = 32

// parseInt reads a whole decimal integer with an optional sign. It refuses everything else, overflow included.
func parseInt[B bytestring](b B) (int64, bool) {
	if len(b) > maxIntLine {
		return 0, false
	}
	neg := len(b) > 0 && b[0] == '-'
	b = skipSign(b)
	if len(b) == 0 {
		return 0, false
	}
	var n uint64
	for i := range len(b) {
		d := uint64(b[i] - '0')
		if d > 9 || n > (math.MaxUint64-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	if neg {
		if n > 1<<63 {
			return 0, false
		}
		return -int64(n), true
	}
	if n > math.MaxInt64 {
		return 0, false
	}
	return int64(n), true
}

// parseLength reads the length of a string or the count of an aggregate: digits only, no sign, no padding.
// Servers refuse zero-padded lengths too (string2ll in both).
func parseLength[B bytestring](b B) (int, bool) {
	if len(b) == 0 || (b[0] == '0' && len(b) > 1) {
		return 0, false
	}
	n := 0
	for i := range len(b) {
		d := b[i] - '0'
		if d > 9 || n > (math.MaxInt-9)/10 {
			return 0, false
		}
		n = n*10 + int(d)
	}
	return n, true
}

// maxFloatLine is the longest number that is converted to a float64, in bytes. The longest that servers print has 309 digits before the point and
// 17 behind it.
const maxFloatLine = 1024

// parseFloat reads a RESP3 double; see isDouble.
func parseFloat[B bytestring](b B) (float64, bool) {
	if f, ok := parseSpecial(b); ok {
		return f, true
	}
	// strconv alone would also take hexadecimal, underscores, "Infinity" and a missing integral part.
	if len(b) > maxFloatLine || !isDecimal(b) {
		return 0, false
	}
	// A value too large for a float64 is still the server's honest answer: strconv gives ±inf, and ErrRange is the only error left.
	f, _ := strconv.ParseFloat(string(b), 64)
	return f, true
}

// parseSpecial reads the doubles that are no decimal numbers. Older servers print the sign of a NaN as printf does.
func parseSpecial[B bytestring](b B) (float64, bool) {
	switch string(b) {
	case "inf", "+inf":
		return math.Inf(1), true
	case "-inf":
		return math.Inf(-1), true
	case "nan", "-nan":
		return math.NaN(), true
	}
	return 0, false
}

// isDouble reports whether b is a RESP3 double: a decimal number with an optional fraction and exponent, inf, -inf or nan.
func isDouble(b []byte) bool {
	_, special := parseSpecial(b)
	return special || isDecimal(b)
}

// isDecimal reports whether b is [sign]digits[.digits][e[sign]digits].
func isDecimal[B bytestring](b B) bool {
	b = skipSign(b)
	rest := skipDigits(b)
	if len(rest) == len(b) {
		return false
	}
	if len(rest) > 0 && rest[0] == '.' {
		fraction := rest[1:]
		rest = skipDigits(fraction)
		if len(rest) == len(fraction) {
			return false
		}
	}
	if len(rest) > 0 && (rest[0] == 'e' || rest[0] == 'E') {
		exponent := skipSign(rest[1:])
		rest = skipDigits(exponent)
		if len(rest) == len(exponent) {
			return false
		}
	}
	return len(rest) == 0
}

// isWhole reports whether b is an integer of any size.
func isWhole(b []byte) bool {
	digits := skipSign(b)
	return len(digits) > 0 && len(skipDigits(digits)) == 0
}

func skipSign[B bytestring](b B) B {
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		return b[1:]
	}
	return b
}

func skipDigits[B bytestring](b B) B {
	for len(b) > 0 && b[0]-'0' <= 9 {
		b = b[1:]
	}
	return b
}

// formatInt and formatFloat write numbers as the protocol wants them.
func formatInt(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 10) }

func formatFloat(dst []byte, f float64) []byte {
	switch { // strconv writes +Inf and NaN, which the protocol does not know
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case f == math.Trunc(f) && math.Abs(f) < 1e17: // all digits, as servers do; 'g' has an exponent from a million on
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'g', -1, 64)
}
