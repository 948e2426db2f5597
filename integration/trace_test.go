package integration

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/resp"
)

// A journal writes down what a trace is told: in short, and everything in all ways of printing.
type journal struct {
	mu    sync.Mutex
	lines []string
	all   strings.Builder
}

func (j *journal) add(event any, err error, format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
	j.print(event)
	j.print(err)
}

// print writes a value and all the errors in it.
func (j *journal) print(v any) {
	fmt.Fprintf(&j.all, "%v\n%+v\n%#v\n", v, v, v)
	if err, ok := v.(error); ok && err != nil {
		for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
			fmt.Fprintf(&j.all, "%v\n%+v\n%#v\n", cause, cause, cause)
		}
	}
}

func (j *journal) trace() *conn.Trace {
	return &conn.Trace{
		Dial: func(d conn.DialTrace) { j.add(d, d.Err, "dial %s %s %t", d.Network, d.Addr, d.Err == nil) },
		Handshake: func(h conn.HandshakeTrace) {
			j.add(h, h.Err, "handshake RESP%d %s tls=%t resumed=%t %t", h.Hello.Protocol, h.Hello.Server, h.TLS != nil, h.TLS != nil && h.TLS.DidResume, h.Err == nil)
		},
		RoundTrip: func(r conn.RoundTripTrace) { j.add(r, r.Err, "%s x%d %t", r.Command, r.Commands, r.Err == nil) },
		Push:      func(p conn.PushTrace) { j.add(p, nil, "push %s %t", p.Type, p.Bytes > 0) },
		Close:     func(c conn.CloseTrace) { j.add(c, c.Err, "close %t %t", c.Open > 0, errors.Is(c.Err, conn.ErrClosed)) },
	}
}

// taken returns what was written down since the last time.
func (j *journal) taken() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	lines := j.lines
	j.lines = nil
	return lines
}

// requireNoSecret asserts that no secret was printed. Half of one would be too much.
func (j *journal) requireNoSecret(t testing.TB) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	text := j.all.String()
	require.NotEmpty(t, text)
	if i := strings.Index(text, canary[:6]); i >= 0 {
		t.Fatalf("the password is printed: %s", text[max(0, i-300):i+20])
	}
}

func TestTrace(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		app := "app on >" + canary + "app ~* +@all"
		if v.AtLeast(7, 0) {
			app += " allchannels" // Redis 6.0 knows no right to channels
		}
		server := harness.Start(t, harness.Config{Version: v, TLS: &harness.TLS{}, Password: canary, Users: []string{app}})
		control := dial(t, server, conn.Dialer{Password: canary})
		for _, protocol := range []int{2, 3} {
			for _, config := range []bool{false, true} {
				traceOne(t, server, control, protocol, config)
			}
		}
	})
}

// traceOne goes through the life of connections of one kind.
func traceOne(t *testing.T, server *harness.Server, control *conn.Conn, protocol int, secure bool) {
	var j journal
	d := conn.Dialer{Username: "app", Password: canary + "app", Protocol: protocol, PubSub: true, Name: "traced", Timeout: 10 * time.Second, Trace: j.trace()}
	addr, name := server.Addr, ""
	if secure {
		addr, d.TLS = server.TLSAddr, clientTLS(t, server)
	}
	if protocol == 3 {
		name = server.Version.Product()
	}
	for _, resumed := range []bool{false, true} {
		c, err := d.Dial(short(t), "tcp", addr)
		require.NoError(t, err)
		require.Equal(t, []string{
			"dial tcp " + addr + " true", fmt.Sprintf("handshake RESP%d %s tls=%t resumed=%t true", protocol, name, secure, secure && resumed),
		}, j.taken())

		do(t, c, "SET", "secret", canary)
		require.Equal(t, fmt.Sprintf("%q", canary), do(t, c, "GET", "secret"))
		_, err = c.Do(short(t), "AUTH", "app", canary+"wrong")
		require.Error(t, err)
		_, err = c.Do(short(t), "INCR", "secret")
		require.Error(t, err)
		_, err = c.Do(short(t), "AUTH app "+canary)
		require.Error(t, err)
		require.Equal(t, []string{"SET x1 true", "GET x1 true", "AUTH x1 false", "INCR x1 false", "? x1 false"}, j.taken())

		do(t, c, "SUBSCRIBE", "channel")
		do(t, control, "PUBLISH", "channel", canary)
		require.NoError(t, c.NextPush(short(t), &replies{}))
		require.Equal(t, []string{"SUBSCRIBE x1 true", "push message true"}, j.taken())

		if resumed {
			do(t, control, "CLIENT", "KILL", "ID", clients(t, control, "traced")[0]["id"])
			_, err = c.Do(short(t), "PING", canary)
			require.True(t, broken(err), "%v", err)
			require.Equal(t, []string{"close true false", "PING x1 false"}, j.taken())
			require.NoError(t, c.Close())
		} else {
			require.NoError(t, c.Close())
			require.Equal(t, []string{"close true true"}, j.taken())
			require.Eventually(t, func() bool { return len(clients(t, control, "traced")) == 0 }, eventually, tick)
		}
		require.Empty(t, j.taken(), "the end is told once")
		j.print(c)
		j.print(*d.Trace)
	}
	j.print(d)
	j.print(&d)
	j.print(struct{ Dialer *conn.Dialer }{&d})

	d.Password = canary + "wrong"
	_, err := d.Dial(short(t), "tcp", addr)
	requireRefused(t, err, "WRONGPASS")
	require.Contains(t, j.taken()[1], "false")
	j.print(err)
	j.requireNoSecret(t)
}

// Servers echo what they do not understand. The password is not passed on, in whichever command it was.
func TestTraceOfRefusedHandshake(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v, Args: []string{
			"--rename-command", "HELLO", "HELLO-renamed", "--rename-command", "AUTH", "AUTH-renamed",
		}})
		var j journal
		for _, protocol := range []int{0, 2, 3} {
			for _, user := range []string{"", "default", canary} {
				d := conn.Dialer{Username: user, Password: canary, Protocol: protocol, Trace: j.trace()}
				if user == canary {
					d.Password = canary + strings.Repeat("x", 200)
				}
				_, err := d.Dial(short(t), "tcp", server.Addr)
				requireRefused(t, err, "ERR")
				require.ErrorContains(t, err, "unknown command")
				var said *resp.Error
				require.ErrorAs(t, err, &said)
				require.NotContains(t, said.Message, canary[:6], "not even in what the server said")
				j.print(err)
				d.Credentials = func(context.Context) (string, string, error) { return user, canary, nil }
				d.Username, d.Password = "", ""
				_, err = d.Dial(short(t), "tcp", server.Addr)
				requireRefused(t, err, "ERR")
				j.print(err)
				require.Len(t, j.taken(), 4)
			}
		}
		j.requireNoSecret(t)
	})
}
