package memconn

import (
	"net"
	"time"
)

// An Endless connection gives the same reply over and over without being asked, and throws away what is written. It never waits. With it the reading or the
// writing half of a client can be measured alone. It is not safe for concurrent reads.
type Endless struct {
	address
	answer answer
}

// NewEndless returns a connection that gives reply.
func NewEndless(reply []byte) *Endless { return &Endless{answer: repeat(reply)} }

// Read fills b.
func (e *Endless) Read(b []byte) (int, error) {
	e.answer.left = len(b)
	return e.answer.read(b), nil
}

// Write takes everything.
func (e *Endless) Write(b []byte) (int, error) { return len(b), nil }

// Close does nothing, and neither do the deadlines.
func (e *Endless) Close() error { return nil }

func (e *Endless) SetDeadline(time.Time) error      { return nil }
func (e *Endless) SetReadDeadline(time.Time) error  { return nil }
func (e *Endless) SetWriteDeadline(time.Time) error { return nil }

// address is the local and the remote address of connections that have none.
type address struct{}

func (address) LocalAddr() net.Addr  { return address{} }
func (address) RemoteAddr() net.Addr { return address{} }
func (address) Network() string      { return "memory" }
func (address) String() string       { return "memory" }
