package conn_test

import (
	"crypto/tls"
	"net"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/stretchr/testify/require"
)

// listen serves a fake server on an address of any network until the test ends.
func listen(t *testing.T, network, addr string, config *tls.Config) net.Addr {
	t.Helper()
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Skipf("no %s here: %v", addr, err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go servePipe(nc, redistest.Redis(redistest.Options{Password: "secret"}), config != nil, config)
		}
	}()
	return l.Addr()
}

func TestNetworks(t *testing.T) {
	ca := redistest.NewCA(t)
	for _, secure := range []bool{false, true} {
		for name, where := range map[string][2]string{
			"unix": {"unix", filepath.Join(t.TempDir(), "redis.sock")},
			"IPv4": {"tcp", "127.0.0.1:0"},
			"IPv6": {"tcp", "[::1]:0"},
		} {
			if secure {
				name += " with TLS"
			}
			t.Run(name, func(t *testing.T) {
				var config *tls.Config
				d := conn.Dialer{Password: "secret", Timeout: 5 * time.Second}
				if secure {
					config = ca.ServerConfig(ca.Server())
					d.TLS = ca.ClientConfig()
					if where[0] == "tcp" {
						d.TLS.ServerName = "" // the host of the address is filled in, without brackets
					}
				}
				addr := listen(t, where[0], where[1], config)
				c, err := d.Dial(t.Context(), where[0], addr.String())
				require.NoError(t, err)
				require.Equal(t, addr.String(), c.Addr())
				echo(t, c, "text")
				require.NoError(t, c.Probe())
				require.NoError(t, c.Close())

				_, err = d.Dial(t.Context(), where[0], where[1]+"9") // nobody there
				require.ErrorContains(t, err, where[1]+"9")
				require.True(t, conn.NotSent(err))
			})
		}
	}
	_, err := (&conn.Dialer{}).Dial(t.Context(), "unix", filepath.Join(t.TempDir(), "none.sock"))
	require.ErrorIs(t, err, syscall.ENOENT)
	require.Equal(t, conn.OpDial, failure(t, err).Op)
}
