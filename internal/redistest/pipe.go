package redistest

import (
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

// pipeCapacity is what [Pipe] holds in each direction, about what a socket on loopback does.
const pipeCapacity = 64 << 10

// Pipe returns the two ends of an in-memory connection. Both are a [*Conn].
func Pipe() (client, server net.Conn) { return PipeSize(pipeCapacity) }

// PipeSize is [Pipe] with a capacity: the bytes that one direction holds before a Write blocks. 0 makes every Write block.
func PipeSize(capacity int) (client, server *Conn) {
	up, down := newStream(capacity), newStream(capacity)
	client = &Conn{in: down, out: up, local: "client", remote: "server", writing: make(chan struct{}, 1)}
	server = &Conn{in: up, out: down, local: "server", remote: "client", writing: make(chan struct{}, 1)}
	return client, server
}

// A Conn is one end of a [Pipe]. It behaves as a TCP connection does: writes are buffered; after the other end is closed, reads
// deliver what was sent before and then io.EOF, and writes fail with EPIPE; deadlines apply to calls that are already waiting.
//
// It waits on channels and timers only, so it can be used under testing/synctest. In steady state it allocates nothing.
type Conn struct {
	in, out       *stream
	local, remote pipeAddr
	writing       chan struct{} // held during a Write, which may be made of several pieces
	reads, writes atomic.Int64
}

// Reads returns how many calls of Read have returned data.
func (c *Conn) Reads() int { return int(c.reads.Load()) }

// Writes returns how many calls of Write have passed data on.
func (c *Conn) Writes() int { return int(c.writes.Load()) }

// Read implements [net.Conn].
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.in.read(p)
	if n > 0 {
		c.reads.Add(1)
	}
	return n, c.wrap("read", err)
}

// Write implements [net.Conn]. It returns early, with the number of bytes already passed on, at the deadline and when either end closes.
func (c *Conn) Write(p []byte) (n int, err error) {
	c.writing <- struct{}{}
	defer func() { <-c.writing }()
	for err == nil {
		var m int
		m, err = c.out.write(p[n:])
		n += m
		if n == len(p) {
			break
		}
	}
	if n > 0 {
		c.writes.Add(1)
	}
	return n, c.wrap("write", err)
}

// Close implements [net.Conn]. The other end still reads what was written before.
func (c *Conn) Close() error {
	if !c.in.endRead(net.ErrClosed, syscall.EPIPE) {
		return c.wrap("close", net.ErrClosed)
	}
	c.out.endWrite(net.ErrClosed, io.EOF)
	return nil
}

// CloseWrite ends the outgoing direction: the other end reads io.EOF after the data. Reading goes on.
func (c *Conn) CloseWrite() error {
	if !c.out.endWrite(syscall.EPIPE, io.EOF) {
		return c.wrap("close", net.ErrClosed)
	}
	return nil
}

// Reset closes as an RST does: what the other end has not read yet is lost, and its calls fail with ECONNRESET.
func (c *Conn) Reset() {
	c.in.endRead(net.ErrClosed, syscall.ECONNRESET)
	c.out.reset()
}

// LocalAddr implements [net.Conn].
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr implements [net.Conn].
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline implements [net.Conn].
func (c *Conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetReadDeadline implements [net.Conn].
func (c *Conn) SetReadDeadline(t time.Time) error { return c.wrap("set", c.in.setReadDeadline(t)) }

// SetWriteDeadline implements [net.Conn].
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.wrap("set", c.out.setWriteDeadline(t)) }

// wrap gives errors the form those of a socket have.
func (c *Conn) wrap(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: "pipe", Source: c.local, Addr: c.remote, Err: err}
}

type pipeAddr string

func (pipeAddr) Network() string  { return "pipe" }
func (a pipeAddr) String() string { return string(a) }
