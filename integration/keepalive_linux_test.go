package integration

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
)

// What the system is asked to do for a connection that Dial made: probes, how soon, how often.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	server := harness.Start(t, harness.Config{Version: harness.Redis80})
	for _, c := range []struct {
		set            time.Duration
		on, idle, each int
	}{
		{0, 1, 15, 15},
		{time.Minute, 1, 60, 60},
		{-1, 0, 0, 0},
	} {
		dialled := dial(t, server, conn.Dialer{KeepAlive: c.set})
		fd := descriptor(t, server.Port)
		option := func(level, name int) int {
			n, err := syscall.GetsockoptInt(fd, level, name)
			require.NoError(t, err)
			return n
		}
		require.Equal(t, c.on, option(syscall.SOL_SOCKET, syscall.SO_KEEPALIVE), "%v", c.set)
		if c.on == 1 {
			require.Equal(t, c.idle, option(syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE), "%v", c.set)
			require.Equal(t, c.each, option(syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL), "%v", c.set)
		}
		require.Equal(t, 1, option(syscall.IPPROTO_TCP, syscall.TCP_NODELAY), "a request does not wait for the next one")
		require.NoError(t, dialled.Close())
	}
}

// descriptor finds this process's only connection to a port of 127.0.0.1, as conn hands none out.
func descriptor(t testing.TB, port int) int {
	t.Helper()
	for fd := 3; fd < 4096; fd++ {
		peer, err := syscall.Getpeername(fd)
		if in, ok := peer.(*syscall.SockaddrInet4); err == nil && ok && in.Port == port {
			return fd
		}
	}
	t.Fatalf("no connection to port %d", port)
	return 0
}
