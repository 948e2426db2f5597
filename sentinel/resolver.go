package sentinel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/resp"
)

// DefaultTimeout bounds the question to one sentinel, connecting included.
const DefaultTimeout = time.Second

// A Role is what a server is in its set.
type Role string

// The roles, as the ROLE command names them.
const (
	Master  Role = "master"
	Replica Role = "slave" // what servers answer to this day
)

// Config says whom to ask for what.
type Config struct {
	Addrs   []string      // of the sentinels, host:port
	Master  string        // the name under which they watch the master
	Dialer  *conn.Dialer  // with the sentinels' own user, password and TLS; nil: none of these
	Timeout time.Duration // longest that one sentinel may take; 0: DefaultTimeout

	// Reach turns an address that a sentinel announces into one that can be dialled, as NAT and containers need; nil: as announced.
	Reach func(announced string) string
}

// A Resolver asks sentinels. Its methods may be called concurrently.
type Resolver struct {
	cfg    Config
	dialer conn.Dialer
}

// New makes a Resolver. It asks nobody yet.
func New(cfg Config) (*Resolver, error) {
	var errs []error
	if len(cfg.Addrs) == 0 {
		errs = append(errs, errors.New("sentinel: Config.Addrs is empty"))
	}
	for _, addr := range cfg.Addrs {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			errs = append(errs, fmt.Errorf("sentinel: Config.Addrs: %w", err))
		}
	}
	if cfg.Master == "" {
		errs = append(errs, errors.New("sentinel: Config.Master is empty"))
	}
	if cfg.Timeout < 0 {
		errs = append(errs, errors.New("sentinel: Config.Timeout is negative"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	cfg.Addrs = slices.Clone(cfg.Addrs)
	r := &Resolver{cfg: cfg}
	if cfg.Dialer != nil {
		r.dialer = *cfg.Dialer
	}
	r.dialer.Timeout = cfg.Timeout
	return r, nil
}

// String shows whom the resolver asks for what, without the password of the sentinels.
func (r Resolver) String() string {
	return fmt.Sprintf("sentinel.Resolver{%q at %q}", r.cfg.Master, r.cfg.Addrs)
}

// Format prints [Resolver.String] for every verb: fmt would show the fields, and could not ask the Dialer among them to hide its password.
func (r Resolver) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.String()) }

// Dial returns a function that resolves, dials with d, and verifies the role of the server it reached. Where no replica can be had, one that was asked
// for Replica dials the master. It fits pool.Config.
func (r *Resolver) Dial(d *conn.Dialer, role Role) func(context.Context) (*conn.Conn, error) {
	return func(ctx context.Context) (*conn.Conn, error) {
		if role == Replica {
			if c, err := r.dial(ctx, d, Replica); err == nil || ctx.Err() != nil {
				return c, err
			}
		}
		return r.dial(ctx, d, Master)
	}
}

func (r *Resolver) dial(ctx context.Context, d *conn.Dialer, role Role) (*conn.Conn, error) {
	addr, err := r.Resolve(ctx, role)
	if err != nil {
		return nil, err
	}
	c, err := d.Dial(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if err := verify(ctx, c, role); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// verify asks a server for its role. One that does not answer that question, because it is not this user's or the command has another name, is taken at
// what it said of itself in the handshake, if anything.
func verify(ctx context.Context, c *conn.Conn, want Role) error {
	var q resp.Request
	q.Cmd("ROLE")
	var got Role
	err := c.RoundTrip(ctx, &q, resp.HandlerFunc(func(_ int, r *resp.Reply) error {
		if r.Array() > 0 {
			got = Role(r.Text())
		}
		return r.Err()
	}))
	if resp.IsCode(err, "NOPERM") || resp.IsCode(err, "ERR") {
		got, err = saidRole(c.Hello(), want), nil
	}
	if err != nil {
		return err
	}
	if got != want {
		return &RoleError{Addr: c.Addr(), Want: want, Got: got}
	}
	return nil
}

// saidRole is the role in the answer to HELLO, which calls a replica a replica, and otherwise when the server said none.
func saidRole(hello conn.Hello, otherwise Role) Role {
	switch hello.Role {
	case "":
		return otherwise
	case "replica":
		return Replica
	}
	return Role(hello.Role)
}

// A RoleError says that a server is not what the sentinels took it for: a failover is under way.
type RoleError struct {
	Addr      string
	Want, Got Role
}

func (e *RoleError) Error() string {
	return fmt.Sprintf("sentinel: %s says that it is a %.40q, not a %q", e.Addr, string(e.Got), string(e.Want))
}

// A ResolveError says that no sentinel gave a usable answer, and what each of them did instead.
type ResolveError struct {
	Master string
	Role   Role
	Errs   []error // one for each sentinel, in the order of Config.Addrs
}

func (e *ResolveError) Error() string {
	text := "sentinel: no sentinel tells where the " + string(e.Role) + " of " + e.Master + " is:"
	for _, err := range e.Errs {
		text += "\n\t" + err.Error()
	}
	return text
}

// Unwrap returns what each sentinel did.
func (e *ResolveError) Unwrap() []error { return e.Errs }
