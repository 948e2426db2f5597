//go:build unix

package conn_test

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/stretchr/testify/require"
)

func TestKeepAlive(t *testing.T) {
	s := redistest.NewServer(t, redistest.Redis(redistest.Options{}))
	require.NotZero(t, keepAlive(t, conn.Dialer{}, s.Addr()))
	require.NotZero(t, keepAlive(t, conn.Dialer{KeepAlive: time.Minute}, s.Addr()))
	require.Zero(t, keepAlive(t, conn.Dialer{KeepAlive: -1}, s.Addr()))
}

// keepAlive asks the system whether the connections that d makes are probed.
func keepAlive(t *testing.T, d conn.Dialer, addr string) (on int) {
	t.Helper()
	raw, err := dial(t, d, addr).Socket().(*net.TCPConn).SyscallConn()
	require.NoError(t, err)
	control := raw.Control(func(fd uintptr) { on, err = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_KEEPALIVE) })
	require.NoError(t, control)
	require.NoError(t, err)
	return on
}
