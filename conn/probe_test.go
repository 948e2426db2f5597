package conn_test

import (
	"context"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

// sessions is a server that lets the test at the sessions of its clients, one per PING.
func sessions() (redistest.Handler, chan *redistest.Session) {
	found := make(chan *redistest.Session, 1)
	h := redistest.Redis(redistest.Options{})
	return redistest.Override(map[string]redistest.Handler{"PING": func(s *redistest.Session, args []string) {
		found <- s
		h(s, args)
	}}, h), found
}

// eventually probes until that finds the connection dead.
func eventually(t *testing.T, c *conn.Conn) error {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if err := c.Probe(); err != nil {
			return err
		}
	}
	t.Fatal("Probe does not see that the connection is dead")
	return nil
}

func TestProbe(t *testing.T) {
	everyWay(t, func(t *testing.T, connect func(redistest.Handler, conn.Dialer) *conn.Conn) {
		for name, end := range map[string]func(*redistest.Session){
			"close": (*redistest.Session).Close,
			"reset": (*redistest.Session).Reset,
			"reply that nobody asked for": func(s *redistest.Session) {
				s.Simple("OK")
				s.Flush()
			},
			"noise": func(s *redistest.Session) {
				s.Raw("HTTP/1.1 400 Bad Request\r\n")
				s.Flush()
			},
		} {
			t.Run(name, func(t *testing.T) {
				pushed := make(chan struct{}, 1)
				h, found := sessions()
				c := connect(h, conn.Dialer{OnPush: func(*resp.Reply) { pushed <- struct{}{} }})
				require.NoError(t, c.RoundTrip(t.Context(), request([]string{"PING"}), nil))
				s := <-found
				for range 3 {
					require.NoError(t, c.Probe(), "quiet")
				}
				if s.Protocol() == 3 {
					s.Push("message")
					s.Flush()
					for len(pushed) == 0 {
						require.NoError(t, c.Probe())
					}
				}
				echo(t, c, "fine")
				end(s)
				err := eventually(t, c)
				require.Equal(t, err, c.Err())
				if name == "close" {
					require.ErrorIs(t, err, io.EOF)
				}
				_, err = c.Do(t.Context(), "PING")
				require.True(t, conn.NotSent(err))
			})
		}
	})
}

// While somebody waits for a reply, Probe reads nothing and does not wait.
func TestProbeLeavesReadingToWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		c := dialPipe(t, waiting(release), conn.Dialer{})
		done := start(c, context.Background(), "WAIT")
		synctest.Wait()
		begin := time.Now()
		require.NoError(t, c.Probe())
		require.Zero(t, time.Since(begin))
		close(release)
		require.Equal(t, "late", (<-done).text)
		_ = c.Close()
	})
}

// Replies whose callers left do not make Probe blind: it takes them in, and sees the end behind them.
func TestProbeTakesLateRepliesIn(t *testing.T) {
	everyEnding(t, func(t *testing.T, begin begin) {
		release := make(chan struct{})
		h, found := sessions()
		c := dialPipe(t, redistest.Override(map[string]redistest.Handler{"WAIT": waiting(release)}, h), conn.Dialer{})
		ctx, cancel := begin(time.Second)
		defer cancel()
		require.NoError(t, c.RoundTrip(context.Background(), request([]string{"PING"}), nil))
		require.ErrorIs(t, (<-start(c, ctx, "WAIT")).err, ctx.Err())
		require.NoError(t, c.Probe())
		require.Equal(t, 1, c.InFlight())
		close(release)
		synctest.Wait()
		require.NoError(t, c.Probe())
		require.Zero(t, c.InFlight())
		(<-found).Close()
		require.ErrorIs(t, c.Probe(), io.EOF)
	})
}

func TestProbeSeesWhatIsOverdue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		c := dialPipe(t, waiting(release), conn.Dialer{Timeout: 10 * time.Second})
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		<-start(c, ctx, "WAIT")
		require.NoError(t, c.Probe())
		time.Sleep(10 * time.Second)
		require.ErrorIs(t, c.Probe(), os.ErrDeadlineExceeded)
	})
}

// Probes and calls get along.
func TestProbeUnderLoad(t *testing.T) {
	noLeaks(t)
	s := redistest.NewServer(t, redistest.Redis(redistest.Options{}))
	c := dial(t, conn.Dialer{}, s.Addr())
	stop := make(chan struct{})
	probing := make(chan error)
	go func() {
		for {
			select {
			case <-stop:
				probing <- nil
				return
			default:
			}
			if err := c.Probe(); err != nil {
				probing <- err
				return
			}
		}
	}()
	share(4, 2000, func(n int) {
		for i := range n {
			echoUnlessCancelled(t, c, "text", i%4 == 0)
		}
	})
	close(stop)
	require.NoError(t, <-probing)
	require.NoError(t, c.Err())
}

// The end of the connection may be behind a reply whose caller left.
func TestProbeSeesTheEndBehindALateReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := redistest.Pipe()
		served := make(chan struct{})
		go func() {
			defer close(served)
			redistest.Serve(server, redistest.Override(map[string]redistest.Handler{"SLEEP": func(s *redistest.Session, _ []string) {
				time.Sleep(50 * time.Millisecond)
				s.Simple("OK")
			}}, redistest.Redis(redistest.Options{})))
		}()
		d := conn.Dialer{DialContext: func(context.Context, string, string) (net.Conn, error) { return client, nil }}
		c, err := d.Dial(t.Context(), "tcp", "pipe")
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		_, err = c.Do(ctx, "SLEEP")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		time.Sleep(time.Second)
		_ = server.Close()
		require.ErrorIs(t, c.Probe(), io.EOF)
		<-served
	})
}
