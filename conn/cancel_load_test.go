package conn_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var loadCalls = flag.Int("calls", 50_000, "how many calls the load tests make; a quarter of them is cancelled")

// Callers that come and go at any moment get their own reply or their own context's error, and the connection outlives them all.
func TestNoReplyReachesAnotherCaller(t *testing.T) {
	everyWay(t, func(t *testing.T, connect func(redistest.Handler, conn.Dialer) *conn.Conn) {
		var commands atomic.Int64
		var sessions sync.Map // a cancel that costs the connection would make another one
		h := redistest.Redis(redistest.Options{})
		unsteady := func(s *redistest.Session, args []string) {
			sessions.Store(s.ID, true)
			switch n := commands.Add(1); {
			case n%500 == 0:
				s.Flush()
				time.Sleep(time.Millisecond)
			case n%100 == 0 && s.Protocol() == 3:
				s.Push("message", "channel", args[1])
			}
			h(s, args)
		}
		c := connect(redistest.Override(map[string]redistest.Handler{"ECHO": unsteady}, h), conn.Dialer{Timeout: time.Minute})
		var left atomic.Int64
		const callers = 32
		calls := *loadCalls / 8 // there are eight ways
		share(callers, calls, func(n int) {
			caller := rand.Int64()
			for i := range n {
				if !echoUnlessCancelled(t, c, fmt.Sprint(caller, "-", i), i%4 == 0) {
					left.Add(1)
				}
			}
		})
		require.NoError(t, c.Err())
		echo(t, c, "fine")
		require.Zero(t, c.InFlight())
		require.Len(t, maps.Collect(sessions.Range), 1, "connections")
		require.Less(t, left.Load(), int64(calls/4+callers))
		t.Logf("%d calls, %d left", calls, left.Load())
	})
}

// echoUnlessCancelled sends two commands in one request, and reports false when the context ended.
func echoUnlessCancelled(t *testing.T, c *conn.Conn, text string, cancelled bool) bool {
	ctx := context.Background()
	if cancelled {
		wait := time.Duration(rand.IntN(300)) * time.Microsecond
		var cancel context.CancelFunc
		if rand.IntN(2) == 0 {
			ctx, cancel = context.WithTimeout(ctx, wait)
		} else {
			ctx, cancel = context.WithCancel(ctx)
			timer := time.AfterFunc(wait, cancel)
			defer timer.Stop()
		}
		defer cancel()
	}
	var q resp.Request
	q.Cmd("ECHO").Str(text)
	q.Cmd("ECHO").Str(text + "!")
	replies, over := 0, false
	err := c.RoundTrip(ctx, &q, resp.HandlerFunc(func(i int, r *resp.Reply) error {
		assert.False(t, over, "called after the return")
		assert.Equal(t, replies, i)
		replies++
		if got, want := r.Text(), text+"!"[:i]; got != want {
			return fmt.Errorf("%q is the reply to somebody else than %q", got, want)
		}
		return r.Err()
	}))
	over = true
	if err != nil {
		// A deadline is noticed when it has passed, a moment before its context says so.
		ended := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
		assert.True(t, cancelled && ended, "%v", err)
		return false
	}
	assert.Equal(t, 2, replies)
	return true
}
