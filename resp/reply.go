package resp

// A Reply is a cursor over the frame of one complete reply. Its methods convert the next value and move past it. The first one
// that finds something else than it was asked for leaves the cursor where it is and makes its error stick: every later
// method returns a zero value, and [Reply.Err] tells. So code reads a reply straight through and asks once at the end.
//
// A Reply is made for frames a [Scanner] accepted. On anything else its methods give wrong values or errors; they never panic, never read
// outside the frame, and either move on or fail.
type Reply struct {
	buf  []byte
	pos  int
	head int // where the first value begins: at 0, or behind the attributes before it that were entered
	err  error
}

// Reset points r at the start of frame. r borrows it.
func (r *Reply) Reset(frame []byte) { r.buf, r.pos, r.head, r.err = frame, 0, 0, nil }

// Kind returns the kind of the next value, and 0 at the end of the reply or after an error. It does not move the cursor. $-1 and *-1
// are [Null].
func (r *Reply) Kind() Kind {
	if k := r.plainKind(); k != 0 {
		return k
	}
	return r.peek().kind
}

// plainKind returns the kind of the next value where its first two bytes tell, since nothing that a Scanner accepted needs a further look: connections ask for each
// reply. It is 0 before attributes, streams and the nulls of RESP2, at the end, and after an error.
func (r *Reply) plainKind() Kind {
	if r.err != nil || len(r.buf)-r.pos < 2 {
		return 0
	}
	switch k := Kind(r.buf[r.pos]); k {
	case SimpleString, SimpleError, Integer, Null, Boolean, Double, BigNumber:
		return k
	case BulkString, BulkError, VerbatimString, Array, Map, Set, Push:
		if isDigit(r.buf[r.pos+1]) {
			return k
		}
	}
	return 0
}

// Err returns what made the cursor stop. At the start of an error reply that is the reply itself, as an [*Error], and it sticks; use
// [Reply.ErrorReply] first to go on behind it.
func (r *Reply) Err() error {
	if r.err == nil && r.pos <= r.head {
		r.headErr()
	}
	return r.err
}

// headErr makes the error reply stick that the first value is, if that is next. What may stand before it are the ends of streams inside its
// attributes.
func (r *Reply) headErr() {
	pos := r.pos
	for pos < r.head && Kind(r.buf[pos]) == streamEnd {
		pos += len(".\r\n")
	}
	if pos != r.head || pos == len(r.buf) {
		return
	}
	first := Kind(r.buf[pos])
	if first.isError() || first == Attribute && r.Kind().isError() {
		r.want("value")
	}
}

// Null reports whether a null is next, and moves past it if so.
func (r *Reply) Null() bool {
	if k := r.plainKind(); k != 0 && k != Null {
		return false
	}
	t := r.peek()
	if t.kind != Null {
		return false
	}
	r.pos = t.next
	return true
}

// ErrorReply returns the error reply that is next, and moves past it, or nil when something else is next. Errors inside an array, as
// EXEC returns them, are read this way, and pass through Value, Raw and Skip like any other value; the methods that convert make
// them stick.
func (r *Reply) ErrorReply() *Error {
	if k := r.plainKind(); k != 0 && !k.isError() {
		return nil
	}
	t := r.peek()
	if !t.kind.isError() {
		return nil
	}
	r.pos = t.next
	return &Error{Message: string(r.buf[t.from:t.to])}
}

// Int returns an integer, a boolean as 0 or 1, or a string or double that is written as an integer, in 32 bytes at the most.
func (r *Reply) Int() int64 {
	if line := r.buf[r.pos:]; len(line) > 3 && Kind(line[0]) == Integer && r.err == nil {
		first := 1
		if line[1] == '-' {
			first = 2
		}
		n, i := int64(0), first
		for ; i < len(line)-1 && i < first+mostDigits && isDigit(line[i]); i++ {
			n = 10*n + int64(line[i]-'0')
		}
		if i > first && i < len(line)-1 && line[i] == '\r' && line[i+1] == '\n' {
			if first == 2 {
				n = -n
			}
			r.pos += i + 2
			return n
		}
	}
	t, text := r.single()
	if n, ok := toInt(t.kind, text); ok {
		r.pos = t.next
		return n
	}
	r.want("integer")
	return 0
}

// Float returns a double, an integer, or a string that holds a number as RESP3 writes doubles, in 1024 bytes at the most. It is ±inf where the
// number is beyond a float64.
func (r *Reply) Float() float64 {
	t, text := r.single()
	if f, ok := toFloat(t.kind, text); ok {
		r.pos = t.next
		return f
	}
	r.want("double")
	return 0
}

// Bool returns a boolean, or an integer that is 0 or 1, as RESP2 answers.
func (r *Reply) Bool() bool {
	t, text := r.single()
	if b, ok := toBool(t.kind, text); ok {
		r.pos = t.next
		return b
	}
	r.want("boolean")
	return false
}

// Bytes returns the text of a string or of any other single value but null, as on the wire. The bytes are borrowed; only those of a
// streamed string of several chunks, which no released server sends, are put together in memory of their own.
func (r *Reply) Bytes() []byte {
	if from, to, ok := bulkAt(r.buf, r.pos); ok && r.err == nil {
		r.pos = to + 2
		return r.buf[from:to:to]
	}
	t, text := r.single()
	if !t.kind.isText() {
		r.want("string")
		return nil
	}
	r.pos = t.next
	return text
}

// AppendTo appends what Bytes returns to dst.
func (r *Reply) AppendTo(dst []byte) []byte {
	if from, to, ok := bulkAt(r.buf, r.pos); ok && r.err == nil {
		r.pos = to + 2
		return append(dst, r.buf[from:to]...)
	}
	t := r.peek()
	if next, ok := streamedString(r.buf, t); ok {
		r.pos = next
		return appendChunks(dst, r.buf, t.next)
	}
	return append(dst, r.Bytes()...)
}

// Text returns a copy of what Bytes returns.
func (r *Reply) Text() string {
	if from, to, ok := bulkAt(r.buf, r.pos); ok && r.err == nil {
		r.pos = to + 2
		return string(r.buf[from:to])
	}
	t := r.peek()
	if next, ok := streamedString(r.buf, t); ok {
		r.pos = next
		return chunksText(r.buf, t.next)
	}
	return string(r.Bytes())
}

// Format returns the three letters that say what a verbatim string holds, "txt" or "mkd", when one is next, and "" for anything else.
// It does not move the cursor.
func (r *Reply) Format() string {
	t := r.peek()
	return format(t.kind, r.buf[t.from:t.to])
}

// Raw moves past the next value, with all it holds, and returns its bytes without the attributes before it. They are borrowed.
func (r *Reply) Raw() []byte {
	t := r.peek()
	next, ok := 0, t.kind != 0
	if ok {
		next, ok = skip(r.buf, t.at, 1)
	}
	if !ok {
		r.want("complete value")
		return nil
	}
	r.pos = next
	return r.buf[t.at:next:next]
}

// Skip moves past the next value, with all it holds.
func (r *Reply) Skip() { r.Raw() }

// peek returns the token of the next value, behind its attributes; none after an error.
func (r *Reply) peek() token {
	if r.err != nil {
		return token{}
	}
	return valueAt(r.buf, r.pos)
}

// single returns the token of the next value and, when it is a single one, its text; next is behind all of it.
func (r *Reply) single() (t token, text []byte) {
	t = r.peek()
	if t.streamed {
		text, t.next = r.joined(t)
		return t, text
	}
	if t.kind == VerbatimString {
		t.from += formatLen(t)
	}
	return t, r.buf[t.from:t.to:t.to]
}

// joined returns the text of a streamed string, and where it ends. That of a single chunk is borrowed.
func (r *Reply) joined(t token) (text []byte, next int) {
	next, ok := streamedString(r.buf, t)
	if !ok {
		return nil, t.next
	}
	first := tokenAt(r.buf, t.next)
	if first.next+len(emptyChunk) >= next {
		return r.buf[first.from:first.to:first.to], next
	}
	return appendChunks(nil, r.buf, t.next), next
}

// want makes the error stick that says what was asked for and what is there.
func (r *Reply) want(what string) {
	if r.err != nil {
		return
	}
	t := r.peek()
	if t.kind.isError() {
		r.err = &Error{Message: string(r.buf[t.from:t.to])}
		return
	}
	r.err = &TypeError{Want: what, Got: t.kind}
}
