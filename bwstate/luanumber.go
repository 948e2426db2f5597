package bwstate

import (
	"bytes"
	"math"
	"strconv"
)

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// cNumber reads what strtod of C reads, from the bytes that may begin a number, and returns how long it is.
func cNumber(text []byte) (f float64, n int) {
	at := func(i int) byte {
		if i < len(text) {
			return text[i]
		}
		return 0
	}
	digits := func(from int, is func(byte) bool) int {
		for is(at(from)) {
			from++
		}
		return from
	}
	if at(0) == '-' || at(0) == '+' {
		n++
	}
	if size := cWord(text[n:]); size > 0 {
		f = math.Inf(1)
		if text[n]|0x20 == 'n' {
			f = math.NaN()
		}
		if at(0) == '-' {
			f = -f
		}
		return f, n + size
	}
	if n == 0 && !isDigit(at(0)) {
		return 0, 0
	}
	hex := at(n) == '0' && at(n+1)|0x20 == 'x' && (isHex(at(n+2)) || at(n+2) == '.' && isHex(at(n+3)))
	is, exponent := isDigit, byte('e')
	if hex {
		n, is, exponent = n+2, isHex, 'p'
	}
	whole := digits(n, is)
	end := whole
	if at(whole) == '.' {
		end = digits(whole+1, is)
	}
	if end == n || end == n+1 && at(n) == '.' {
		return 0, 0 // no digit at all
	}
	bare := true
	if at(end)|0x20 == exponent {
		from := end + 1
		if at(from) == '-' || at(from) == '+' {
			from++
		}
		if isDigit(at(from)) {
			bare, end = false, digits(from, isDigit)
		}
	}
	number := string(text[:end])
	if hex && bare {
		number += "p0"
	}
	f, _ = strconv.ParseFloat(number, 64) // what is out of range is infinite, as in C
	return f, end
}

// cWord returns how long the word is that text begins with and C takes for a number.
func cWord(text []byte) int {
	for _, word := range []string{"infinity", "inf", "nan"} {
		if len(text) >= len(word) && string(bytes.ToLower(text[:len(word)])) == word {
			return len(word)
		}
	}
	return 0
}

// appendG14 writes a number as C's %.14g does, which is how Lua writes numbers.
func appendG14(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case math.IsInf(f, 0):
		if f < 0 {
			dst = append(dst, '-')
		}
		return append(dst, "inf"...)
	case f == 0:
		return append(dst, '0')
	}
	const precision = 14
	scientific := strconv.AppendFloat(nil, f, 'e', precision-1, 64)
	mark := bytes.IndexByte(scientific, 'e')
	exponent, _ := strconv.Atoi(string(scientific[mark+1:]))
	if exponent >= -4 && exponent < precision {
		fixed := strconv.AppendFloat(nil, f, 'f', precision-1-exponent, 64)
		if bytes.IndexByte(fixed, '.') >= 0 {
			fixed = bytes.TrimRight(bytes.TrimRight(fixed, "0"), ".")
		}
		return append(dst, fixed...)
	}
	mantissa := scientific[:mark]
	if bytes.IndexByte(mantissa, '.') >= 0 {
		mantissa = bytes.TrimRight(bytes.TrimRight(mantissa, "0"), ".")
	}
	return append(append(dst, mantissa...), scientific[mark:]...)
}
