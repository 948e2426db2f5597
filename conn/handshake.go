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

// A login is who a connection is to belong to.
type login struct{ user, password string }

// login asks for credentials.
func (d *Dialer) login(ctx context.Context) (who login, err error) {
	if d.Credentials == nil {
		return login{d.Username, d.Password}, nil
	}
	who.user, who.password, err = d.Credentials(ctx)
	if err != nil {
		return login{}, fmt.Errorf("asking for credentials: %w", err)
	}
	return who, nil
}

func (who login) given() bool { return who.user != "" || who.password != "" }

// A greeting is the Redis handshake of one connection.
type greeting struct {
	*Dialer
	login
	c *Conn
}

// perform exchanges protocol and credentials in a round trip of their own, because a failing AUTH in front of other commands gets no answer on some servers
// (redis/redis#15640) and all replies behind it would be off by one; then database and name.
func (g *greeting) perform(ctx context.Context) error {
	g.c.hello.Protocol = 2
	if g.Protocol == 2 {
		return g.plainly(ctx)
	}
	err := g.sayHello(ctx)
	if err == nil {
		return g.settle(ctx)
	}
	if g.Protocol == 3 || !g.refused(err) {
		return err
	}
	plain := g.plainly(ctx)
	if plain != nil && !isReply(plain) {
		// What it said to HELLO tells why it closed: too many clients, protected mode.
		return fmt.Errorf("%w (before that, %w)", plain, err)
	}
	return plain
}

// plainly is the handshake of RESP2.
func (g *greeting) plainly(ctx context.Context) error {
	if g.given() {
		if err := g.sayAuth(ctx); err != nil {
			return err
		}
	}
	return g.settle(ctx)
}

// sayHello asks for RESP3 and authenticates in the same command.
func (g *greeting) sayHello(ctx context.Context) error {
	var q resp.Request
	q.Cmd("HELLO").Str("3")
	if g.given() {
		user := g.user
		if user == "" {
			user = "default"
		}
		q.Str("AUTH").Str(user).Str(g.password)
	}
	return g.step("HELLO", g.c.RoundTrip(ctx, &q, resp.HandlerFunc(g.c.hello.read)))
}

// refused reports whether a server declined HELLO as such, so that RESP2 is worth a try: any error reply whatever its words, but those about the
// credentials, which would fail again and count as a second failed login. NOAUTH is about them when none were sent; when some were, it comes from a
// proxy that does not know HELLO and wants AUTH before anything else.
func (g *greeting) refused(err error) bool {
	switch {
	case resp.IsCode(err, "WRONGPASS"):
		return false
	case resp.IsCode(err, "NOAUTH"):
		return g.given()
	}
	return isReply(err)
}

// isReply reports whether the server said no, as opposed to a connection that failed.
func isReply(err error) bool {
	var e *resp.Error
	return errors.As(err, &e)
}

func (g *greeting) sayAuth(ctx context.Context) error {
	var q resp.Request
	q.Cmd("AUTH")
	if g.user != "" {
		q.Str(g.user)
	}
	q.Str(g.password)
	return g.step("AUTH", g.c.RoundTrip(ctx, &q, nil))
}

// settle selects the database and sets the connection's name. A server that forbids the name is no reason to go without the server.
func (g *greeting) settle(ctx context.Context) error {
	var q resp.Request
	if g.DB != 0 {
		q.Cmd("SELECT").Int(int64(g.DB))
	}
	if g.Name != "" {
		q.Cmd("CLIENT").Str("SETNAME").Str(g.Name)
	}
	err := g.c.RoundTrip(ctx, &q, resp.HandlerFunc(func(i int, r *resp.Reply) error {
		if i == 0 && g.DB != 0 {
			return r.Err()
		}
		return nil
	}))
	if g.DB == 0 {
		return g.step("CLIENT SETNAME", err)
	}
	return g.step(fmt.Sprintf("SELECT %d", g.DB), err)
}

// step says which command of the handshake failed.
func (g *greeting) step(command string, err error) error {
	if err == nil {
		return nil
	}
	var e *resp.Error
	if errors.As(err, &e) {
		e.Message = g.hide(e.Message)
	}
	return fmt.Errorf("%s: %w", command, cause(err))
}

// hide cuts a message off where it begins to echo the password. Servers echo only the beginning of long arguments, so a beginning is
// looked for. The code stays, for others to classify the error by, unless it is none.
func (who login) hide(message string) string {
	if who.password == "" {
		return message
	}
	start := strings.IndexFunc(message, func(r rune) bool { return r < 'A' || r > 'Z' })
	if start < 0 {
		return message
	}
	i := strings.Index(message[start:], who.password[:min(len(who.password), 8)])
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
