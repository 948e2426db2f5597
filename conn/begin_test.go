package conn

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A context that ends while its caller waits for the lock takes the request back: to begin a write for nothing could cost everybody the connection.
func TestContextThatEndsBeforeTheWrite(t *testing.T) {
	near, far := net.Pipe() // takes nothing until it is read
	defer far.Close()
	d := Dialer{Protocol: 2, DialContext: func(context.Context, string, string) (net.Conn, error) { return near, nil }}
	c, err := d.Dial(t.Context(), "tcp", "x")
	require.NoError(t, err)
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	c.mu.Lock() // somebody else has it for a moment
	done := make(chan error)
	go func() { _, err := c.Do(ctx, "PING"); done <- err }()
	time.Sleep(20 * time.Millisecond)
	cancel()
	c.mu.Unlock()
	err = <-done
	require.ErrorIs(t, err, context.Canceled)
	require.True(t, NotSent(err), "%v", err)
	require.NoError(t, c.Err())
}
