package redistest

import (
	"io"
	"net"
	"sync"
	"sync/atomic"

	"github.com/bwredis/bwredis/resp"
)

var lastID atomic.Int64

// A Session is one connection as the server sees it. Handlers answer through it: every method that writes adds to the replies of
// the commands that arrived together, and those leave with one Write when all of them have been answered.
//
// The methods may be called from any goroutine, so that a test can push at any time; a reply that is put together with several calls
// must then not be disturbed. The fields belong to the handlers of the connection.
type Session struct {
	ID     int64
	User   string // who authenticated last; "" before
	Name   string // as in CLIENT SETNAME
	DB     int
	Values map[string]any // for the test's own state

	nc   net.Conn
	turn chan struct{} // held while writing to nc

	mu       sync.Mutex // never held while waiting
	out      []byte     // not written yet. Guarded by mu
	protocol int        // guarded by mu
	closed   bool       // guarded by mu
}

func newSession(nc net.Conn) *Session {
	return &Session{ID: lastID.Add(1), Values: map[string]any{}, nc: nc, turn: make(chan struct{}, 1), protocol: 2}
}

// Protocol returns 2 until [Session.SetProtocol] was called.
func (c *Session) Protocol() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.protocol
}

// SetProtocol is what HELLO does: replies are written as RESP2 or RESP3 from now on.
func (c *Session) SetProtocol(version int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.protocol = version
}

// Write implements [io.Writer]: p is RESP, or is not, as the test wants. It never fails.
func (c *Session) Write(p []byte) (int, error) {
	c.add(func(out []byte, _ int) []byte { return append(out, p...) })
	return len(p), nil
}

// Raw is Write for a string.
func (c *Session) Raw(s string) {
	c.add(func(out []byte, _ int) []byte { return append(out, s...) })
}

// Simple answers a simple string.
func (c *Session) Simple(s string) {
	c.add(func(out []byte, _ int) []byte { return resp.AppendSimple(out, s) })
}

// Error answers an error; msg begins with its code.
func (c *Session) Error(msg string) {
	c.add(func(out []byte, _ int) []byte { return resp.AppendError(out, msg) })
}

// Int answers an integer.
func (c *Session) Int(n int64) {
	c.add(func(out []byte, _ int) []byte { return resp.AppendInt(out, n) })
}

// Bulk answers a bulk string.
func (c *Session) Bulk(s string) {
	c.add(func(out []byte, _ int) []byte { return resp.AppendBulk(out, s) })
}

// Null answers null as the protocol spells it.
func (c *Session) Null() { c.add(resp.AppendNull) }

// Array begins an array; its n elements follow.
func (c *Session) Array(n int) {
	c.add(func(out []byte, protocol int) []byte { return resp.AppendAggregate(out, resp.Array, n, protocol) })
}

// Map begins a map, under RESP2 an array of twice as many elements; n keys, each with its value, follow.
func (c *Session) Map(n int) {
	c.add(func(out []byte, protocol int) []byte { return resp.AppendAggregate(out, resp.Map, n, protocol) })
}

// Push sends a push of bulk strings, under RESP2 an array. It arrives before the replies that are still to be written; outside a
// handler, [Session.Flush] sends it on its way.
func (c *Session) Push(elems ...string) {
	c.add(func(out []byte, protocol int) []byte {
		out = resp.AppendAggregate(out, resp.Push, len(elems), protocol)
		for _, e := range elems {
			out = resp.AppendBulk(out, e)
		}
		return out
	})
}

// Flush writes what has been answered so far without waiting for the other commands that arrived.
func (c *Session) Flush() {
	c.turn <- struct{}{}
	defer func() { <-c.turn }()
	c.mu.Lock()
	out := c.out
	c.out = nil
	c.mu.Unlock()
	if len(out) == 0 {
		return
	}
	if _, err := c.nc.Write(out); err != nil {
		c.end()
	}
}

// Close flushes and closes the connection.
func (c *Session) Close() {
	c.Flush()
	c.end()
}

// CloseWrite flushes and ends what the client reads. Its commands are still taken, until one is answered.
func (c *Session) CloseWrite() {
	c.Flush()
	if half, ok := c.nc.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

// Reset drops what was not flushed and closes the connection with an RST.
func (c *Session) Reset() {
	c.markClosed()
	resetConn(c.nc)
}

// Stall flushes and then lets the connection hang: what the client sends is read and ignored until either end closes. Only a handler
// may call it; no other command of this connection is answered.
func (c *Session) Stall() {
	c.Flush()
	_, _ = io.Copy(io.Discard, c.nc)
	c.end()
}

// add lets f append to what will be written.
func (c *Session) add(f func(out []byte, protocol int) []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.out = f(c.out, c.protocol)
	}
}

func (c *Session) end() {
	c.markClosed()
	_ = c.nc.Close()
}

func (c *Session) markClosed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed, c.out = true, nil
}

func (c *Session) ended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// resetConn closes nc with an RST, whatever it is wrapped in, if what it is made of can do that.
func resetConn(nc net.Conn) {
	switch c := nc.(type) {
	case *Conn:
		c.Reset()
	case *net.TCPConn:
		_ = c.SetLinger(0)
		_ = c.Close()
	case interface{ NetConn() net.Conn }: // as *tls.Conn has it
		resetConn(c.NetConn())
	default:
		_ = nc.Close()
	}
}
