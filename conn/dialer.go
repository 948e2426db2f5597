package conn

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strconv"
	"time"

	"github.com/bwredis/bwredis/resp"
)

// A Dialer makes connections. The zero value dials plain TCP, prefers RESP3 and has no limits of its own in time.
//
// A Dialer may be used concurrently and must not be changed once it is used. Printing it hides the password.
type Dialer struct {
	// DialContext replaces the net.Dialer that is used by default. The deadlines of what it returns must work: they are what
	// contexts and Timeout interrupt reads and writes with.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	TLS         *tls.Config // nil: none. Cloned; an empty ServerName is filled with the host that is dialled
	Username    string      // of an ACL user; "" is the user named default
	Password    string
	DB          int           // SELECTed when it is not 0
	Name        string        // CLIENT SETNAME, when it is not "" and the server allows it
	Protocol    int           // 2 or 3; 0: RESP3, or RESP2 where the server refuses it
	Timeout     time.Duration // longest that dialling may take, and that any reply may be owed; 0: for ever
	KeepAlive   time.Duration // idle time before TCP keepalive probes, and between them; 0: 15 s; < 0: no probes
	MaxReply    int           // bytes one reply may take; 0: resp.DefaultMaxFrame
	MaxDepth    int           // levels one reply may nest; 0: resp.DefaultMaxDepth
	MaxElements int           // values that the aggregates of one reply may hold in all; 0: as many as MaxReply has room for
	// OnPush gets out-of-band frames on the goroutine of whoever reads just then; the rules of resp.Handler hold for it.
	OnPush func(r *resp.Reply)
}

// Dial connects to addr (network "tcp": host:port, "unix": a path) and performs TLS and the Redis handshake. It returns when that is done, when it has
// failed, or when ctx has ended. Every error is an [*Error] with Sent false.
func (d *Dialer) Dial(ctx context.Context, network, addr string) (*Conn, error) {
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
	switch {
	case ended(ctx) != nil: // the caller's doing, whatever it looked like below
		err = ended(ctx)
	case ended(bounded) != nil:
		err = errTimeout
	}
	return nil, &Error{Op: op, Addr: addr, Err: d.explain(op, err)}
}

// open goes through the phases of dialling. It returns the one that failed.
func (d *Dialer) open(ctx context.Context, network, addr string) (c *Conn, op string, err error) {
	dial := d.DialContext
	if dial == nil {
		// Probes are off only where both fields say so.
		dial = (&net.Dialer{KeepAlive: d.KeepAlive, KeepAliveConfig: d.keepAlive()}).DialContext
	}
	nc, err := dial(ctx, network, addr)
	if err != nil {
		return nil, OpDial, err
	}
	if nc == nil {
		return nil, OpDial, errors.New("DialContext returned neither a connection nor an error")
	}
	c = &Conn{addr: addr, timeout: d.Timeout, onPush: d.OnPush, sock: newSocket(nc)}
	c.sock.writes.slow = c.writeIsSlow
	c.nc = c.sock
	c.rd.scanner = resp.Scanner{MaxFrame: d.MaxReply, MaxDepth: d.MaxDepth, MaxElements: d.MaxElements}
	op = OpTLS
	if err = d.secure(ctx, c); err == nil {
		op = OpHandshake
		err = d.greet(ctx, c)
	}
	if err != nil {
		_ = c.Close()
		return nil, op, err
	}
	return c, "", nil
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
	c.sock.reads.allow(patience{ctx: ctx})
	c.sock.writes.allow(patience{ctx: ctx})
	t := tls.Client(c.sock, config)
	err := t.Handshake()
	c.sock.reads.allow(patience{})
	c.sock.writes.allow(patience{})
	c.nc = t
	return err
}

// String shows the dialer without its password.
func (d Dialer) String() string {
	return "conn.Dialer{user " + strconv.Quote(d.Username) + ", db " + strconv.Itoa(d.DB) + ", timeout " + d.Timeout.String() + "}"
}

// GoString is [Dialer.String].
func (d Dialer) GoString() string { return d.String() }
