package conn_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
)

// leaveBlocking queues BLPOP, which its caller leaves after ten seconds, and returns what became of it and how many bytes it is.
func leaveBlocking(t *testing.T, c *conn.Conn) (outcome chan error, size int) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	q := request([]string{"BLPOP", strings.Repeat("k", 200), "0"}).MarkBlocking()
	outcome = make(chan error, 1)
	go func() { outcome <- c.RoundTrip(ctx, q, nil) }()
	synctest.Wait()
	return outcome, len(q.Encoded())
}

// Who reads while a blocking command is in front has to notice when that has become overdue because its caller left.
func TestBlockingCallerWhoLeavesIsOverdueForAnotherReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, server := pipe(t, 100, conn.Dialer{Timeout: limit})
		blocked, size := leaveBlocking(t, c)
		other := start(c, context.Background(), "ECHO", strings.Repeat("b", 300))
		synctest.Wait()
		_, _ = io.ReadFull(server, make([]byte, size)) // the first is written; its caller is stuck with the second's
		synctest.Wait()
		time.Sleep(100 * time.Millisecond) // the second reads
		go func() { _, _ = io.Copy(io.Discard, server) }()
		require.ErrorIs(t, <-blocked, context.DeadlineExceeded)
		select {
		case r := <-other:
			require.Error(t, r.err)
		case <-time.After(time.Minute):
			t.Error("nobody noticed that replies are overdue")
		}
		_ = c.Close()
	})
}

func TestBlockingCallerWhoLeavesIsOverdueForNextPush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, server := pipe(t, 100, conn.Dialer{Timeout: limit})
		parked := make(chan error, 1)
		go func() { parked <- c.NextPush(context.Background(), nil) }()
		synctest.Wait()
		blocked, _ := leaveBlocking(t, c)
		time.Sleep(100 * time.Millisecond) // the parked one reads
		go func() { _, _ = io.Copy(io.Discard, server) }()
		require.ErrorIs(t, <-blocked, context.DeadlineExceeded)
		select {
		case err := <-parked:
			require.Error(t, err)
		case <-time.After(time.Minute):
			t.Error("nobody noticed that replies are overdue")
		}
		_ = c.Close()
	})
}

// A server that takes no more requests until its pushes are read is read by NextPush, also when more callers have queued.
func TestStuckWriterAndAQueueLeaveReadingToNextPush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, server := pipe(t, 100, conn.Dialer{Timeout: limit})
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go func() {
			for c.NextPush(ctx, nil) == nil {
				continue
			}
		}()
		synctest.Wait()
		first := start(c, context.Background(), "ECHO", strings.Repeat("1", 1000))
		synctest.Wait()
		other := start(c, context.Background(), "ECHO", "b")
		time.Sleep(10 * time.Millisecond)
		go func() {
			for range 100 {
				_, _ = io.WriteString(server, ">2\r\n$4\r\nnote\r\n$1\r\nx\r\n")
			}
			redistest.Serve(server, redistest.Redis(redistest.Options{}))
		}()
		require.NoError(t, (<-first).err)
		require.NoError(t, (<-other).err)
		_ = c.Close()
	})
}

// A reply that comes so slowly that a byte is always there, or not at all while pushes come, is overdue like any other.
func TestTimeoutOfAReplyThatTrickles(t *testing.T) {
	for name, sent := range map[string][2]string{"bytes": {"$60000000\r\n", "x"}, "pushes": {"", ">1\r\n+note\r\n"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _, server := pipe(t, 1000, conn.Dialer{Timeout: limit})
				go func() {
					_, _ = io.WriteString(server, sent[0])
					for {
						if _, err := io.WriteString(server, sent[1]); err != nil {
							return
						}
						time.Sleep(500 * time.Microsecond)
					}
				}()
				select {
				case r := <-start(c, context.Background(), "GET", "x"):
					require.Error(t, r.err)
				case <-time.After(2 * limit):
					t.Error("it is not overdue")
				}
				_ = c.Close()
				time.Sleep(time.Second)
			})
		})
	}
}

// Callers who leave in the middle of a long reply do not make it overdue.
func TestCallersWhoLeaveDuringALongReplyDoNotMakeItOverdue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, server := pipe(t, 1000, conn.Dialer{Timeout: time.Hour})
		go func() { _, _ = io.Copy(io.Discard, server) }()
		const size = 20000
		reply := start(c, context.Background(), "GET", "x")
		synctest.Wait()
		go func() {
			_, _ = io.WriteString(server, "$20000\r\n")
			for range size {
				_, _ = io.WriteString(server, "x")
				time.Sleep(500 * time.Microsecond)
			}
			_, _ = io.WriteString(server, "\r\n"+strings.Repeat("+OK\r\n", 50))
		}()
		for range 50 {
			ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
			_, err := c.Do(ctx, "PING")
			cancel()
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		require.NoError(t, (<-reply).err)
		_ = c.Close()
	})
}

// Whatever panics when, the others are told.
func TestHandlerAndTracePanicTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, server := pipe(t, 1000, conn.Dialer{Trace: &conn.Trace{Close: func(conn.CloseTrace) { panic("trace") }}})
		panicked := make(chan any, 1)
		go func() {
			defer func() { panicked <- recover() }()
			_ = c.RoundTrip(context.Background(), request([]string{"A"}), resp.HandlerFunc(func(int, *resp.Reply) error { panic("own") }))
		}()
		synctest.Wait()
		follower := start(c, context.Background(), "F")
		synctest.Wait()
		_, _ = server.Write([]byte("+a\r\n"))
		require.NotNil(t, <-panicked)
		select {
		case r := <-follower:
			require.Error(t, r.err)
		case <-time.After(time.Hour):
			t.Error("the follower was not told")
		}
	})
}
