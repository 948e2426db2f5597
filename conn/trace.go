package conn

import (
	"context"
	"crypto/tls"
	"time"

	"github.com/bwredis/bwredis/resp"
)

// A Trace is told what happens on the connections of a [Dialer]. Any function may be nil, and costs nothing then. They run on the goroutine of whoever does
// the work, several at a time; they must return soon and must not use the connection. No argument of a command and no text of a reply is in what they get,
// but for errors, which hide what servers echo of credentials.
type Trace struct {
	Dial      func(DialTrace)      // connecting succeeded or failed
	Handshake func(HandshakeTrace) // TLS, HELLO, AUTH, SELECT and CLIENT SETNAME succeeded, or one of them failed
	RoundTrip func(RoundTripTrace) // a RoundTrip or Do is about to return
	Push      func(PushTrace)      // an out-of-band frame arrived
	Close     func(CloseTrace)     // a connection that Dial had returned is closed, by whomever
}

// A DialTrace tells of connecting.
type DialTrace struct {
	Network, Addr string
	Took          time.Duration
	Err           error // nil: connected
}

// A HandshakeTrace tells of what follows connecting.
type HandshakeTrace struct {
	Addr  string
	Hello Hello                // what the server said of itself, as far as it got
	TLS   *tls.ConnectionState // nil: plain. PeerCertificates tell when they expire, DidResume whether the session was resumed
	Took  time.Duration
	Err   error // nil: the connection is ready
}

// A RoundTripTrace tells of one request.
type RoundTripTrace struct {
	Addr     string
	Command  string // the name of the first one, "?" when that is no name
	Commands int
	Took     time.Duration // from the call to its return, waiting for its turn included
	Err      error         // what RoundTrip returns
}

// A PushTrace tells of an out-of-band frame.
type PushTrace struct {
	Addr  string
	Type  string // its first word: "message", "invalidate"; "?" when that is no name
	Bytes int    // of the whole frame
}

// A CloseTrace tells of the end of a connection.
type CloseTrace struct {
	Addr string
	Open time.Duration // since the handshake
	Err  error         // what Conn.Err returns: wraps ErrClosed when Close did it
}

// roundTripTraced is RoundTrip for what is not the common case.
func (c *Conn) roundTripTraced(ctx context.Context, q *resp.Request, h resp.Handler) error {
	if c.trace == nil || c.trace.RoundTrip == nil || q.Len() == 0 {
		return c.roundTripAny(ctx, q, h)
	}
	start := time.Now()
	name := firstWord(q.Encoded())
	commands := q.Len()
	err := c.roundTripAny(ctx, q, h)
	c.trace.RoundTrip(RoundTripTrace{Addr: c.addr, Command: name, Commands: commands, Took: time.Since(start), Err: err})
	return err
}

func (c *Conn) tracePush(frame []byte) {
	if c.trace != nil && c.trace.Push != nil {
		c.trace.Push(PushTrace{Addr: c.addr, Type: firstWord(frame), Bytes: len(frame)})
	}
}

func (c *Conn) traceClose() {
	if c.trace != nil && c.trace.Close != nil {
		c.trace.Close(CloseTrace{Addr: c.addr, Open: time.Since(c.born), Err: c.Err()})
	}
}

func (d *Dialer) traceDial(network, addr string, start time.Time, err error) {
	if d.Trace != nil && d.Trace.Dial != nil {
		d.Trace.Dial(DialTrace{Network: network, Addr: addr, Took: time.Since(start), Err: err})
	}
}

func (d *Dialer) traceHandshake(c *Conn, start time.Time, err error) {
	if d.Trace == nil || d.Trace.Handshake == nil {
		return
	}
	t := HandshakeTrace{Addr: c.addr, Hello: c.hello, Took: time.Since(start), Err: err}
	if state, ok := c.TLS(); ok {
		t.TLS = &state
	}
	d.Trace.Handshake(t)
}

// firstWord returns the first element of an array, if it looks like the name of something. Whoever puts a whole command line into the name of a command, its
// password included, shall not find it in a log.
func firstWord(frame []byte) string {
	const longest = 32
	if len(frame) == 0 {
		return "?"
	}
	var r resp.Reply
	r.Reset(frame)
	r.Array()
	b := r.Bytes()
	if r.Err() != nil || len(b) == 0 || len(b) > longest {
		return "?"
	}
	for _, ch := range b {
		letter := ch|0x20 >= 'a' && ch|0x20 <= 'z'
		if !letter && (ch < '0' || ch > '9') && ch != '.' && ch != '_' && ch != '-' {
			return "?"
		}
	}
	return string(b)
}
