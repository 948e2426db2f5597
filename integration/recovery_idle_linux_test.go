package integration

import (
	"context"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/pool"
)

// A server closes connections that it finds idle. The pool sees that before it uses them: no caller gets an error, nothing is sent twice.
func TestRecoveryFromTheServersTimeout(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		const rounds, callers = 2, 16
		server := harness.Start(t, harness.Config{Version: v})
		control := dial(t, server, conn.Dialer{})
		var dialled sockets
		p := newPool(t, pool.Config{}, conn.Dialer{Timeout: 5 * time.Second, Name: own(t), DialContext: dialled.DialContext}, server.Addr)
		for round := range uint64(rounds) {
			checkOut(t, p, pool.DefaultKeep)
			require.Equal(t, pool.DefaultKeep, p.Stats().Idle)
			do(t, control, "CONFIG", "SET", "timeout", "1")
			require.Eventually(t, func() bool { return len(clients(t, control, own(t))) == 0 }, 2*eventually, 10*tick)
			do(t, control, "CONFIG", "SET", "timeout", "0") // new ones stay, however slow this machine is
			require.Eventually(t, dialled.ended, eventually, tick)
			require.Equal(t, pool.DefaultKeep, p.Stats().Open, "the pool is not told")

			var wg sync.WaitGroup
			for range callers {
				wg.Go(func() {
					assert.NoError(t, p.RoundTrip(short(t), request("INCR", "n"), nil))
					assert.NoError(t, p.With(short(t), func(c *conn.Conn) error {
						_, err := c.Do(short(t), "INCR", "n")
						return err
					}))
				})
			}
			wg.Wait()
			require.EqualValues(t, pool.DefaultKeep*(round+1), p.Stats().ClosedDead)
			requireBalanced(t, p)
		}
		require.Equal(t, `"64"`, do(t, control, "GET", "n"))
		require.Zero(t, p.Stats().Retries, "the server saw nothing of it")
		t.Logf("%+v", p.Stats())
	})
}

// sockets are what was dialled.
type sockets struct {
	mu  sync.Mutex
	all []syscall.RawConn // guarded by mu
}

func (s *sockets) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	nc, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	raw, err := nc.(*net.TCPConn).SyscallConn()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, raw)
	return nc, err
}

// ended reports whether the end of each has arrived here, or it was closed here.
func (s *sockets) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, raw := range s.all {
		open := false
		_ = raw.Control(func(fd uintptr) {
			n, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
			open = n > 0 || err == syscall.EAGAIN
		})
		if open {
			return false
		}
	}
	return true
}
