package conn_test

import (
	"context"
	"crypto/tls"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/stretchr/testify/require"
)

// twice holds the first write back until the second, once it is told to.
type twice struct {
	net.Conn
	on  atomic.Bool
	buf []byte
}

func (w *twice) Write(b []byte) (int, error) {
	if !w.on.Load() {
		return w.Conn.Write(b)
	}
	if w.buf == nil {
		w.buf = append([]byte{}, b...)
		return len(b), nil
	}
	w.on.Store(false)
	_, err := w.Conn.Write(append(w.buf, b...))
	return len(b), err
}

// Probe takes in a late reply that TLS has read already and nobody has taken.
func TestProbeAndWhatTLSHolds(t *testing.T) {
	ca := redistest.NewCA(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	go func() {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		w := &twice{Conn: nc}
		n := 0
		redistest.Serve(tls.Server(w, ca.ServerConfig(ca.Server())), redistest.Override(map[string]redistest.Handler{"HOLD": func(s *redistest.Session, _ []string) {
			if n++; n == 2 {
				time.Sleep(100 * time.Millisecond)
				w.on.Store(true)
				s.Simple("one")
				s.Flush()
				s.Simple("two")
			}
		}}, redistest.Redis(redistest.Options{})))
	}()
	c := dial(t, conn.Dialer{TLS: ca.ClientConfig(), Timeout: 400 * time.Millisecond}, l.Addr().String())
	first := start(c, context.Background(), "HOLD")
	time.Sleep(20 * time.Millisecond)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, (<-start(c, ctx, "HOLD")).err, context.DeadlineExceeded)
	r := <-first
	require.NoError(t, r.err)
	require.Equal(t, "one", r.text)
	time.Sleep(20 * time.Millisecond)
	require.NoError(t, c.Probe())
	t.Log("in flight after a probe: ", c.InFlight())
	time.Sleep(500 * time.Millisecond)
	require.NoError(t, c.Probe(), "the reply arrived half a second ago, in flight %d", c.InFlight())
}

// Servers put a space where a line ends, which does not keep a password from being found.
func TestPasswordWithLineEnd(t *testing.T) {
	const password = "ab\ncdefghijklmnop-secret"
	h := func(s *redistest.Session, args []string) {
		s.Error("ERR unknown command '" + args[0] + "', with args beginning with: '" + strings.NewReplacer("\n", " ", "\r", " ").Replace(strings.Join(args[1:], "' '")) + "'")
	}
	client, server := redistest.Pipe()
	go redistest.Serve(server, h)
	d := over(client, conn.Dialer{Password: password})
	_, err := d.Dial(t.Context(), "tcp", "memory:0")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "ghijklmnop-secret")
}

// hasty has a deadline and nothing that tells of it.
type hasty struct {
	context.Context
	at time.Time
}

func (h hasty) Deadline() (time.Time, bool) { return h.at, true }

// The deadline of such a context does not stay in force for a caller who can be cancelled.
func TestDeadlineOfSomebodyElseIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		c := dialPipe(t, waiting(release), conn.Dialer{})
		time.Sleep(10 * time.Millisecond) // the deadline of the handshake has passed
		_, err := c.Do(hasty{context.Background(), time.Now().Add(time.Hour)}, "PING")
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Second, cancel)
		r := <-start(c, ctx, "WAIT")
		close(release)
		t.Log(r)
		require.Less(t, r.after, 2*time.Second)
	})
}
