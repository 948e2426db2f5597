package conn

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
)

// refusing is a connection that takes one byte of whatever is written, and no more before the deadline.
type refusing struct{ taker }

func (c *refusing) Write([]byte) (int, error) { return 1, os.ErrDeadlineExceeded }

// A write is cut off while somebody else reads, who tells everybody of the end much later: who cut it off is told of its own context even then.
func TestCutIsRememberedForTheReader(t *testing.T) {
	near, _ := redistest.Pipe()
	c := new(Dialer).newConn(&refusing{taker{Conn: near}}, "memory:0")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var q resp.Request
	q.Cmd("PING")

	c.mu.Lock()
	defer c.mu.Unlock()
	c.leading = true // there is a reader, who is busy
	var calls []*call
	for range 2 {
		own := c.newCallLocked(&q, nil, nil)
		own.seq, c.nextSeq = c.nextSeq, c.nextSeq+1
		c.unsent++
		c.queue.push(own)
		calls = append(calls, own)
	}
	require.False(t, c.writeLocked(ctx, calls[0], q.Encoded()))
	require.False(t, calls[0].done, "the reader tells")

	c.leading = false
	c.drainLocked()
	require.ErrorIs(t, calls[0].err, context.Canceled)
	require.NotErrorIs(t, calls[0].err, errInterrupted)
	require.ErrorIs(t, calls[1].err, errInterrupted)
	for _, own := range calls {
		require.True(t, own.done)
		require.False(t, NotSent(own.err), "a byte has left")
	}
}
