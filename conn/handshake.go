package conn

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/bwredis/bwredis/resp"
)

// Hello is what a server says of itself when a connection begins. Servers before Redis 6 and users without the right to HELLO leave all but
// Protocol empty.
type Hello struct {
	Server   string // "redis", "valkey"
	Version  string // "8.0.2"
	Protocol int    // 2 or 3
	Role     string // "master", "replica"
}

// greet performs the Redis handshake on a fresh connection: protocol and credentials in a round trip of their own, because a failing AUTH in front of
// other commands gets no answer on some servers (redis/redis#15640) and all replies behind it would be off by one; then database and name.
func (d *Dialer) greet(ctx context.Context, c *Conn) error {
	c.hello.Protocol = 2
	if d.Protocol == 2 {
		return d.greetPlainly(ctx, c)
	}
	err := d.sayHello(ctx, c)
	if err == nil {
		return d.settle(ctx, c)
	}
	if d.Protocol == 3 || !d.refused(err) {
		return err
	}
	plain := d.greetPlainly(ctx, c)
	if plain != nil && !isReply(plain) {
		// What it said to HELLO tells why it closed: too many clients, protected mode.
		return fmt.Errorf("%w (before that, %w)", plain, err)
	}
	return plain
}

// greetPlainly is the handshake of RESP2.
func (d *Dialer) greetPlainly(ctx context.Context, c *Conn) error {
	if d.hasCredentials() {
		if err := d.sayAuth(ctx, c); err != nil {
			return err
		}
	}
	return d.settle(ctx, c)
}

func (d *Dialer) hasCredentials() bool { return d.Username != "" || d.Password != "" }

// sayHello asks for RESP3 and authenticates in the same command.
func (d *Dialer) sayHello(ctx context.Context, c *Conn) error {
	var q resp.Request
	q.Cmd("HELLO").Str("3")
	if d.hasCredentials() {
		user := d.Username
		if user == "" {
			user = "default"
		}
		q.Str("AUTH").Str(user).Str(d.Password)
	}
	return d.step("HELLO", c.RoundTrip(ctx, &q, resp.HandlerFunc(c.hello.read)))
}

// refused reports whether a server declined HELLO as such, so that RESP2 is worth a try: any error reply whatever its words, but those about the
// credentials, which would fail again and count as a second failed login. NOAUTH is about them when none were sent; when some were, it comes from a
// proxy that does not know HELLO and wants AUTH before anything else.
func (d *Dialer) refused(err error) bool {
	switch {
	case resp.IsCode(err, "WRONGPASS"):
		return false
	case resp.IsCode(err, "NOAUTH"):
		return d.hasCredentials()
	}
	return isReply(err)
}

// isReply reports whether the server said no, as opposed to a connection that failed.
func isReply(err error) bool {
	var e *resp.Error
	return errors.As(err, &e)
}

func (d *Dialer) sayAuth(ctx context.Context, c *Conn) error {
	var q resp.Request
	q.Cmd("AUTH")
	if d.Username != "" {
		q.Str(d.Username)
	}
	q.Str(d.Password)
	return d.step("AUTH", c.RoundTrip(ctx, &q, nil))
}

// settle selects the database and sets the connection's name. A server that forbids the name is no reason to go without the server.
func (d *Dialer) settle(ctx context.Context, c *Conn) error {
	var q resp.Request
	if d.DB != 0 {
		q.Cmd("SELECT").Int(int64(d.DB))
	}
	if d.Name != "" {
		q.Cmd("CLIENT").Str("SETNAME").Str(d.Name)
	}
	err := c.RoundTrip(ctx, &q, resp.HandlerFunc(func(i int, r *resp.Reply) error {
		if i == 0 && d.DB != 0 {
			return r.Err()
		}
		return nil
	}))
	if d.DB == 0 {
		return d.step("CLIENT SETNAME", err)
	}
	return d.step(fmt.Sprintf("SELECT %d", d.DB), err)
}

// step says which command of the handshake failed.
func (d *Dialer) step(command string, err error) error {
	if err == nil {
		return nil
	}
	var e *resp.Error
	if errors.As(err, &e) {
		e.Message = d.hide(e.Message)
	}
	return fmt.Errorf("%s: %w", command, cause(err))
}

// hide cuts a message off where it begins to echo the password. Servers echo only the beginning of long arguments, so a beginning is
// looked for. The code stays, for others to classify the error by, unless it is none.
func (d *Dialer) hide(message string) string {
	if d.Password == "" {
		return message
	}
	start := strings.IndexFunc(message, func(r rune) bool { return r < 'A' || r > 'Z' })
	if start < 0 {
		return message
	}
	i := strings.Index(message[start:], d.Password[:min(len(d.Password), 8)])
	if i < 0 {
		return message
	}
	return message[:start+i] + "[hidden]"
}

// cause takes the *Error off a failure inside the handshake: its address and phase are about to be said by another.
func cause(err error) error {
	var e *Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// read takes the answer to HELLO.
func (h *Hello) read(_ int, r *resp.Reply) error {
	if err := r.Err(); err != nil {
		return err
	}
	for n := r.Pairs(); n > 0; n-- {
		switch r.Text() {
		case "server":
			h.Server = r.Text()
		case "version":
			h.Version = r.Text()
		case "proto":
			h.Protocol = int(r.Int())
		case "role":
			h.Role = r.Text()
		default:
			r.Skip()
		}
	}
	return r.Err()
}
