package sentinel

import (
	"context"
	"fmt"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/resp"
)

// A Role is what a server is in its set.
type Role string

// The roles, as the ROLE command names them, and a choice of two.
const (
	Master        Role = "master"
	Replica       Role = "slave"   // what servers answer to this day
	PreferReplica Role = "replica" // a Replica where there is one in good health, else the Master
)

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
