package resp

import "strconv"

// A Request is one or more commands encoded back to back, and how many replies they owe. The zero value is empty and ready; a Request
// that is reused with [Request.Reset] allocates nothing.
//
//	var q resp.Request
//	q.Cmd("SET").Str("key").Bytes(value).Str("EX").Int(60)
//	q.Cmd("TTL").Str("key")
type Request struct {
	buf        []byte
	commands   int
	head       int // where the current command's argument count begins in buf
	args       int // arguments of the current command, its name included
	idempotent bool
	readOnly   bool
	blocking   bool
	special    bool        // a command may be one of those that Special tells of
	scripts    []scriptUse // the commands that run scripts
}

// Reset empties q and keeps its memory.
func (q *Request) Reset() {
	clear(q.scripts) // they may be garbage by now
	*q = Request{buf: q.buf[:0], scripts: q.scripts[:0]}
}

// Cmd begins a command. The name may not hold arguments: "CLIENT KILL" is Cmd("CLIENT").Str("KILL").
func (q *Request) Cmd(name string) *Request {
	q.begin()
	q.special = q.special || isSpecial(name)
	q.head, q.args = len(q.buf)+1, 1
	q.buf = append(q.buf, '*', '1', '\r', '\n')
	q.buf = appendString(q.buf, BulkString, name)
	return q
}

// begin counts a command, the first byte of which comes next.
func (q *Request) begin() {
	if len(q.scripts) > 0 {
		q.endScript()
	}
	q.commands++
}

// Str adds an argument to the command begun last.
func (q *Request) Str(s string) *Request {
	q.countArg()
	q.buf = appendString(q.buf, BulkString, s)
	return q
}

// Bytes adds an argument. b is copied.
func (q *Request) Bytes(b []byte) *Request {
	q.countArg()
	q.buf = appendString(q.buf, BulkString, b)
	return q
}

// Int adds an argument in decimal.
func (q *Request) Int(n int64) *Request {
	var scratch [24]byte
	return q.Bytes(formatInt(scratch[:0], n))
}

// Float adds an argument with as many digits as are needed to read the same value back.
func (q *Request) Float(f float64) *Request {
	var scratch [32]byte
	return q.Bytes(formatFloat(scratch[:0], f))
}

// Args adds several arguments.
func (q *Request) Args(args ...string) *Request {
	for _, s := range args {
		q.Str(s)
	}
	return q
}

// MarkIdempotent says that executing the request twice is as good as once, so that it may be sent again when its
// outcome is not known. It holds until Reset.
func (q *Request) MarkIdempotent() *Request {
	q.idempotent = true
	return q
}

// Idempotent reports whether MarkIdempotent or MarkReadOnly was called.
func (q *Request) Idempotent() bool { return q.idempotent }

// MarkReadOnly says that the request changes nothing: it is idempotent, and need not be held back while a master is being replaced. It holds until Reset.
func (q *Request) MarkReadOnly() *Request {
	q.readOnly = true
	return q.MarkIdempotent()
}

// ReadOnly reports whether MarkReadOnly was called.
func (q *Request) ReadOnly() bool { return q.readOnly }

// MarkBlocking says that the server may hold the reply back for as long as it likes (BLPOP, XREAD BLOCK, WAIT): such a
// request must not have others behind it, and its reply is late only when the caller's context says so. It holds until Reset.
func (q *Request) MarkBlocking() *Request {
	q.blocking = true
	return q
}

// Blocking reports whether MarkBlocking was called.
func (q *Request) Blocking() bool { return q.blocking }

// Len returns the number of commands, which is the number of replies the server will owe.
func (q *Request) Len() int { return q.commands }

// Encoded returns the bytes to send. They are borrowed until the next method call on q.
func (q *Request) Encoded() []byte { return q.buf[:len(q.buf):len(q.buf)] }

// String says how large the request is. What is in it may be a password.
func (q Request) String() string {
	return "resp.Request{" + strconv.Itoa(q.commands) + " commands, " + strconv.Itoa(len(q.buf)) + " bytes}"
}

// GoString keeps %#v from showing what String does not.
func (q Request) GoString() string { return q.String() }

// countArg adds one to the argument count of the current command, in place. Servers refuse zero-padded counts, so room cannot be kept
// for more digits: the command moves up by one byte when its count goes from 9 to 10, from 99 to 100, and so on.
func (q *Request) countArg() {
	if q.commands == 0 {
		panic("resp: Request has an argument before its first Cmd")
	}
	q.args++
	if q.args < 10 {
		q.buf[q.head] = byte('0' + q.args)
		return
	}
	var scratch [24]byte
	digits := formatInt(scratch[:0], int64(q.args))
	if q.args == pow10(len(digits)-1) {
		q.buf = append(q.buf, 0)
		copy(q.buf[q.head+1:], q.buf[q.head:len(q.buf)-1])
	}
	copy(q.buf[q.head:], digits)
}

func pow10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}
