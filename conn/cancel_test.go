package conn_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/stretchr/testify/require"
)

// soon is how long a caller may take to return when its context has ended in the middle of a read or write. One that only waits for
// others returns at once.
const soon = conn.Slice + 2*conn.Grace

type begin = func(time.Duration) (context.Context, context.CancelFunc)

// requireLeft requires that a call ended with its context, which ended after a second.
func requireLeft(t *testing.T, ctx context.Context, r result, within time.Duration) *conn.Error {
	t.Helper()
	require.ErrorIs(t, r.err, ctx.Err())
	require.GreaterOrEqual(t, r.after, time.Second)
	require.LessOrEqual(t, r.after, time.Second+within)
	return failure(t, r.err)
}

// pipe connects without a handshake to a server that does nothing yet.
func pipe(t *testing.T, capacity int, d conn.Dialer) (c *conn.Conn, client, server *redistest.Conn) {
	client, server = redistest.PipeSize(capacity)
	d.Protocol = 2
	return dial(t, over(client, d), "memory:0"), client, server
}

func TestLeaveWhileQueuedTakesTheRequestBack(t *testing.T) {
	everyEnding(t, func(t *testing.T, begin begin) {
		c, _, server := pipe(t, 1, conn.Dialer{})
		ctx, cancel := begin(time.Second)
		defer cancel()
		first := start(c, context.Background(), "ECHO", "first") // cannot be written: nobody reads
		synctest.Wait()
		second := start(c, context.Background(), "ECHO", "second")
		synctest.Wait()
		leaver := start(c, ctx, "ECHO", "leaver")
		synctest.Wait()
		last := start(c, context.Background(), "ECHO", "last")
		synctest.Wait()
		require.Equal(t, 4, c.InFlight())

		e := requireLeft(t, ctx, <-leaver, 0)
		require.False(t, e.Sent)
		require.Equal(t, conn.OpQueue, e.Op)
		require.Equal(t, 3, c.InFlight())

		var log redistest.Log
		go redistest.Serve(server, log.Record(redistest.Redis(redistest.Options{})))
		require.Equal(t, "first", (<-first).text)
		require.Equal(t, "second", (<-second).text)
		require.Equal(t, "last", (<-last).text)
		require.Equal(t, []string{"ECHO first", "ECHO second", "ECHO last"}, log.Commands())
		require.NoError(t, c.Err())
	})
}

func TestLeaveMidWrite(t *testing.T) {
	for name, capacity := range map[string]int{"nothing written": 0, "half written": 10} {
		t.Run(name, func(t *testing.T) {
			everyEnding(t, func(t *testing.T, begin begin) {
				c, _, _ := pipe(t, capacity, conn.Dialer{})
				ctx, cancel := begin(time.Second)
				defer cancel()
				writer := start(c, ctx, "ECHO", "writer")
				synctest.Wait()
				other := start(c, context.Background(), "ECHO", "other")

				e := requireLeft(t, ctx, <-writer, soon)
				require.Equal(t, capacity > 0, e.Sent)
				// The connection is lost, but that is not the other's context, and the other may try again.
				err := (<-other).err
				require.NotErrorIs(t, err, ctx.Err())
				require.True(t, conn.NotSent(err))
				require.False(t, failure(t, err).Timeout())
				require.NotErrorIs(t, c.Err(), ctx.Err())
			})
		})
	}
}

// TLS can not go on after a write that was cut off. Its errors must be told from those of a server all the same.
func TestLeaveMidWriteThroughTLS(t *testing.T) {
	ca := redistest.NewCA(t)
	server, client := ca.ServerConfig(ca.Server()), ca.ClientConfig()
	everyEnding(t, func(t *testing.T, begin begin) {
		near, far := redistest.Pipe()
		release := make(chan struct{})
		go servePipe(far, waiting(release), true, server)
		c := dial(t, over(near, conn.Dialer{TLS: client}), "memory:0")
		leader := start(c, context.Background(), "WAIT")
		synctest.Wait()
		ctx, cancel := begin(time.Second)
		defer cancel()
		writer := start(c, ctx, "ECHO", strings.Repeat("x", 1<<20))
		synctest.Wait()
		queued := start(c, context.Background(), "ECHO", "queued")
		require.True(t, requireLeft(t, ctx, <-writer, soon).Sent)
		for done, sent := range map[chan result]bool{leader: true, queued: false} {
			err := (<-done).err
			require.NotErrorIs(t, err, ctx.Err())
			require.Equal(t, sent, failure(t, err).Sent)
		}
		close(release)
	})
}

// A caller who writes for others, too, answers for what becomes of that only with its context, not with its result.
func TestLeaveWhileWritingForOthers(t *testing.T) {
	everyEnding(t, func(t *testing.T, begin begin) {
		size := request([]string{"ECHO", "a"}).Encoded()
		c, _, server := pipe(t, len(size), conn.Dialer{})
		read := func() { _, _ = io.ReadFull(server, make([]byte, len(size))) }
		leader := start(c, context.Background(), "ECHO", "a")
		synctest.Wait()
		ctx, cancel := begin(time.Second)
		defer cancel()
		writer := start(c, ctx, "ECHO", "b") // stuck behind a
		synctest.Wait()
		third := start(c, context.Background(), "ECHO", strings.Repeat("c", 100)) // left to the writer
		synctest.Wait()
		read()
		read()
		_, _ = server.Write([]byte("$1\r\na\r\n$1\r\nb\r\n")) // fits, for it is shorter than both requests
		require.Equal(t, "a", (<-leader).text)
		r := <-writer
		require.NoError(t, r.err, "its reply had come")
		require.Equal(t, "b", r.text)
		r = <-third
		require.True(t, failure(t, r.err).Sent)
		require.NotErrorIs(t, r.err, ctx.Err())
	})
}

// waiting is a server that answers WAIT when it is told to.
func waiting(release chan struct{}) redistest.Handler {
	return redistest.Override(map[string]redistest.Handler{"WAIT": func(s *redistest.Session, _ []string) {
		<-release
		s.Simple("late")
	}}, redistest.Redis(redistest.Options{}))
}

func TestLeaveBeforeTheFirstByte(t *testing.T) {
	for _, secure := range []bool{false, true} {
		ca := redistest.NewCA(t)
		server, client := ca.ServerConfig(ca.Server()), ca.ClientConfig()
		everyEnding(t, func(t *testing.T, begin begin) {
			near, far := redistest.Pipe()
			release := make(chan struct{})
			go servePipe(far, waiting(release), secure, server)
			d := conn.Dialer{}
			if secure {
				d.TLS = client
			}
			c := dial(t, over(near, d), "memory:0")
			ctx, cancel := begin(time.Second)
			defer cancel()
			leader := start(c, ctx, "WAIT")
			synctest.Wait()
			follower := start(c, ctx, "ECHO", "follower")
			synctest.Wait()
			other := start(c, context.Background(), "ECHO", "other")
			synctest.Wait()

			require.True(t, requireLeft(t, ctx, <-leader, soon).Sent)
			require.True(t, requireLeft(t, ctx, <-follower, 0).Sent)
			require.Equal(t, 3, c.InFlight())
			require.Equal(t, 2, c.Left(), "the third is waited for")
			close(release)
			require.Equal(t, "other", (<-other).text, "late replies are dropped")
			require.Zero(t, c.InFlight())
			require.Zero(t, c.Left())
			require.NoError(t, c.Err())
			_ = c.Close()
		})
	}
}

// Bytes that keep coming do not keep a caller.
func TestLeaveInTheMiddleOfALargeReply(t *testing.T) {
	everyEnding(t, func(t *testing.T, begin begin) {
		trickle := func(s *redistest.Session, _ []string) {
			s.Raw("$10000\r\n")
			for range 1000 {
				s.Raw("0123456789")
				s.Flush()
				time.Sleep(3 * time.Millisecond)
			}
			s.Raw("\r\n")
		}
		h := redistest.Override(map[string]redistest.Handler{"TRICKLE": trickle}, redistest.Redis(redistest.Options{}))
		c := dialPipe(t, h, conn.Dialer{})
		ctx, cancel := begin(time.Second)
		defer cancel()
		leader := start(c, ctx, "TRICKLE")
		synctest.Wait()
		other := start(c, context.Background(), "ECHO", "other")
		require.True(t, requireLeft(t, ctx, <-leader, soon).Sent)
		require.Equal(t, "other", (<-other).text)
		require.NoError(t, c.Err())
		_ = c.Close()
	})
}

// A deadline that passes before the write begins must not cost anybody the connection.
func TestDeadlineBetweenQueueAndWrite(t *testing.T) {
	noLeaks(t)
	c := dialPipe(t, redistest.Redis(redistest.Options{}), conn.Dialer{})
	left := 0
	for range 2000 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Microsecond)
		if _, err := c.Do(ctx, "ECHO", "a"); err != nil {
			require.ErrorIs(t, err, context.DeadlineExceeded)
			left++
		}
		cancel()
	}
	require.NotZero(t, left)
	require.NoError(t, c.Err())
	echo(t, c, "fine")
}
