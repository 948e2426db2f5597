package localstore

import "math"

// A unit is what the number in an expiry counts.
type unit byte

const (
	noExpiry       unit = iota
	inSeconds           // EX
	inMilliseconds      // PX
	atSecond            // EXAT
	atMillisecond       // PXAT
)

// An expiry is one of the options EX, PX, EXAT and PXAT with its number, not yet parsed.
type expiry struct {
	unit   unit
	amount []byte
}

func (x expiry) given() bool { return x.unit != noExpiry }

// options are what may follow the arguments of SET and GETEX.
type options struct {
	nx, xx, get, keepTTL bool // SET
	persist              bool // GETEX
	expiry               expiry
}

// Whose options parseOptions reads.
const (
	setOptions   = true
	getexOptions = false
)

// parseOptions reads options in any order. As on the server, the same unit may be given twice and the last one counts.
func parseOptions(args [][]byte, isSet bool) (o options, ok bool) {
	for i := 0; i < len(args); i++ {
		arg, u := args[i], parseUnit(args[i])
		switch {
		case isSet && is(arg, "NX") && !o.xx:
			o.nx = true
		case isSet && is(arg, "XX") && !o.nx:
			o.xx = true
		case isSet && is(arg, "GET"):
			o.get = true
		case isSet && is(arg, "KEEPTTL") && !o.expiry.given():
			o.keepTTL = true
		case !isSet && is(arg, "PERSIST") && !o.expiry.given():
			o.persist = true
		case u != noExpiry && i+1 < len(args) && o.takes(u):
			i++
			o.expiry = expiry{u, args[i]}
		default:
			return options{}, false
		}
	}
	return o, true
}

// takes reports whether an expiry in unit u goes with what was given before.
func (o options) takes(u unit) bool {
	return !o.keepTTL && !o.persist && (o.expiry.unit == noExpiry || o.expiry.unit == u)
}

func parseUnit(arg []byte) unit {
	switch {
	case is(arg, "EX"):
		return inSeconds
	case is(arg, "PX"):
		return inMilliseconds
	case is(arg, "EXAT"):
		return atSecond
	case is(arg, "PXAT"):
		return atMillisecond
	}
	return noExpiry
}

// deadline converts x to Unix milliseconds. When it cannot it appends the error reply, for the command of that name, and ok is false.
func (t *turn) deadline(name []byte, x expiry) (ms int64, ok bool) {
	if !x.given() {
		return 0, true
	}
	n, ok := parseInt(x.amount)
	if !ok {
		t.fail(errNotInteger)
		return 0, false
	}
	base := int64(0)
	if x.unit == inSeconds || x.unit == inMilliseconds {
		base = t.db.now
	}
	if n > 0 {
		ms, ok = toMillis(n, x.unit == inSeconds || x.unit == atSecond, base)
	}
	if n <= 0 || !ok {
		t.failExpiry(name)
		return 0, false
	}
	return ms, true
}

func (t *turn) failExpiry(name []byte) {
	t.fail("ERR invalid expire time in '" + lower(name) + "' command")
}

// toMillis returns base + n in milliseconds, unless that overflows. base is not negative (see execute).
func toMillis(n int64, seconds bool, base int64) (int64, bool) {
	if seconds {
		if n > math.MaxInt64/1000 || n < math.MinInt64/1000 {
			return 0, false
		}
		n *= 1000
	}
	if n > math.MaxInt64-base {
		return 0, false
	}
	return n + base, true
}

// parseInt reads an integer as the server does (string2ll): a whole decimal number without blanks, plus sign or padding.
func parseInt(b []byte) (int64, bool) {
	neg := len(b) > 0 && b[0] == '-'
	digits := b
	if neg {
		digits = b[1:]
	}
	switch {
	case len(digits) == 0 || len(digits) > 19:
		return 0, false
	case digits[0] == '0':
		return 0, len(b) == 1
	}
	var n uint64 // 19 digits fit
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	if neg {
		return -int64(n), n <= 1<<63
	}
	return int64(n), n <= math.MaxInt64
}
