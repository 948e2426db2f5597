package conn_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

// inbox keeps pushes as text.
type inbox []string

func (in *inbox) HandleReply(_ int, r *resp.Reply) error {
	*in = append(*in, r.Value().String())
	return r.Err()
}

// pushServer is a server that pushes what its channel says, and pushes on PUSH as well.
func pushServer() (redistest.Handler, chan *redistest.Session) {
	h, found := sessions()
	return redistest.Override(map[string]redistest.Handler{"PUSH": func(s *redistest.Session, args []string) {
		for i := range 3 {
			s.Push("note", args[1], fmt.Sprint(i))
		}
		s.Simple("OK")
	}}, h), found
}

// Pushes that arrive while nobody waits are kept from the first NextPush on, in order, and those that wait in the read buffer are not copied out of order.
func TestNextPushTakesEverythingInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := pushServer()
		c := dialPipe(t, h, conn.Dialer{PubSub: true})
		for _, name := range []string{"a", "b"} {
			_, err := c.Do(t.Context(), "PUSH", name)
			require.NoError(t, err)
		}
		var got inbox
		for range 6 {
			require.NoError(t, c.NextPush(t.Context(), &got))
		}
		require.Equal(t, inbox{
			`["note", "a", "0"]`, `["note", "a", "1"]`, `["note", "a", "2"]`,
			`["note", "b", "0"]`, `["note", "b", "1"]`, `["note", "b", "2"]`,
		}, got)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		require.ErrorIs(t, c.NextPush(ctx, &got), context.DeadlineExceeded)
		require.InDelta(t, time.Second, time.Since(begin), float64(conn.Late))
		require.NoError(t, c.Err())
	})
}

// A caller who waits for a push costs others nothing: not their replies, not time, not their Timeout.
func TestNextPushLetsOthersWork(t *testing.T) {
	everyWay(t, func(t *testing.T, connect func(redistest.Handler, conn.Dialer) *conn.Conn) {
		h, found := pushServer()
		c := connect(h, conn.Dialer{Timeout: 5 * time.Second})
		if c.Hello().Protocol != 3 {
			t.Skip("RESP2 has no pushes")
		}
		require.NoError(t, c.RoundTrip(t.Context(), request([]string{"PING"}), nil))
		s := <-found
		got := make(chan inbox)
		go func() {
			var in inbox
			for len(in) < 50 {
				if c.NextPush(context.Background(), &in) != nil {
					break
				}
			}
			got <- in
		}()
		begin := time.Now()
		share(4, 200, func(n int) {
			for i := range n {
				echo(t, c, fmt.Sprint("text ", i))
			}
		})
		require.Less(t, time.Since(begin), 4*time.Second)
		for i := range 50 {
			s.Push("note", fmt.Sprint(i))
			s.Flush()
			if i%10 == 0 {
				echo(t, c, "in between")
			}
		}
		in := <-got
		require.Len(t, in, 50)
		for i, text := range in {
			require.Equal(t, fmt.Sprintf(`["note", "%d"]`, i), text)
		}
		require.NoError(t, c.Err())
	})
}

// While somebody is parked and somebody else's reply is overdue, the connection dies as it would otherwise, and the parked one is told.
func TestNextPushAndTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		c := dialPipe(t, waiting(release), conn.Dialer{Timeout: 10 * time.Second})
		parked := make(chan error)
		go func() { parked <- c.NextPush(context.Background(), &inbox{}) }()
		synctest.Wait()
		time.Sleep(time.Minute) // nothing is owed: waiting for a push is no reason to die
		require.NoError(t, c.Err())
		r := <-start(c, context.Background(), "WAIT")
		require.True(t, failure(t, r.err).Timeout())
		require.InDelta(t, 10*time.Second, r.after, float64(conn.Late))
		require.True(t, failure(t, <-parked).Timeout())
	})
}

// The caller of an overdue reply has left: nobody but the parked one can notice.
func TestNextPushNoticesWhatIsOverdue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		c := dialPipe(t, waiting(release), conn.Dialer{Timeout: 10 * time.Second})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, (<-start(c, ctx, "WAIT")).err, context.DeadlineExceeded)
		begin := time.Now()
		require.True(t, failure(t, c.NextPush(t.Context(), &inbox{})).Timeout())
		require.InDelta(t, 9*time.Second, time.Since(begin), float64(conn.Late))
	})
}

func TestNextPushEnds(t *testing.T) {
	for name, end := range map[string]func(*conn.Conn, *redistest.Session){
		"closed here":  func(c *conn.Conn, _ *redistest.Session) { _ = c.Close() },
		"closed there": func(_ *conn.Conn, s *redistest.Session) { s.Close() },
		"reset":        func(_ *conn.Conn, s *redistest.Session) { s.Reset() },
		"noise":        func(_ *conn.Conn, s *redistest.Session) { s.Raw("?\r\n"); s.Flush() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, found := pushServer()
				c := dialPipe(t, h, conn.Dialer{})
				require.NoError(t, c.RoundTrip(t.Context(), request([]string{"PING"}), nil))
				parked := make(chan error, 2)
				for range 2 { // the second one waits for its turn
					go func() { parked <- c.NextPush(context.Background(), &inbox{}) }()
				}
				synctest.Wait()
				end(c, <-found)
				for range 2 {
					err := <-parked
					require.Equal(t, conn.OpRead, failure(t, err).Op)
					require.ErrorIs(t, err, failure(t, c.Err()).Err)
				}
			})
		})
	}
}

// A cancel ends the wait at once, whoever leads, and costs nobody anything.
func TestNextPushCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		c := dialPipe(t, waiting(release), conn.Dialer{})
		for _, others := range []bool{false, true} {
			var slow chan result
			if others {
				slow = start(c, context.Background(), "WAIT")
				synctest.Wait()
			}
			ctx, cancel := context.WithCancel(t.Context())
			parked := make(chan error)
			go func() { parked <- c.NextPush(ctx, &inbox{}) }()
			synctest.Wait()
			begin := time.Now()
			cancel()
			require.ErrorIs(t, <-parked, context.Canceled)
			require.LessOrEqual(t, time.Since(begin), 2*conn.Grace)
			require.NoError(t, c.Err())
			if others {
				close(release)
				require.Equal(t, "late", (<-slow).text)
			}
		}
	})
}

// Pushes that nobody takes are bounded by MaxReply; what was kept is still handed out, and then the reason.
func TestPushesNobodyTakes(t *testing.T) {
	h, _ := pushServer()
	c := dialPipe(t, h, conn.Dialer{PubSub: true, MaxReply: 1000})
	var err error
	for range 100 {
		if _, err = c.Do(t.Context(), "PUSH", strings.Repeat("x", 100)); err != nil {
			break
		}
	}
	require.ErrorContains(t, err, "NextPush")
	var got inbox
	for err = nil; err == nil; {
		err = c.NextPush(t.Context(), &got)
	}
	require.Len(t, got, 7)
	require.ErrorContains(t, err, "NextPush")
}

func TestNextPushHandler(t *testing.T) {
	h, found := pushServer()
	c := dialPipe(t, h, conn.Dialer{PubSub: true})
	require.NoError(t, c.RoundTrip(t.Context(), request([]string{"PING"}), nil))
	s := <-found
	own := fmt.Errorf("own")
	var borrowed []byte
	refuse := resp.HandlerFunc(func(_ int, r *resp.Reply) error {
		r.Array()
		borrowed = r.Bytes()
		return own
	})
	for _, kept := range []bool{false, true} {
		s.Push("note")
		s.Flush()
		if kept {
			echo(t, c, "takes the push in")
		}
		require.ErrorIs(t, c.NextPush(t.Context(), refuse), own)
		require.Equal(t, "\xdb\xdb\xdb\xdb", string(borrowed), "borrowed until the handler returns")
		require.NoError(t, c.Err())
	}
	s.Push("note")
	s.Flush()
	require.NoError(t, c.NextPush(t.Context(), nil), "dropped")
	s.Push("note")
	s.Flush()
	require.PanicsWithValue(t, "own", func() {
		_ = c.NextPush(t.Context(), resp.HandlerFunc(func(int, *resp.Reply) error { panic("own") }))
	})
	require.Error(t, c.NextPush(t.Context(), refuse), "as after any handler that panicked")
}
