package internal

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
)

// BUG 1: the read buffer keeps what a server echoed, and printing a Conn shows it.
func TestCanaryInAConnThatWasRefusedHello(t *testing.T) {
	server := redistest.NewServer(t, redistest.Redis(redistest.Options{Password: canary, Unknown: []string{"HELLO"}}))
	d := &conn.Dialer{Password: canary, Timeout: time.Second}
	c, err := d.Dial(t.Context(), "tcp", server.Addr())
	require.NoError(t, err)
	defer c.Close()
	hides(t, "conn", c)
}

// BUG 2: a verb for which fmt does not ask String shows the fields.
func TestCanaryInADialerUnderOddVerbs(t *testing.T) {
	d := conn.Dialer{Password: canary}
	for _, verb := range []string{"%d", "%t", "%08.3f", "%c", "%U"} {
		require.NotContains(t, fmt.Sprintf(verb, d), canary[:6], verb)
		require.NotContains(t, fmt.Sprintf(verb, &d), canary[:6], verb)
	}
}

// BUG 3?: the write buffer while a password is waiting to be written.
func TestCanaryInAConnThatOwesAnAuth(t *testing.T) {
	server := redistest.NewServer(t, redistest.Redis(redistest.Options{Password: canary}))
	d := &conn.Dialer{Password: canary, Timeout: time.Second}
	c, err := d.Dial(t.Context(), "tcp", server.Addr())
	require.NoError(t, err)
	defer c.Close()
	_, _ = c.Do(t.Context(), "ECHO", canary)
	hides(t, "conn", c)
}

// Whatever a trace is told, of a login that works, of one that does not, and of commands that carry a secret.
func TestCanaryInTraces(t *testing.T) {
	server := redistest.NewServer(t, redistest.Redis(redistest.Options{Password: canary}))
	echoing := redistest.NewServer(t, redistest.Redis(redistest.Options{Password: canary, HelloError: "ERR unknown command 'HELLO', with args: '3' 'AUTH' '" + canary + "'"}))
	events := 0
	told := func(e any) {
		events++
		hides(t, "trace", e)
	}
	d := conn.Dialer{
		Timeout: time.Second, PubSub: true,
		Trace: &conn.Trace{
			Dial:      func(e conn.DialTrace) { told(e) },
			Handshake: func(e conn.HandshakeTrace) { told(e) },
			RoundTrip: func(e conn.RoundTripTrace) { told(e) },
			Push:      func(e conn.PushTrace) { told(e) },
			Close:     func(e conn.CloseTrace) { told(e) },
		},
	}
	for _, addr := range []string{server.Addr(), echoing.Addr()} {
		for _, password := range []string{canary, canary + "wrong"} {
			d.Credentials = func(context.Context) (string, string, error) { return "", password, nil }
			hides(t, "dialer", d)
			c, err := d.Dial(t.Context(), "tcp", addr)
			if err != nil {
				hides(t, "error", err)
				continue
			}
			for _, words := range [][]string{{"AUTH", canary}, {"AUTH " + canary}, {"CONFIG", "SET", "requirepass", canary}, {"ECHO", canary}} {
				_, err = c.Do(t.Context(), words...)
				hides(t, "error", err)
			}
			hides(t, "conn", c)
			require.NoError(t, c.Close())
			hides(t, "conn", c)
		}
	}
	require.GreaterOrEqual(t, events, 18)
}
