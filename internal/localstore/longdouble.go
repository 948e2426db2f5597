package localstore

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// INCRBYFLOAT and HINCRBYFLOAT count in the long double of the server's processor, which on x86 has 64 bits of mantissa. Here big.Float does
// so, and rounds in the same way: reading, adding and writing are exact to the last digit.
const (
	longMantissa = 64
	longExponent = 16384 // 2 to this is too large
	maxLongText  = 5 * 1024
	longPlaces   = 17 // after the point, when it is written
)

// A longDouble may be infinite, when that was written as a word.
type longDouble = *big.Float

// parseLong reads what strtold does, without blanks; too large or too small a number is an error.
func parseLong(b []byte) (longDouble, bool) {
	if len(b) == 0 || len(b) >= maxLongText {
		return nil, false
	}
	s, negative := string(b), false
	switch s[0] {
	case '-':
		s, negative = s[1:], true
	case '+':
		s = s[1:]
	}
	var f longDouble
	ok := true
	switch strings.ToLower(s) {
	case "inf", "infinity":
		f = new(big.Float).SetInf(false)
	default:
		f, ok = parseLongDigits(s)
	}
	if ok && negative {
		f.Neg(f)
	}
	return f, ok
}

// parseLongDigits reads a number without a sign.
func parseLongDigits(s string) (longDouble, bool) {
	base, marks, digits := 10, "eE", "0123456789"
	if len(s) > 1 && s[0] == '0' && s[1]|0x20 == 'x' {
		base, marks, digits = 16, "pP", "0123456789abcdefABCDEF"
		s = s[2:]
	}
	exponent := 0
	if i := strings.IndexAny(s, marks); i >= 0 {
		var ok bool
		if exponent, ok = parseExponent(s[i+1:]); !ok {
			return nil, false
		}
		s = s[:i]
	}
	whole, fraction, _ := strings.Cut(s, ".")
	mantissa := whole + fraction
	if mantissa == "" || strings.Trim(mantissa, digits) != "" {
		return nil, false
	}
	n, ok := new(big.Int).SetString(mantissa, base)
	if !ok {
		return nil, false
	}
	if base == 16 {
		return scaled(n, 2, exponent-4*len(fraction), len(mantissa)*4)
	}
	return scaled(n, 10, exponent-len(fraction), len(mantissa)*4)
}

// parseExponent reads a whole number; what is far out of range of any long double stays so.
func parseExponent(s string) (int, bool) {
	if n := strings.TrimLeft(s, "+-"); n == "" || len(s)-len(n) > 1 || strings.Trim(n, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil { // it is at one end of the range
		n = min(max(n, -math.MaxInt32), math.MaxInt32)
	}
	return int(n), true
}

// scaled returns n times base to the exponent, rounded once. n has no more than so many bits.
func scaled(n *big.Int, base int64, exponent, bits int) (longDouble, bool) {
	f := new(big.Float).SetPrec(longMantissa)
	if n.Sign() == 0 {
		return f, true
	}
	if exponent > 2*longExponent || exponent < -2*longExponent-bits {
		return nil, false
	}
	r := new(big.Rat).SetInt(n)
	power := new(big.Int).Exp(big.NewInt(base), big.NewInt(int64(max(exponent, -exponent))), nil)
	if exponent < 0 {
		r.SetFrac(n, power)
	} else {
		r.SetInt(n.Mul(n, power))
	}
	f.SetRat(r)
	e := f.MantExp(nil)
	return f, e <= longExponent && e > -longExponent-longMantissa
}

// sumLong adds as the processor does. ok is false when the sum is infinite or no number.
func sumLong(a, b longDouble) (sum longDouble, ok bool) {
	if a.IsInf() || b.IsInf() {
		return nil, false
	}
	sum = new(big.Float).SetPrec(longMantissa).Add(a, b)
	return sum, sum.MantExp(nil) <= longExponent
}

// appendLong writes f for people, as the server does: no exponent, no zeros at the end.
func appendLong(dst []byte, f longDouble) []byte {
	text := f.Text('f', longPlaces)
	text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	if text == "-0" || text == "" || text == "-" {
		text = "0"
	}
	return append(dst, text...)
}

func incrbyfloat(t *turn, args [][]byte) {
	e, ok := t.find(args[1], aString)
	if !ok {
		return
	}
	old, by := new(big.Float), new(big.Float)
	if e != nil {
		old, ok = parseLong([]byte(e.value))
	}
	if ok {
		by, ok = parseLong(args[2])
	}
	if !ok {
		t.fail(errNotFloat)
		return
	}
	sum, ok := sumLong(old, by)
	if !ok {
		t.fail(errNotFinite)
		return
	}
	text := appendLong(nil, sum)
	if _, ok := t.db.put(args[1], e, text); !ok {
		t.fail(errOOM)
		return
	}
	t.bytes(text)
}

func hincrbyfloat(t *turn, args [][]byte) {
	by, ok := parseLong(args[3])
	switch {
	case !ok:
		t.fail(errNotFloat)
		return
	case by.IsInf():
		t.fail("ERR value is NaN or Infinity")
		return
	}
	e, ok := t.find(args[1], aHash)
	if !ok {
		return
	}
	old := new(big.Float)
	if f := fieldOf(e, args[2]); f != nil {
		if old, ok = parseLong([]byte(f.value)); !ok {
			t.fail("ERR hash value is not a float")
			return
		}
	}
	sum, ok := sumLong(old, by)
	if !ok {
		t.fail(errNotFinite)
		return
	}
	text := appendLong(nil, sum)
	if t.putField(args[1], e, args[2], text) {
		t.bytes(text)
	}
}

const errNotFinite = "ERR increment would produce NaN or Infinity"
