package conn

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/bwredis/bwredis/resp"
)

// A Dialer makes connections. The zero value dials plain TCP, prefers RESP3 and has no limits of its own in time.
//
// A Dialer may be used concurrently and must not be changed once it is used. Printing it hides the password, but for one in an unexported field of another
// struct, where package fmt calls no methods.
type Dialer struct {
	// DialContext replaces the net.Dialer that is used by default. The deadlines of what it returns must work: they are what
	// contexts and Timeout interrupt reads and writes with.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	TLS         *tls.Config // nil: none. Cloned; an empty ServerName is filled with the host that is dialled
	// TLSSource, when it is set, is asked for the configuration in place of TLS, before every dial: certificates that are renewed need no restart.
	TLSSource func() *tls.Config
	Username  string // of an ACL user; "" is the user named default
	Password  string
	// Credentials, when it is set, is asked for user and password in place of the two fields, before every dial: passwords that are rotated and tokens that
	// expire need no restart. It must return when ctx has ended. What it returns is not kept beyond the handshake.
	Credentials func(ctx context.Context) (username, password string, err error)
	DB          int    // SELECTed when it is not 0
	Name        string // CLIENT SETNAME, when it is not "" and the server allows it
	// Protocol is 2 or 3; 0: RESP3, or RESP2 where the server refuses it. With 2 and nothing else to say, Dial says nothing: that a password is wanted shows with
	// the first command.
	Protocol    int
	Timeout     time.Duration // longest that dialling may take, and that any reply may be owed; 0: for ever, which a peer that stops reading may take literally
	KeepAlive   time.Duration // idle time before TCP keepalive probes, and between them; 0: 15 s; < 0: no probes
	MaxReply    int           // bytes one reply may take; 0: resp.DefaultMaxFrame
	MaxDepth    int           // levels one reply may nest; 0: resp.DefaultMaxDepth
	MaxElements int           // values that the aggregates of one reply may hold in all; 0: as many as MaxReply has room for
	// OnPush gets out-of-band frames on the goroutine of whoever reads just then; the rules of resp.Handler hold for it.
	OnPush func(r *resp.Reply)
	// PubSub makes connections that may SUBSCRIBE, and keep what arrives for NextPush. Such a connection should not be shared with others; [Subscribe] needs one.
	PubSub bool
	Trace  *Trace // told what happens; nil: nobody
}

// Dial connects to addr (network "tcp": host:port, "unix": a path) and performs TLS and the Redis handshake. It returns when that is done, when it has
// failed, or when ctx has ended. Every error is an [*Error] with Sent false.
func (d *Dialer) Dial(ctx context.Context, network, addr string) (*Conn, error) {
	if d.TLSSource != nil {
		own := *d
		own.TLS, own.TLSSource = d.TLSSource(), nil
		return own.Dial(ctx, network, addr)
	}
	bounded := ctx
	if d.Timeout > 0 {
		var cancel context.CancelFunc
		bounded, cancel = context.WithTimeout(ctx, d.Timeout)
		defer cancel()
	}
	c, op, err := d.open(bounded, network, addr)
	if err == nil {
		return c, nil
	}
	return nil, d.failed(ctx, bounded, op, addr, err)
}

// failed is why dialling failed in a phase. bounded is ctx with the Dialer's own limit.
func (d *Dialer) failed(ctx, bounded context.Context, op, addr string, err error) *Error {
	switch {
	case ended(ctx) != nil: // the caller's doing, whatever it looked like below
		err = ended(ctx)
	case ended(bounded) != nil:
		err = errTimeout
	}
	return &Error{Op: op, Addr: addr, Err: d.explain(op, err)}
}

// open goes through the phases of dialling. It returns the one that failed.
func (d *Dialer) open(ctx context.Context, network, addr string) (c *Conn, op string, err error) {
	who, err := d.login(ctx)
	if err != nil {
		return nil, OpHandshake, err
	}
	start := time.Now()
	nc, err := d.connect(ctx, network, addr)
	d.traceDial(network, addr, start, err)
	if err != nil {
		return nil, OpDial, err
	}
	c = d.newConn(nc, addr)
	start = time.Now()
	op = OpTLS
	if err = d.secure(ctx, c); err == nil {
		op = OpHandshake
		err = (&greeting{Dialer: d, c: c, login: who}).perform(ctx)
	}
	d.traceHandshake(c, start, err)
	if err != nil {
		_ = c.Close()
		return nil, op, err
	}
	if d.Trace != nil {
		c.trace, c.born = d.Trace, time.Now()
	}
	return c, "", nil
}

func (d *Dialer) connect(ctx context.Context, network, addr string) (net.Conn, error) {
	dial := d.DialContext
	if dial == nil {
		// Probes are off only where both fields say so.
		dial = (&net.Dialer{KeepAlive: d.KeepAlive, KeepAliveConfig: d.keepAlive()}).DialContext
	}
	nc, err := dial(ctx, network, addr)
	if err == nil && nc == nil {
		err = errors.New("DialContext returned neither a connection nor an error")
	}
	return nc, err
}

// newConn makes a connection of what was connected.
func (d *Dialer) newConn(nc net.Conn, addr string) *Conn {
	c := &Conn{
		addr: addr, timeout: d.Timeout, onPush: d.OnPush, pubSub: d.PubSub,
		sock: newSocket(nc), pushTurn: make(chan struct{}, 1), nextSeq: 1, sentSeq: 1,
	}
	c.sock.writes.slow = c.writeIsSlow
	if d.Timeout > 0 {
		c.sock.reads.due = c.dueAt
	}
	if d.Timeout > 0 && d.TLS == nil {
		c.sock.writes.due = c.writeDueAt
	}
	c.rd.scanner = resp.Scanner{MaxFrame: d.MaxReply, MaxDepth: d.MaxDepth, MaxElements: d.MaxElements}
	c.pushes.keep, c.pushes.most = d.PubSub, d.MaxReply
	if d.MaxReply == 0 {
		c.pushes.most = resp.DefaultMaxFrame
	}
	return c
}

func (d *Dialer) keepAlive() net.KeepAliveConfig {
	if d.KeepAlive < 0 {
		return net.KeepAliveConfig{Enable: false}
	}
	return net.KeepAliveConfig{Enable: true, Idle: d.KeepAlive, Interval: d.KeepAlive}
}

// secure performs the TLS handshake, if there is to be one.
func (d *Dialer) secure(ctx context.Context, c *Conn) error {
	if d.TLS == nil {
		return nil
	}
	config := d.TLS.Clone()
	if config.ServerName == "" {
		if host, _, err := net.SplitHostPort(c.addr); err == nil {
			config.ServerName = host
		}
	}
	// The socket watches the context: HandshakeContext would start a goroutine to do that.
	c.sock.reads.wait = patience{ctx: ctx}
	c.sock.writes.allow(patience{ctx: ctx})
	t := tls.Client(c.sock, config)
	err := t.Handshake()
	c.sock.reads.wait = patience{}
	c.sock.writes.allow(patience{})
	c.tls = t
	return err
}

// String shows the dialer without its password.
func (d Dialer) String() string {
	return "conn.Dialer{user " + strconv.Quote(d.Username) + ", db " + strconv.Itoa(d.DB) + ", timeout " + d.Timeout.String() + "}"
}

// Format is [Dialer.String] for every verb.
func (d Dialer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, d.String()) }
