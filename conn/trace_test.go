package conn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

// events writes down what a trace is told.
type events struct {
	mu    sync.Mutex
	lines []string
}

func (e *events) add(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lines = append(e.lines, fmt.Sprintf(format, args...))
}

func (e *events) trace() *conn.Trace {
	return &conn.Trace{
		Dial: func(d conn.DialTrace) { e.add("dial %s %s %v", d.Network, d.Addr, d.Err) },
		Handshake: func(h conn.HandshakeTrace) {
			e.add("handshake RESP%d tls=%t resumed=%t %v", h.Hello.Protocol, h.TLS != nil, h.TLS != nil && h.TLS.DidResume, h.Err)
		},
		RoundTrip: func(r conn.RoundTripTrace) { e.add("%s ×%d %v", r.Command, r.Commands, r.Err) },
		Push:      func(p conn.PushTrace) { e.add("push %s %d", p.Type, p.Bytes) },
		Close:     func(c conn.CloseTrace) { e.add("close %v", errors.Is(c.Err, conn.ErrClosed)) },
	}
}

func TestTrace(t *testing.T) {
	everyWay(t, func(t *testing.T, connect func(redistest.Handler, conn.Dialer) *conn.Conn) {
		var seen events
		c := connect(pushing(), conn.Dialer{Trace: seen.trace(), Name: "traced"})
		seen.lines = seen.lines[:2]
		protocol := c.Hello().Protocol
		_, secure := c.TLS()
		require.Equal(t, fmt.Sprintf("handshake RESP%d tls=%t resumed=false <nil>", protocol, secure), seen.lines[1])
		require.Contains(t, seen.lines[0], "dial tcp ")
		seen.lines = nil
		var q resp.Request
		q.Cmd("ECHO").Str("secret")
		q.Cmd("ECHO").Str("secret")
		require.NoError(t, c.RoundTrip(t.Context(), &q, &texts{}))
		require.Contains(t, seen.lines, "ECHO ×2 <nil>")
		require.Error(t, c.RoundTrip(t.Context(), request([]string{"no command\r\n"}), nil))
		require.NotContains(t, seen.lines[len(seen.lines)-1], "no command ×")
		if protocol == 3 {
			require.Contains(t, seen.lines, "push before 26")
		}
		require.NoError(t, c.Close())
		require.NoError(t, c.Close())
		require.Equal(t, "close true", seen.lines[len(seen.lines)-1])
		closes := 0
		for _, line := range seen.lines {
			require.NotContains(t, line, "secret")
			if line == "close true" {
				closes++
			}
		}
		require.Equal(t, 1, closes)
	})
}

func TestTraceOfFailures(t *testing.T) {
	var seen events
	refuse := func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no route") }
	d := conn.Dialer{DialContext: refuse, Trace: seen.trace()}
	_, err := d.Dial(t.Context(), "tcp", "host:1")
	require.Error(t, err)
	require.Equal(t, []string{"dial tcp host:1 no route"}, seen.lines)

	seen.lines = nil
	client, server := redistest.Pipe()
	go redistest.Serve(server, redistest.Redis(redistest.Options{Password: "other"}))
	d = over(client, conn.Dialer{Password: "canary-password", Trace: seen.trace()})
	_, err = d.Dial(t.Context(), "tcp", "host:1")
	require.Error(t, err)
	require.Len(t, seen.lines, 2, "a connection that never was is not closed")
	require.Contains(t, seen.lines[1], "WRONGPASS")
	require.NotContains(t, seen.lines[1], "canary-password")
}

// A connection that dies by itself tells why, once, without its lock held.
func TestTraceOfADeath(t *testing.T) {
	h, found := sessions()
	ended := make(chan conn.CloseTrace, 1)
	var c *conn.Conn
	c = dialPipe(t, h, conn.Dialer{Trace: &conn.Trace{Close: func(e conn.CloseTrace) {
		_ = c.InFlight()
		_ = c.Close()
		ended <- e
	}}})
	require.NoError(t, c.RoundTrip(t.Context(), request([]string{"PING"}), nil))
	(<-found).Close()
	require.Error(t, eventually(t, c))
	require.ErrorContains(t, (<-ended).Err, "EOF")
}

// Whoever forgets to separate a password from its command does not find it in a log.
func TestTraceShowsNamesOnly(t *testing.T) {
	var seen events
	c := dialPipe(t, redistest.Redis(redistest.Options{}), conn.Dialer{Trace: seen.trace()})
	seen.lines = nil
	_, _ = c.Do(t.Context(), "AUTH canary-password")
	_, _ = c.Do(t.Context(), "AUTH", "canary-password")
	require.Len(t, seen.lines, 2)
	require.Contains(t, seen.lines[0], "? ×1")
	require.Contains(t, seen.lines[1], "AUTH ×1")
	require.NotContains(t, seen.lines[1], "canary")
}
