package integration

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/resp"
)

// Who a connection belongs to, its database, its name and its protocol are what the server says they are.
func TestHandshake(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, v harness.Version, protocol int) {
		server := harness.Shared(t, v)
		control := dial(t, server, conn.Dialer{})
		d := addUser(t, control, "~*", "+@all")
		d.Protocol, d.Name, d.DB = protocol, own(t), server.Database(t)
		c := dial(t, server, d)
		require.Equal(t, protocol, c.Hello().Protocol)
		seen := clients(t, control, own(t))
		require.Len(t, seen, 1)
		require.Equal(t, d.Username, seen[0]["user"])
		require.Equal(t, strconv.Itoa(d.DB), seen[0]["db"])
		if v.AtLeast(7, 0) {
			require.Equal(t, strconv.Itoa(protocol), seen[0]["resp"])
		}

		d.DB = 99999
		_, err := d.Dial(short(t), "tcp", server.Addr)
		require.True(t, resp.IsCode(err, "ERR"), "%v", err)
		requirePhase(t, err, conn.OpHandshake)
		require.ErrorContains(t, err, "SELECT 99999")
	})
}

// Rights that the handshake could use and does without, or cannot do without.
func TestHandshakeWithoutRights(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, v harness.Version, protocol int) {
		server := harness.Shared(t, v)
		control := dial(t, server, conn.Dialer{})

		d := addUser(t, control, "~*", "+@all", "-client")
		d.Protocol, d.Name = protocol, own(t)
		c := dial(t, server, d)
		require.Empty(t, clients(t, control, own(t)), "the name is what it goes without")
		require.Equal(t, strconv.Quote(d.Username), do(t, c, "ACL", "WHOAMI"))

		d = addUser(t, control, "~*", "+@all", "-select")
		d.Protocol = protocol
		dial(t, server, d)
		d.DB = server.Database(t)
		_, err := d.Dial(short(t), "tcp", server.Addr)
		requireRefused(t, err, "NOPERM")
		require.ErrorContains(t, err, fmt.Sprintf("SELECT %d", d.DB))

		// HELLO and AUTH need no right: a server looks at nobody's before somebody has logged in.
		d = addUser(t, control, "~*", "+@all", "-hello", "-auth")
		d.Protocol = protocol
		c = dial(t, server, d)
		require.Equal(t, protocol, c.Hello().Protocol)
		require.Equal(t, strconv.Quote(d.Username), do(t, c, "ACL", "WHOAMI"))
	})
}

// requireOneFailure dials with something wrong and asserts that the server noted one failed login, not two.
func requireOneFailure(t *testing.T, server *harness.Server, control *conn.Conn, d conn.Dialer) {
	t.Helper()
	do(t, control, "ACL", "LOG", "RESET")
	_, err := d.Dial(short(t), "tcp", server.Addr)
	requireRefused(t, err, "WRONGPASS")
	require.Equal(t, 1, failedLogins(t, server), "%v", d)
}

// A password that is wrong is tried once, in whichever protocol: fail2ban and its kin count.
func TestWrongPassword(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v, Password: canary, Users: []string{"app on >" + canary + "app ~* +@all"}})
		control := dial(t, server, conn.Dialer{Password: canary})
		for _, protocol := range []int{0, 2, 3} {
			dial(t, server, conn.Dialer{Password: canary, Protocol: protocol})
			dial(t, server, conn.Dialer{Username: "app", Password: canary + "app", Protocol: protocol})
			requireOneFailure(t, server, control, conn.Dialer{Password: canary + "wrong", Protocol: protocol})
			requireOneFailure(t, server, control, conn.Dialer{Username: "app", Password: canary + "wrong", Protocol: protocol})
			requireOneFailure(t, server, control, conn.Dialer{Username: canary, Password: canary + "wrong", Protocol: protocol})
			_, err := (&conn.Dialer{Protocol: protocol, DB: 1}).Dial(short(t), "tcp", server.Addr)
			requireRefused(t, err, "NOAUTH")
		}
	})
}

// A server whose HELLO was renamed away echoes what it was sent: user and password. RESP2 is what it gets, unless RESP3 was asked for, and a login is one login
// all the same.
func TestServerWithoutHello(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{
			Version: v, Password: canary, Users: []string{"app on >" + canary + "app ~* +@all"},
			Args: []string{"--rename-command", "HELLO", "HELLO-" + canary},
		})
		control := dial(t, server, conn.Dialer{Password: canary})
		for i, who := range []conn.Dialer{{Password: canary}, {Username: "app", Password: canary + "app"}} {
			who.DB, who.Name = 3, fmt.Sprint("without-hello-", i)
			c := dial(t, server, who)
			require.Equal(t, conn.Hello{Protocol: 2}, c.Hello())
			require.Equal(t, "3", clients(t, control, who.Name)[0]["db"])

			who.Protocol = 3
			_, err := who.Dial(short(t), "tcp", server.Addr)
			if resp.IsCode(err, "NOAUTH") { // Valkey 9.1 tells nobody what it knows before a login
				requireRefused(t, err, "NOAUTH")
			} else {
				requireRefused(t, err, "ERR")
				require.ErrorContains(t, err, "HELLO: redis: ERR unknown command")
			}

			who.Protocol, who.Password = 0, canary+"wrong"
			requireOneFailure(t, server, control, who)
		}
	})
}

// Credentials are asked for before every dial: a password that is changed needs no other Dialer.
func TestCredentialsRotate(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Shared(t, v)
		control := dial(t, server, conn.Dialer{})
		user := addUser(t, control, "~*", "+@all")
		var password atomic.Value
		password.Store(user.Password)
		asked := 0
		unavailable := errors.New("no credentials today")
		d := conn.Dialer{Username: "not asked", Credentials: func(context.Context) (string, string, error) {
			if asked++; password.Load() == "" {
				return user.Username, canary, unavailable
			}
			return user.Username, password.Load().(string), nil
		}}
		for i := range 3 {
			for _, protocol := range []int{2, 3} {
				d.Protocol = protocol
				dial(t, server, d)
			}
			renewed := fmt.Sprint(canary, "-", i)
			do(t, control, "ACL", "SETUSER", user.Username, "resetpass", ">"+renewed)
			_, err := d.Dial(short(t), "tcp", server.Addr)
			requireRefused(t, err, "WRONGPASS")
			password.Store(renewed)
		}
		dial(t, server, d)
		require.Equal(t, 3*3+1, asked)

		password.Store("")
		_, err := d.Dial(short(t), "tcp", server.Addr)
		require.ErrorIs(t, err, unavailable)
		requirePhase(t, err, conn.OpHandshake)
	})
}

// The default user's password, which has no user name to go with it.
func TestPasswordRotates(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v})
		control := dial(t, server, conn.Dialer{})
		password := ""
		d := conn.Dialer{Credentials: func(context.Context) (string, string, error) { return "", password, nil }}
		d.DB = 1 // in RESP2 somebody who has nothing to say is not told that a password is missing
		for i, code := range []string{"NOAUTH", "WRONGPASS"} {
			first := dial(t, server, d)
			renewed := fmt.Sprint(canary, i)
			do(t, control, "CONFIG", "SET", "requirepass", renewed)
			for _, protocol := range []int{2, 3} {
				d.Protocol = protocol
				_, err := d.Dial(short(t), "tcp", server.Addr)
				requireRefused(t, err, code)
			}
			require.Equal(t, "PONG", do(t, first, "PING"), "connections that there are stay")
			password = renewed
		}
		require.Equal(t, `"default"`, do(t, dial(t, server, d), "ACL", "WHOAMI"))
	})
}
