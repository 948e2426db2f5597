package conn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// texts collects the replies as text, error replies too.
type texts []string

func (l *texts) HandleReply(i int, r *resp.Reply) error {
	if i != len(*l) {
		return fmt.Errorf("reply %d came as %d", len(*l), i)
	}
	*l = append(*l, r.Value().String())
	return nil
}

func TestRoundTripEveryWay(t *testing.T) {
	everyWay(t, func(t *testing.T, connect func(redistest.Handler, conn.Dialer) *conn.Conn) {
		c := connect(redistest.Override(map[string]redistest.Handler{"BIG": big}, redistest.Redis(redistest.Options{})), conn.Dialer{})
		var got texts
		q := request([]string{"SET", "k", "v"}, []string{"GET", "k"}, []string{"GET", "none"}, []string{"INCR", "k"}, []string{"PING"})
		require.NoError(t, c.RoundTrip(t.Context(), q, &got))
		require.Equal(t, texts{"OK", `"v"`, "null", "error(ERR value is not an integer or out of range)", "PONG"}, got)
		require.Zero(t, c.InFlight())

		for _, size := range []int{0, 1, 4 << 10, 1 << 20, 10 << 20} {
			require.NoError(t, c.RoundTrip(t.Context(), request([]string{"BIG", strconv.Itoa(size)}), wantBig(size)))
		}
		echo(t, c, strings.Repeat("x", 200<<10))
		require.NoError(t, c.Probe())
		require.NoError(t, c.Close())
		require.ErrorIs(t, c.Err(), conn.ErrClosed)
	})
}

// big answers as many bytes as it is asked for.
func big(s *redistest.Session, args []string) {
	size, _ := strconv.Atoi(args[1])
	s.Bulk(strings.Repeat("x", size-size/2) + strings.Repeat("y", size/2))
}

func wantBig(size int) resp.Handler {
	return resp.HandlerFunc(func(_ int, r *resp.Reply) error {
		b := r.Bytes()
		if len(b) != size || bytes.Count(b, []byte("x")) != size-size/2 || bytes.Count(b, []byte("y")) != size/2 {
			return fmt.Errorf("%d bytes are not the %d that were asked for", len(b), size)
		}
		return r.Err()
	})
}

func TestRoundTripByteByByte(t *testing.T) {
	client, server := redistest.Pipe()
	go redistest.Serve(redistest.Faulty(server, redistest.Faults{OneByte: true}), redistest.Redis(redistest.Options{}))
	c := dial(t, over(redistest.Faulty(client, redistest.Faults{OneByte: true}), conn.Dialer{}), "memory:0")
	echo(t, c, strings.Repeat("x", 1000))
}

func TestRoundTripOfNothing(t *testing.T) {
	c, client := dialSized(t, 1<<10, redistest.Redis(redistest.Options{}), conn.Dialer{Protocol: 2})
	require.NoError(t, c.RoundTrip(t.Context(), new(resp.Request), nil))
	require.Zero(t, client.Writes())
}

func TestRoundTripWithoutHandlerReturnsTheFirstError(t *testing.T) {
	c := dialPipe(t, redistest.Redis(redistest.Options{}), conn.Dialer{})
	require.NoError(t, c.RoundTrip(t.Context(), request([]string{"PING"}, []string{"GET", "none"}), nil))
	q := request([]string{"PING"}, []string{"FIRST"}, []string{"SECOND"}, []string{"PING"})
	err := c.RoundTrip(t.Context(), q, nil)
	var e *resp.Error
	require.ErrorAs(t, err, &e)
	require.Contains(t, e.Message, "'FIRST'")
	require.False(t, conn.NotSent(err))
	echo(t, c, "fine")
}

func TestHandlerErrorEndsTheHandling(t *testing.T) {
	c := dialPipe(t, redistest.Redis(redistest.Options{}), conn.Dialer{})
	own := errors.New("own")
	handled := 0
	q := request([]string{"PING"}, []string{"PING"}, []string{"PING"})
	err := c.RoundTrip(t.Context(), q, resp.HandlerFunc(func(i int, _ *resp.Reply) error {
		handled++
		if i == 1 {
			return own
		}
		return nil
	}))
	require.Equal(t, own, err)
	require.Equal(t, 2, handled)
	require.Zero(t, c.InFlight())

	err = c.RoundTrip(t.Context(), request([]string{"PING"}), resp.HandlerFunc(func(_ int, r *resp.Reply) error {
		r.Int()
		return r.Err()
	}))
	var mismatch *resp.TypeError
	require.ErrorAs(t, err, &mismatch)
	echo(t, c, "fine")
	require.NoError(t, c.Err())
}

func TestDoReturnsAnErrorReply(t *testing.T) {
	c := dialPipe(t, redistest.Redis(redistest.Options{}), conn.Dialer{})
	v, err := c.Do(t.Context(), "NOSUCH")
	require.True(t, resp.IsCode(err, "ERR"))
	require.True(t, v.IsNull())
	echo(t, c, "fine")
}

func TestReplyThatIsNotRESPEndsTheConnection(t *testing.T) {
	for name, raw := range map[string]string{
		"garbage": "hello\r\n", "length": "$-2\r\n", "no CRLF": "$1\r\nabc", "too large": "$2000\r\n", "too many": "*1000\r\n",
		"more elements than allowed": "*21\r\n", "deeper than allowed": "*1\r\n*1\r\n*1\r\n:1\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			bad := func(s *redistest.Session, _ []string) { s.Raw(raw) }
			c := dialPipe(t, redistest.Override(map[string]redistest.Handler{"BAD": bad}, redistest.Redis(redistest.Options{})),
				conn.Dialer{MaxReply: 1000, MaxDepth: 2, MaxElements: 20, Timeout: 5 * time.Second}) // for more that never comes
			_, err := c.Do(t.Context(), "BAD")
			var syntax *resp.SyntaxError
			require.ErrorAs(t, err, &syntax)
			require.True(t, failure(t, err).Sent)
			_, err = c.Do(t.Context(), "PING")
			require.ErrorAs(t, err, &syntax)
			require.True(t, conn.NotSent(err))
		})
	}
}

func TestRepliesBeforeTheConnectionDiedAreHandled(t *testing.T) {
	half := func(s *redistest.Session, _ []string) { s.Simple("one"); s.Close() }
	c := dialPipe(t, redistest.Override(map[string]redistest.Handler{"HALF": half}, redistest.Redis(redistest.Options{})), conn.Dialer{})
	var got texts
	err := c.RoundTrip(t.Context(), request([]string{"PING"}, []string{"HALF"}, []string{"PING"}), &got)
	require.True(t, failure(t, err).Sent)
	require.Equal(t, texts{"PONG", "one"}, got)
}

func TestBuffersShrinkAfterALargeReply(t *testing.T) {
	c := dialPipe(t, redistest.Redis(redistest.Options{}), conn.Dialer{})
	echo(t, c, strings.Repeat("x", 1<<20))
	require.LessOrEqual(t, c.ReadBuffer(), conn.LargeRead)
	require.LessOrEqual(t, c.WriteBuffers(), 2*conn.MaxKept)

	// Also when the buffer is never quite empty: a push that is not complete yet follows the large reply.
	var rest string
	client, server := redistest.Pipe()
	go redistest.Serve(server, redistest.Override(map[string]redistest.Handler{"BIG": func(s *redistest.Session, _ []string) {
		s.Bulk(strings.Repeat("x", 1<<20))
		s.Raw(">1\r\n$3\r")
		rest = "\nabc\r\n"
	}, "MORE": func(s *redistest.Session, _ []string) {
		s.Raw(rest + "+OK\r\n>1\r\n$3\r")
	}}, redistest.Redis(redistest.Options{})))
	c = dial(t, over(client, conn.Dialer{}), "memory:0")
	require.NoError(t, c.RoundTrip(t.Context(), request([]string{"BIG"}), nil))
	require.NoError(t, c.RoundTrip(t.Context(), request([]string{"MORE"}), nil))
	require.LessOrEqual(t, c.ReadBuffer(), conn.LargeRead)
}

// The memory of a connection grows with what arrives, not with what is announced.
func TestBufferGrowsWithWhatArrived(t *testing.T) {
	c := dialPipe(t, redistest.Override(map[string]redistest.Handler{"LIAR": func(s *redistest.Session, _ []string) {
		s.Raw("$60000000\r\nabc")
		s.Close()
	}}, redistest.Redis(redistest.Options{})), conn.Dialer{})
	_, err := c.Do(t.Context(), "LIAR")
	require.Error(t, err)
	require.LessOrEqual(t, c.ReadBuffer(), conn.LargeRead)
}

func TestBorrowedBytesAreOverwritten(t *testing.T) {
	c := dialPipe(t, redistest.Redis(redistest.Options{}), conn.Dialer{})
	var kept [][]byte
	keep := resp.HandlerFunc(func(_ int, r *resp.Reply) error {
		kept = append(kept, r.Bytes())
		return nil
	})
	require.NoError(t, c.RoundTrip(t.Context(), request([]string{"ECHO", "abc"}, []string{"ECHO", "def"}), keep))
	require.Equal(t, [][]byte{bytes.Repeat([]byte{0xDB}, 3), bytes.Repeat([]byte{0xDB}, 3)}, kept)
	for _, b := range kept {
		require.Equal(t, len(b), cap(b))
	}

	// Also those that another caller took in.
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		c := dialPipe(t, waiting(release), conn.Dialer{})
		leader := start(c, t.Context(), "WAIT")
		synctest.Wait()
		kept = nil
		go func() {
			synctest.Wait()
			close(release)
		}()
		require.NoError(t, c.RoundTrip(t.Context(), request([]string{"ECHO", "abc"}), keep))
		require.Equal(t, [][]byte{bytes.Repeat([]byte{0xDB}, 3)}, kept)
		require.NoError(t, (<-leader).err)
		_ = c.Close()
	})
}

func TestRequestMayBeReusedAtOnce(t *testing.T) {
	c := dialPipe(t, redistest.Redis(redistest.Options{}), conn.Dialer{})
	var q resp.Request
	for i := range 100 {
		want := strconv.Itoa(i)
		q.Reset()
		q.Cmd("ECHO").Str(want)
		require.NoError(t, c.RoundTrip(t.Context(), &q, resp.HandlerFunc(func(_ int, r *resp.Reply) error {
			assert.Equal(t, want, r.Text())
			return nil
		})))
	}
}

func TestContextThatHasEnded(t *testing.T) {
	c, client := dialSized(t, 1<<10, redistest.Redis(redistest.Options{}), conn.Dialer{Protocol: 2})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Do(ctx, "PING")
	require.ErrorIs(t, err, context.Canceled)
	require.True(t, conn.NotSent(err))
	require.Zero(t, client.Writes())
	echo(t, c, "fine")
}
