package conn

import (
	"context"
	"errors"
	"net"
	"os"
)

// ErrClosed is the cause when a connection was closed by [Conn.Close].
var ErrClosed = errors.New("connection closed")

// The phases of a connection, as [Error.Op] names them.
const (
	OpDial      = "dial"          // name resolution and connecting
	OpTLS       = "TLS handshake" // certificates
	OpHandshake = "handshake"     // HELLO, AUTH, SELECT, CLIENT SETNAME
	OpQueue     = "queue"         // nothing was written yet
	OpWrite     = "write"
	OpRead      = "read"
)

// An Error is a failure of the connection, or a caller's context that ended. It wraps its cause, so that errors.Is finds context.Canceled,
// context.DeadlineExceeded, io.EOF, syscall.ECONNREFUSED, ErrClosed and the like.
type Error struct {
	Op   string // the phase, one of the Op constants
	Addr string // host:port, or the path of a unix socket
	Sent bool   // false: no byte of the request reached the server. true: the outcome is unknown
	Err  error
}

func (e *Error) Error() string {
	cause := e.Err
	if op, ok := cause.(*net.OpError); ok {
		cause = op.Err // it would say phase and address once more
	}
	return "redis: " + e.Op + " " + e.Addr + ": " + cause.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// of returns what happened to the connection as one of its callers sees it.
func (e *Error) of(sent bool) *Error {
	own := &Error{Op: e.Op, Addr: e.Addr, Sent: sent, Err: e.Err}
	if sent && own.Op == OpQueue { // closed while a reply was owed
		own.Op = OpRead
	}
	return own
}

// Timeout reports whether the cause is a deadline, as net.Error does.
func (e *Error) Timeout() bool {
	return errors.Is(e.Err, os.ErrDeadlineExceeded) || errors.Is(e.Err, context.DeadlineExceeded)
}

// NotSent reports whether err guarantees that no byte of the request reached the server, so that sending it again is safe.
func NotSent(err error) bool {
	var e *Error
	return errors.As(err, &e) && !e.Sent
}

var (
	errTimeout     = &timeoutError{}
	errInterrupted = errors.New("another caller's write was cut off half-way")
	errPanicked    = errors.New("a reply handler panicked")
	errUnasked     = errors.New("the server sent a reply that nobody asked for")
)

// timeoutError is the cause when the server owes a reply for longer than Dialer.Timeout.
type timeoutError struct{}

func (*timeoutError) Error() string   { return "the server did not answer in time" }
func (*timeoutError) Timeout() bool   { return true }
func (*timeoutError) Temporary() bool { return true }
func (*timeoutError) Unwrap() error   { return os.ErrDeadlineExceeded }
