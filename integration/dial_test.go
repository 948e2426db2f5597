package integration

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/resp"
)

// eachProtocol runs f for each version and in both protocols, in parallel.
func eachProtocol(t *testing.T, f func(t *testing.T, v harness.Version, protocol int)) {
	t.Helper()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		for _, protocol := range []int{2, 3} {
			t.Run("RESP"+strconv.Itoa(protocol), func(t *testing.T) {
				t.Parallel()
				f(t, v, protocol)
			})
		}
	})
}

// dial connects to a server's plain port until the test ends.
func dial(t testing.TB, server *harness.Server, d conn.Dialer) *conn.Conn {
	t.Helper()
	c, err := d.Dial(short(t), "tcp", server.Addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// do runs a command that must succeed, and returns its reply as it prints.
func do(t testing.TB, c *conn.Conn, args ...string) string {
	t.Helper()
	v, err := c.Do(short(t), args...)
	require.NoError(t, err, "%q", args)
	return v.String()
}

// own is a name that no other test uses, for what databases do not separate: channels, users, clients, scripts.
func own(t testing.TB) string { return strings.ReplaceAll(t.Name(), "/", "-") }

// clients returns what CLIENT LIST says of the connections with this name.
func clients(t testing.TB, c *conn.Conn, name string) (found []map[string]string) {
	t.Helper()
	v, err := c.Do(short(t), "CLIENT", "LIST")
	require.NoError(t, err)
	list, err := v.Text()
	require.NoError(t, err)
	for line := range strings.Lines(list) {
		client := map[string]string{}
		for _, field := range strings.Fields(line) {
			key, value, _ := strings.Cut(field, "=")
			client[key] = value
		}
		if client["name"] == name {
			found = append(found, client)
		}
	}
	return found
}

// addUser makes an ACL user until the test ends, and returns a Dialer for it.
func addUser(t testing.TB, c *conn.Conn, rules ...string) conn.Dialer {
	t.Helper()
	d := conn.Dialer{Username: own(t), Password: canary + own(t)}
	do(t, c, append([]string{"ACL", "SETUSER", d.Username, "reset", "on", ">" + d.Password}, rules...)...)
	t.Cleanup(func() { _, _ = c.Do(context.Background(), "ACL", "DELUSER", d.Username) })
	return d
}

// replies collects replies and pushes, as they print.
type replies []string

func (got *replies) HandleReply(_ int, r *resp.Reply) error {
	*got = append(*got, r.Value().String())
	return nil
}

// For require.Eventually: how long something may take that takes a moment.
const eventually, tick = 5 * time.Second, 5 * time.Millisecond
