package redistest

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"time"
)

// An Action is what goes wrong.
type Action byte

// The actions of a [Fault].
const (
	None      Action = iota
	Cut              // the connection is closed, for both ends
	Reset            // the connection is reset, for both ends
	HalfClose        // this direction ends, the other one goes on
	Stall            // nothing passes in this direction any more: calls wait for their deadline or for Close
	Drop             // what is sent in this direction vanishes: writes succeed, reads wait
	Inject           // bytes that nobody sent are delivered, once; then all is well
	Garbage          // Inject of bytes that no RESP has, if Bytes has no others
	Duplicate        // one reply is delivered twice
	Swap             // one reply is delivered behind the next one; until that comes, it is held back
)

// A Fault strikes when After bytes have passed in its direction; if After is 0, with the first call. Duplicate and Swap count replies instead,
// pushes included, and strike the one behind the first After of them.
type Fault struct {
	Action Action
	After  int
	Bytes  []byte // for Inject and Garbage
}

// Faults say what is wrong with a connection, seen from the end that is wrapped. The zero value is a connection without faults.
//
// Below TLS, all but the bytes themselves is hidden: Duplicate and Swap need a connection on which RESP can be read, that of a client without
// TLS or what [Faulty] makes of the server's *tls.Conn, whose Write they then are. [Server.SetFaults] does that.
//
// No client can tell a duplicate from the reply to the next request while that is owed, nor two swapped replies from each other: RESP does not
// number them. A test can ask for less only: that nobody waits for ever, and that a reply is noticed that comes when none is owed.
type Faults struct {
	Read, Write Fault
	OneByte     bool // a Read returns one byte at most, a Write is passed on byte by byte
}

// Faulty returns nc with faults. It is used by one reader and one writer at a time; it waits only where nc does, and on channels, so it can
// be used under testing/synctest around a [Conn].
func Faulty(nc net.Conn, f Faults) net.Conn { return newFaulty(nc, f) }

func newFaulty(nc net.Conn, f Faults) *faultyConn {
	hole, _ := PipeSize(0)
	return &faultyConn{
		Conn: nc, hole: hole, oneByte: f.OneByte,
		in: newFuse(f.Read), out: newFuse(f.Write),
		inMix: newMixer(f.Read), outMix: newMixer(f.Write),
	}
}

type faultyConn struct {
	net.Conn
	hole    *Conn // nothing comes out of it or fits in; it has the deadlines and is closed with the connection, so stalled calls wait on it
	oneByte bool
	in      fuse   // of the reader
	out     fuse   // of the writer
	inMix   *mixer // of the reader, nil: replies come as they are
	outMix  *mixer // of the writer

	mu    sync.Mutex
	ended Action // Cut or Reset, once it has struck. Guarded by mu
}

// A fuse counts the bytes up to a fault.
type fuse struct {
	Fault
	passed int
	struck bool // an action that strikes once has done so
}

func newFuse(f Fault) fuse {
	switch f.Action {
	case Duplicate, Swap: // a mixer does it
		f = Fault{}
	case Garbage:
		f.Action = Inject
		if len(f.Bytes) == 0 {
			f.Bytes = garbage()
		}
	}
	return fuse{Fault: f}
}

// garbage returns bytes that begin no frame, are no text, and stand in no line.
func garbage() []byte {
	p := make([]byte, 16)
	for i := range p {
		p[i] = 0x80 | byte(rand.IntN(0x80))
	}
	p[8] = '\n'
	return p
}

// lit reports whether it is time for the fault.
func (f *fuse) lit() bool { return f.Action != None && f.passed >= f.After }

// limit returns how many of n bytes may pass; where the fuse is not lit, that is one at least.
func (f *fuse) limit(n int) int {
	if f.Action == None || f.lit() {
		return n
	}
	return min(n, f.After-f.passed)
}

// NetConn returns the connection without its faults.
func (c *faultyConn) NetConn() net.Conn { return c.Conn }

func (c *faultyConn) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return c.Conn.Read(p)
	}
	if c.oneByte {
		p = p[:1]
	}
	if c.inMix != nil {
		return c.readMixed(p)
	}
	if c.in.lit() {
		switch c.in.Action {
		case Cut, Reset:
			c.end(c.in.Action)
		case HalfClose:
			return 0, io.EOF
		case Stall, Drop:
			return c.hole.Read(p)
		case Inject:
			if n := copy(p, c.in.Bytes); n > 0 {
				c.in.Bytes = c.in.Bytes[n:]
				return n, nil
			}
		}
	}
	n, err = c.Conn.Read(p[:c.in.limit(len(p))])
	c.in.passed += n
	if n > 0 && c.in.lit() && (c.in.Action == Cut || c.in.Action == Reset) {
		c.end(c.in.Action) // now, for the sake of the other end
	}
	if n > 0 {
		return n, nil
	}
	return 0, c.explain("read", err)
}

func (c *faultyConn) Write(p []byte) (n int, err error) {
	if c.outMix != nil {
		return c.writeMixed(p)
	}
	return c.writeThrough(p)
}

func (c *faultyConn) writeThrough(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		piece := p[n:]
		if c.oneByte {
			piece = piece[:1]
		}
		var m int
		m, err = c.writePiece(piece)
		n += m
	}
	return n, err
}

func (c *faultyConn) writePiece(p []byte) (n int, err error) {
	c.strikeWrite()
	if c.out.lit() {
		switch c.out.Action {
		case Stall:
			return c.hole.Write(p)
		case Drop:
			if _, err = c.hole.Write(nil); err != nil { // closed, or too late
				return 0, err
			}
			return len(p), nil
		}
	}
	n, err = c.Conn.Write(p[:c.out.limit(len(p))])
	c.out.passed += n
	c.strikeWrite() // now, for the sake of the other end
	return n, c.explain("write", err)
}

// strikeWrite carries out what happens once, if it is time.
func (c *faultyConn) strikeWrite() {
	if c.out.struck || !c.out.lit() {
		return
	}
	c.out.struck = true
	switch c.out.Action {
	case Cut, Reset:
		c.end(c.out.Action)
	case HalfClose:
		_ = c.CloseWrite()
	case Inject:
		_, _ = c.Conn.Write(c.out.Bytes)
	}
}

// end closes the connection as if somebody else had done it.
func (c *faultyConn) end(how Action) {
	c.mu.Lock()
	first := c.ended == None
	if first {
		c.ended = how
	}
	c.mu.Unlock()
	switch {
	case !first:
	case how == Reset:
		resetConn(c.Conn)
	default:
		_ = c.Conn.Close()
	}
}

// explain returns the error of a call, which after a fault is not the one of the connection that was closed behind the caller's back.
func (c *faultyConn) explain(op string, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil || c.ended == None:
		return err
	case c.ended == Reset:
		err = syscall.ECONNRESET
	case op == "read":
		return io.EOF
	default:
		err = syscall.EPIPE
	}
	return &net.OpError{Op: op, Net: c.LocalAddr().Network(), Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}

func (c *faultyConn) isEnded() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended != None
}

func (c *faultyConn) Close() error {
	err := c.Conn.Close()
	if c.hole.Close() == nil && c.isEnded() {
		return nil // the first Close of the caller
	}
	return err
}

// CloseWrite ends the outgoing direction, where the connection can do that. A reply that was held back leaves first.
func (c *faultyConn) CloseWrite() error {
	if c.outMix != nil {
		c.outMix.flush()
		if err := c.writeMixerOut(); err != nil {
			return err
		}
	}
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

func (c *faultyConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *faultyConn) SetReadDeadline(t time.Time) error {
	_ = c.hole.SetReadDeadline(t)
	return c.setResult(c.Conn.SetReadDeadline(t))
}

func (c *faultyConn) SetWriteDeadline(t time.Time) error {
	_ = c.hole.SetWriteDeadline(t)
	return c.setResult(c.Conn.SetWriteDeadline(t))
}

// setResult hides that the connection was closed behind the caller's back: setting the deadline of a socket that its peer closed works.
func (c *faultyConn) setResult(err error) error {
	if c.isEnded() {
		return nil
	}
	return err
}
