package resp

import "bytes"

// A Reply is a cursor over the frame of one complete reply. Its methods convert the next value and move past it. The first one
// that finds something else than it was asked for leaves the cursor where it is and makes its error stick: every later
// method returns a zero value, and [Reply.Err] tells. So code reads a reply straight through and asks once at the end.
//
// A Reply is made for frames a [Scanner] accepted. On anything else its methods give wrong values or errors; they never panic, never read
// outside the frame, and either move on or fail.
type Reply struct {
	buf  []byte
	pos  int
	head int // where the first value begins: at 0, or behind its attributes once they were passed
	err  error
}

// Reset points r at the start of frame. r borrows it.
func (r *Reply) Reset(frame []byte) { *r = Reply{buf: frame} }

// Kind returns the kind of the next value, and 0 at the end of the reply or after an error. It does not move the cursor (but past
// attributes). $-1 and *-1 are [Null].
func (r *Reply) Kind() Kind {
	k, _, _ := r.peek()
	return k
}

// Err returns what made the cursor stop. At the start of an error reply that is the reply itself, as an [*Error], and it sticks; use
// [Reply.ErrorReply] first to go on behind it.
func (r *Reply) Err() error {
	if r.err == nil && r.pos == r.head {
		if k, _, _ := r.peek(); k.isError() {
			r.want("value")
		}
	}
	return r.err
}

// Null reports whether a null is next, and moves past it if so.
func (r *Reply) Null() bool {
	k, _, next := r.peek()
	if k != Null {
		return false
	}
	r.pos = next
	return true
}

// ErrorReply returns the error reply that is next, and moves past it, or nil when something else is next. Errors inside an array, as
// EXEC returns them, are read this way, and pass through Value, Raw and Skip like any other value; the methods that convert make
// them stick.
func (r *Reply) ErrorReply() *Error {
	k, text, next := r.peek()
	if !k.isError() {
		return nil
	}
	r.pos = next
	return &Error{Message: string(text)}
}

// Int returns an integer, a boolean as 0 or 1, or a string or double that is written as an integer.
func (r *Reply) Int() int64 {
	k, text, next := r.peek()
	switch k {
	case Integer, BulkString, SimpleString, BigNumber, VerbatimString, Double:
		if n, ok := parseInt(text); ok {
			r.pos = next
			return n
		}
	case Boolean:
		r.pos = next
		return integer(k, text)
	}
	r.want("integer")
	return 0
}

// Float returns a double, an integer, or a string that holds a number as RESP3 writes doubles.
func (r *Reply) Float() float64 {
	k, text, next := r.peek()
	switch k {
	case Double, Integer, BulkString, SimpleString, BigNumber, VerbatimString:
		if f, ok := parseFloat(text); ok {
			r.pos = next
			return f
		}
	}
	r.want("double")
	return 0
}

// Bool returns a boolean, or an integer that is 0 or 1, as RESP2 answers.
func (r *Reply) Bool() bool {
	if k, text, next := r.peek(); k == Boolean || k == Integer {
		if n := integer(k, text); n == 0 || n == 1 {
			r.pos = next
			return n == 1
		}
	}
	r.want("boolean")
	return false
}

// Bytes returns the text of a string or of any other single value but null, as on the wire. The bytes are borrowed.
func (r *Reply) Bytes() []byte {
	k, text, next := r.peek()
	switch k {
	case BulkString, SimpleString, VerbatimString, Integer, Double, BigNumber, Boolean:
		r.pos = next
		return text
	}
	r.want("string")
	return nil
}

// integer returns the number that an integer or a boolean is.
func integer(k Kind, text []byte) int64 {
	if k == Boolean {
		if string(text) == "t" {
			return 1
		}
		return 0
	}
	n, _ := parseInt(text)
	return n
}

// AppendTo appends what Bytes returns to dst.
func (r *Reply) AppendTo(dst []byte) []byte { return append(dst, r.Bytes()...) }

// Text returns a copy of what Bytes returns.
func (r *Reply) Text() string { return string(r.Bytes()) }

// Array enters an array, set or push, or a map as twice as many elements, and returns how many values follow. They are read
// with the same cursor, one after the other. The frame has room for that many, so callers may allocate by it.
func (r *Reply) Array() int {
	k, line, next := r.peek()
	n, ok := r.count(k, line, next)
	if !ok {
		r.want("array")
		return 0
	}
	r.pos = next
	return n
}

// Pairs enters a map, or an array of even length as RESP2 answers, and returns how many keys with their values follow.
func (r *Reply) Pairs() int {
	k, line, next := r.peek()
	n, ok := r.count(k, line, next)
	if !ok || n%2 != 0 || (k != Map && k != Array) {
		r.want("map")
		return 0
	}
	r.pos = next
	return n / 2
}

// Raw moves past the next value, with all it holds, and returns its bytes. They are borrowed.
func (r *Reply) Raw() []byte {
	r.peek() // past attributes
	start := r.pos
	if !r.walk(1) {
		r.pos = start
		r.want("complete value")
		return nil
	}
	return r.buf[start:r.pos:r.pos]
}

// Skip moves past the next value, with all it holds.
func (r *Reply) Skip() { r.Raw() }

// walk moves past n values with all they hold, their attributes too, and reports whether there were as many.
func (r *Reply) walk(n int) bool {
	for ; n > 0; n-- {
		k, line, next := r.next()
		if k == 0 {
			return false
		}
		if k.isAggregate() {
			inner, ok := r.count(k, line, next)
			if !ok || n+inner > len(r.buf) { // which keeps n from overflowing
				return false
			}
			n += inner
		}
		if k == Attribute {
			n++ // it announces a value, it is not one
		}
		r.pos = next
	}
	return true
}

// count returns how many values an aggregate's header announces; ok is false for other kinds, and for more values than the rest of
// the frame can hold.
func (r *Reply) count(k Kind, line []byte, next int) (n int, ok bool) {
	if !k.isAggregate() {
		return 0, false
	}
	n, ok = parseLength(line)
	room := (len(r.buf) - next) / minElement
	if k == Map || k == Attribute {
		return 2 * n, ok && n <= room/2
	}
	return n, ok && n <= room
}

// want makes the error stick that says what was asked for and what is there.
func (r *Reply) want(what string) {
	if r.err != nil {
		return
	}
	k, text, _ := r.peek()
	if k.isError() {
		r.err = &Error{Message: string(text)}
		return
	}
	r.err = &TypeError{Want: what, Got: k}
}

// peek moves past attributes and returns the kind of the next value, its text (for an aggregate, its count), and where the value, or an
// aggregate's first element, ends. k is 0 when there is none.
func (r *Reply) peek() (k Kind, text []byte, next int) {
	for {
		k, text, next = r.next()
		if k != Attribute {
			return k, text, next
		}
		first := r.pos == r.head
		n, ok := r.count(k, text, next)
		r.pos = next
		if !ok || !r.walk(n) {
			r.pos = len(r.buf)
		}
		if first {
			r.head = r.pos
		}
	}
}

// next splits off the value at the cursor, attributes included.
func (r *Reply) next() (k Kind, text []byte, next int) {
	if r.err != nil || r.pos >= len(r.buf) {
		return 0, nil, 0
	}
	k = Kind(r.buf[r.pos])
	i := bytes.IndexByte(r.buf[r.pos:], '\r')
	if i < 1 || r.pos+i+2 > len(r.buf) {
		return 0, nil, 0
	}
	end := r.pos + i
	text, next = r.buf[r.pos+1:end:end], end+2
	switch k {
	case BulkString, BulkError, VerbatimString:
		if k == BulkString && string(text) == "-1" {
			return Null, nil, next
		}
		n, ok := parseLength(text)
		if !ok || n > len(r.buf)-next-2 {
			return 0, nil, 0
		}
		text = r.buf[next : next+n : next+n]
		if k == VerbatimString && n >= 4 {
			text = text[4:] // "txt:" or "mkd:"
		}
		next += n + 2
	case Array:
		if string(text) == "-1" {
			return Null, nil, next
		}
	}
	return k, text, next
}
