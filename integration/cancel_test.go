package integration

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/resp"
)

// A caller who leaves is back at once, whatever the server is doing, and the next one gets its own reply over the same connection.
func TestCancelWhileWaiting(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, v harness.Version, protocol int) {
		server := harness.Shared(t, v)
		control := dial(t, server, conn.Dialer{})
		c := dial(t, server, conn.Dialer{Protocol: protocol, Timeout: 20 * time.Second, Name: own(t), DB: server.Database(t)})
		id := do(t, c, "CLIENT", "ID")
		for i := range 3 {
			var blocking resp.Request
			blocking.Cmd("BLPOP").Str("empty").Str("0").MarkBlocking()
			ctx, cancel := context.WithCancel(t.Context())
			left := make(chan error, 1)
			go func() { left <- c.RoundTrip(ctx, &blocking, nil) }()
			require.Eventually(t, func() bool { return clients(t, control, own(t))[0]["flags"] == "b" }, eventually, tick, "the server waits")
			behind := make(chan error, 1)
			text := fmt.Sprint("behind ", i)
			go func() {
				v, err := c.Do(context.Background(), "ECHO", text)
				if err == nil && v.String() != strconv.Quote(text) {
					err = fmt.Errorf("somebody else's reply: %v", v)
				}
				behind <- err
			}()
			cancelled := time.Now()
			cancel()
			err := <-left
			require.ErrorIs(t, err, context.Canceled)
			require.False(t, conn.NotSent(err), "it had been sent")
			require.Less(t, time.Since(cancelled), 2*time.Second)
			select {
			case err := <-behind:
				t.Fatalf("the server answers in order: %v", err)
			case <-time.After(20 * time.Millisecond):
			}
			require.Equal(t, "1", do(t, control, "CLIENT", "UNBLOCK", id))
			require.NoError(t, <-behind)
		}
		require.Equal(t, id, do(t, c, "CLIENT", "ID"))
		require.Zero(t, c.InFlight())
	})
}

// heavy is held by whoever moves a lot of data, which with the race detector takes all there is of memory and processors.
var heavy sync.Mutex

// A deadline that passes in the middle of a reply of 100 MB is kept, but for the time it takes to make the buffer larger. What is left of the reply is read and
// dropped by who comes next, whose own reply is behind it.
func TestCancelInTheMiddleOfAReply(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		const size, patience = 100 << 20, 20 * time.Millisecond
		server := harness.Start(t, harness.Config{Version: v})
		heavy.Lock()
		defer heavy.Unlock()
		c := dial(t, server, conn.Dialer{MaxReply: size + 1024, Timeout: time.Minute})
		id := do(t, c, "CLIENT", "ID")
		require.Equal(t, strconv.Itoa(size), do(t, c, "SETRANGE", "big", strconv.Itoa(size-3), "end"))
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		start := time.Now()
		_, err := c.Do(ctx, "GET", "big")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.False(t, conn.NotSent(err))
		require.Less(t, time.Since(start), patience+5*time.Second)
		t.Logf("back after %v of %v", time.Since(start), patience)

		for _, text := range []string{"mine", "mine, too"} {
			got, err := c.Do(t.Context(), "ECHO", text)
			require.NoError(t, err)
			require.Equal(t, strconv.Quote(text), got.String())
		}
		require.Equal(t, id, do(t, c, "CLIENT", "ID"))
		require.Zero(t, c.InFlight())

		// A reply that is longer than MaxReply, by contrast, is the end.
		narrow := dial(t, server, conn.Dialer{MaxReply: size})
		_, err = narrow.Do(short(t), "GET", "big")
		require.ErrorContains(t, err, "limit")
		require.Error(t, narrow.Err())
	})
}

// Callers that come and go at any moment get their own reply or their own context's error, all over one connection.
func TestCancelStorm(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, v harness.Version, protocol int) {
		server := harness.Shared(t, v)
		control := dial(t, server, conn.Dialer{})
		c := dial(t, server, conn.Dialer{Protocol: protocol, Timeout: 20 * time.Second, Name: own(t), DB: server.Database(t)})
		before := clients(t, control, own(t))
		require.Len(t, before, 1)

		const callers, calls = 32, 10_000
		var wg sync.WaitGroup
		var left, served atomic.Int64
		for caller := range callers {
			wg.Go(func() {
				for i := range calls / callers {
					key := fmt.Sprint("key-", caller, "-", i)
					if setAndGet(t, c, key, i%4 == 0) {
						served.Add(1)
					} else {
						left.Add(1)
					}
				}
			})
		}
		wg.Wait()
		t.Logf("%d served, %d left", served.Load(), left.Load())
		require.Positive(t, left.Load())
		require.GreaterOrEqual(t, served.Load(), int64(calls/callers*callers*3/4))
		require.Equal(t, `"fine"`, do(t, c, "ECHO", "fine"))
		require.Zero(t, c.InFlight())
		after := clients(t, control, own(t))
		require.Len(t, after, 1)
		require.Equal(t, before[0]["id"], after[0]["id"])
	})
}

// setAndGet writes and reads a key of the caller's own in one request, and reports false when its context ended.
func setAndGet(t *testing.T, c *conn.Conn, key string, cancelled bool) bool {
	ctx := context.Background()
	if cancelled {
		var cancel context.CancelFunc
		if rand.IntN(2) == 0 {
			ctx, cancel = context.WithTimeout(ctx, rand.N(3*time.Millisecond))
		} else {
			ctx, cancel = context.WithCancel(ctx)
			time.AfterFunc(rand.N(3*time.Millisecond), cancel)
			if rand.IntN(4) == 0 {
				runtime.Gosched()
				cancel()
			}
		}
		defer cancel()
	}
	var q resp.Request
	q.Cmd("SET").Str(key).Str("value of " + key).Cmd("GET").Str(key)
	var got replies
	err := c.RoundTrip(ctx, &q, &got)
	switch {
	case err == nil:
		assert.Equal(t, replies{"OK", strconv.Quote("value of " + key)}, got)
	case !cancelled:
		t.Errorf("a caller that waits was told %v", err)
	default:
		if !errors.Is(err, context.Canceled) { // a deadline may pass a moment before its context knows
			assert.ErrorIs(t, err, context.DeadlineExceeded)
		}
		return false
	}
	return true
}

// A server that says nothing is given up after the Dialer's Timeout, and everybody who waits on the connection is told so.
func TestTimeout(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v})
		const timeout = 500 * time.Millisecond
		c := dial(t, server, conn.Dialer{Timeout: timeout})
		patient := dial(t, server, conn.Dialer{})
		do(t, c, "PING")
		server.Pause()
		start := time.Now()
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				_, err := c.Do(short(t), "PING")
				var failure *conn.Error
				assert.ErrorAs(t, err, &failure)
				assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
				assert.NotErrorIs(t, err, context.DeadlineExceeded)
				assert.True(t, failure.Timeout())
				assert.False(t, conn.NotSent(err), "%v", err)
			})
		}
		wg.Wait()
		require.InDelta(t, timeout, time.Since(start), float64(2*time.Second))
		require.GreaterOrEqual(t, time.Since(start), timeout)
		require.ErrorIs(t, c.Err(), os.ErrDeadlineExceeded)

		_, err := (&conn.Dialer{Timeout: timeout}).Dial(short(t), "tcp", server.Addr)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded, "the kernel accepts for it, but nobody greets")
		requirePhase(t, err, conn.OpHandshake)

		// A connection without a limit waits for as long as its callers do, and works again afterwards.
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		defer cancel()
		_, err = patient.Do(ctx, "PING")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		server.Resume()
		require.Equal(t, `"mine"`, do(t, patient, "ECHO", "mine"))
	})
}
