package resp

// bytestring is what tokens are read from: the frame of a [Reply], or the copy of one that a [Value] keeps.
type bytestring interface{ ~[]byte | ~string }

// What the streamed forms of RESP3 consist of besides values. No value is of these kinds.
const (
	chunk     Kind = ';' // a part of a streamed string; the empty one is its end
	streamEnd Kind = '.' // the end of a streamed aggregate
)

// A token is a value that holds no others, or the header of one that does. A frame is a sequence of tokens, so that nothing
// needs to recurse in order to walk through one.
type token struct {
	kind     Kind // 0: there is no complete token here
	at       int  // where it begins
	from, to int  // its text, when it is a single value
	count    int  // how many values it announces, when it is an aggregate; those of a map count twice
	streamed bool // it announces values, or chunks of a string, up to an end
	next     int  // where the next token begins
}

// mostDigits is how many digits an integer may have without a thought of overflow.
const mostDigits = 18

// bulkAt returns where the text of a bulk string is, when one is complete at pos and written as all but the largest are. Anything
// else is left to tokenAt and to the Scanner. Most of all values are read here.
func bulkAt[B bytestring](b B, pos int) (from, to int, ok bool) {
	if len(b)-pos < len("$0\r\n\r\n") {
		return 0, 0, false
	}
	head := b[pos : pos+len("$0\r\n\r\n")]
	if head[0] != byte(BulkString) {
		return 0, 0, false
	}
	n := int(head[1] - '0')
	from = pos + len("$0\r\n")
	switch second := int(head[2] - '0'); {
	case n > 9:
		return 0, 0, false
	case head[2] == '\r' && head[3] == '\n':
	case n == 0 || second > 9:
		return 0, 0, false
	case head[3] == '\r' && head[4] == '\n':
		n = 10*n + second
		from++
	default:
		if n, from = longLength(b, pos+1); from == 0 {
			return 0, 0, false
		}
	}
	to = from + n
	if to > len(b)-2 || b[to] != '\r' || b[to+1] != '\n' {
		return 0, 0, false
	}
	return from, to, true
}

// longLength reads a length of up to six digits and its CRLF. from is 0 when it is anything else.
func longLength[B bytestring](b B, pos int) (n, from int) {
	const longest = 6
	for i := pos; i < min(pos+longest+1, len(b)-1); i++ {
		d := int(b[i] - '0')
		switch {
		case b[i] == '\r' && b[i+1] == '\n':
			return n, i + 2
		case d > 9:
			return 0, 0
		}
		n = 10*n + d
	}
	return 0, 0
}

// wholeAt returns where a bulk string or an integer ends that is plainly written, as bulkAt says; 0 for anything else.
func wholeAt[B bytestring](b B, pos int) int {
	if pos >= len(b) {
		return 0
	}
	if Kind(b[pos]) == Integer {
		return integerEnd(b, pos)
	}
	if _, to, ok := bulkAt(b, pos); ok {
		return to + 2
	}
	return 0
}

// integerEnd is wholeAt for integers.
func integerEnd[B bytestring](b B, pos int) int {
	if pos >= len(b) || Kind(b[pos]) != Integer {
		return 0
	}
	first := pos + 1
	if first < len(b) && b[first] == '-' {
		first++
	}
	i := first
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	if i > first && i <= first+mostDigits && len(b)-i >= 2 && b[i] == '\r' && b[i+1] == '\n' {
		return i + 2
	}
	return 0
}

// tokenAt reads the token that begins at pos. It believes no length and no count that goes beyond b.
func tokenAt[B bytestring](b B, pos int) token {
	end := lineEnd(b, pos)
	if end < 0 {
		return token{}
	}
	t := token{kind: Kind(b[pos]), at: pos, from: pos + 1, to: end, next: end + 2}
	switch t.kind {
	case SimpleString, SimpleError, Integer, Null, Boolean, Double, BigNumber, streamEnd:
		return t
	case BulkString, BulkError, VerbatimString, chunk, Array, Map, Set, Push, Attribute:
		return sizedToken(b, b[t.from:t.to], t)
	}
	return token{}
}

// sizedToken completes a token whose line is a length or a count.
func sizedToken[B bytestring](b, line B, t token) token {
	switch {
	case (t.kind == BulkString || t.kind == Array) && string(line) == "-1":
		t.kind = Null
		return t
	case t.kind.canStream() && string(line) == "?":
		t.streamed = true
		return t
	}
	n, ok := parseLength(line)
	switch {
	case !ok:
		return token{}
	case t.kind.isAggregate():
		return aggregateToken(t, n, len(b)-t.next)
	}
	return stringToken(t, n, len(b)-t.next)
}

// stringToken completes the token of a string of n bytes, when there is room for them and their CRLF.
func stringToken(t token, n, room int) token {
	t.from = t.next
	t.to = t.from + n
	t.next = t.to + 2
	if t.kind == chunk && n == 0 { // which has no CRLF of its own
		t.next = t.to
	}
	if n > room || t.next-t.from > room {
		return token{}
	}
	return t
}

// aggregateToken completes the token of an aggregate of n values or pairs, when there is room for them.
func aggregateToken(t token, n, room int) token {
	per := t.kind.valuesPerCount()
	if n > room/(per*minValue) {
		return token{}
	}
	t.count = per * n
	return t
}

// lineEnd returns where the CRLF of the line at pos is, or -1.
func lineEnd[B bytestring](b B, pos int) int {
	for i := pos + 1; i < len(b)-1; i++ {
		if b[i] == '\r' {
			if b[i+1] != '\n' {
				return -1
			}
			return i
		}
	}
	return -1
}

// skip returns where n values end, with all they hold and their attributes, that begin at pos.
func skip[B bytestring](b B, pos, n int) (next int, ok bool) {
	for ; n > 0; n-- {
		if next := wholeAt(b, pos); next > 0 {
			pos = next
			continue
		}
		t := tokenAt(b, pos)
		pos = t.next
		switch {
		case t.kind == 0 || t.kind == chunk || t.kind == streamEnd:
			return 0, false
		case t.streamed:
			if pos, ok = skipStream(b, pos); !ok {
				return 0, false
			}
		case n+t.count > len(b): // which keeps n from overflowing
			return 0, false
		default:
			n += t.count
		}
		if t.kind == Attribute {
			n++ // it announces a value, it is not one
		}
	}
	return pos, true
}

// valueAt returns the token of the value that is next at pos, behind attributes and behind the ends of streams.
func valueAt[B bytestring](b B, pos int) token {
	for {
		t := tokenAt(b, pos)
		switch t.kind {
		case streamEnd:
			pos = t.next
		case Attribute:
			next, ok := skip(b, t.next, t.count)
			if !ok {
				return token{}
			}
			pos = next
		case chunk:
			return token{}
		default:
			return t
		}
	}
}
