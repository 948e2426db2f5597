package conn_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

const limit = 5 * time.Second // the Timeout of these tests

// requireTimeout requires that a call ended because the connection was found dead.
func requireTimeout(t *testing.T, r result, after time.Duration) {
	t.Helper()
	e := failure(t, r.err)
	require.True(t, e.Timeout())
	require.ErrorIs(t, e, os.ErrDeadlineExceeded)
	require.NotErrorIs(t, e, context.DeadlineExceeded)
	require.InDelta(t, after, r.after, float64(conn.Late))
}

func TestTimeoutEndsTheConnectionForEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		c := dialPipe(t, waiting(release), conn.Dialer{Timeout: limit})
		leader := start(c, context.Background(), "WAIT")
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		follower := start(c, ctx, "PING")
		requireTimeout(t, <-leader, limit)
		r := <-follower
		requireTimeout(t, r, limit-time.Second)
		require.True(t, failure(t, r.err).Sent)
		_, err := c.Do(ctx, "PING")
		require.True(t, conn.NotSent(err))
		require.True(t, failure(t, err).Timeout())
	})
}

// A reply is owed also when its caller has left.
func TestTimeoutOfAnAbandonedReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		c := dialPipe(t, waiting(release), conn.Dialer{Timeout: limit})
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		<-start(c, ctx, "WAIT")
		requireTimeout(t, <-start(c, context.Background(), "PING"), limit-time.Second)
	})
}

// A debt that is overdue when somebody comes to read is settled with what has arrived.
func TestTimeoutTakesWhatHasArrived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		c := dialPipe(t, waiting(release), conn.Dialer{Timeout: limit})
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		<-start(c, ctx, "WAIT")
		close(release)
		time.Sleep(time.Minute)
		echo(t, c, "fine")
	})
}

func TestTimeoutOfEachReplyIsItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(s *redistest.Session, _ []string) {
			time.Sleep(limit - time.Second)
			s.Simple("OK")
			s.Flush()
		}
		c := dialPipe(t, redistest.Override(map[string]redistest.Handler{"SLOW": slow}, redistest.Redis(redistest.Options{})), conn.Dialer{Timeout: limit})
		for range 3 {
			require.NoError(t, (<-start(c, context.Background(), "SLOW")).err)
		}
		// Of two at the same time, the second is answered too late.
		first, second := start(c, context.Background(), "SLOW"), start(c, context.Background(), "SLOW")
		a, b := <-first, <-second
		if a.err != nil {
			a, b = b, a
		}
		require.NoError(t, a.err)
		requireTimeout(t, b, limit)
		time.Sleep(limit) // for the server to find out
	})
}

func TestTimeoutOfAWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _ := pipe(t, 100, conn.Dialer{Timeout: limit})
		writer := start(c, context.Background(), "ECHO", strings.Repeat("x", 1000))
		synctest.Wait()
		queued := start(c, context.Background(), "PING")
		r := <-writer
		requireTimeout(t, r, limit)
		require.True(t, failure(t, r.err).Sent)
		r = <-queued
		requireTimeout(t, r, limit)
		require.True(t, conn.NotSent(r.err))
	})
}

// A request that may block has no Timeout as long as its caller waits, and an ordinary one from then on.
func TestTimeoutOfABlockingRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		c := dialPipe(t, waiting(release), conn.Dialer{Timeout: limit})
		time.AfterFunc(time.Hour, func() { release <- struct{}{} })
		blocking := request([]string{"WAIT"}).MarkBlocking()
		require.NoError(t, c.RoundTrip(context.Background(), blocking, nil))

		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		require.ErrorIs(t, c.RoundTrip(ctx, blocking, nil), context.DeadlineExceeded)
		require.NoError(t, c.Err())
		requireTimeout(t, <-start(c, context.Background(), "PING"), limit)
		close(release)
	})
}

// A process that was stopped for longer than the Timeout finds the replies that came meanwhile.
func TestTimeoutLooksOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := redistest.Pipe()
		go func() {
			_, _ = server.Read(make([]byte, 100))
			time.Sleep(limit + conn.Grace/2) // after the deadline of the read, before the last look ends
			_, _ = server.Write([]byte("+PONG\r\n"))
		}()
		c := dial(t, over(client, conn.Dialer{Protocol: 2, Timeout: limit}), "memory:0")
		require.NoError(t, c.RoundTrip(context.Background(), request([]string{"PING"}), resp.HandlerFunc(func(_ int, r *resp.Reply) error {
			require.Equal(t, "PONG", r.Text())
			return nil
		})))
		_ = c.Close()
	})
}
