package integration

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/resp"
	"github.com/bwredis/bwredis/tlsconf"
)

// clientTLS trusts the authority of a server's certificates, and remembers sessions.
func clientTLS(t testing.TB, server *harness.Server) *tls.Config {
	t.Helper()
	config, err := tlsconf.Settings{Enabled: true, Verify: true, CAFile: server.Certs.CAFile}.Config()
	require.NoError(t, err)
	config = config.Clone()
	config.ClientSessionCache = tls.NewLRUClientSessionCache(0)
	return config
}

// dialTLS connects to a server's TLS port until the test ends.
func dialTLS(t testing.TB, server *harness.Server, d conn.Dialer) *conn.Conn {
	t.Helper()
	c, err := d.Dial(short(t), "tcp", server.TLSAddr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// Over TLS everything is as it is without, and a connection tells of its certificates and whether its session was resumed.
func TestOverTLS(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v, TLS: &harness.TLS{}, Password: canary})
		control := dial(t, server, conn.Dialer{Password: canary})
		_, secure := control.TLS()
		require.False(t, secure)
		for _, most := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			config := clientTLS(t, server)
			config.MaxVersion = most
			for i := range 3 {
				c := dialTLS(t, server, conn.Dialer{TLS: config, Password: canary})
				state, secure := c.TLS()
				require.True(t, secure)
				require.Equal(t, most, state.Version)
				require.Equal(t, i > 0, state.DidResume, "dial %d with TLS %x", i, most)
				require.NotEmpty(t, state.PeerCertificates, "of a session that was resumed as well")
				require.True(t, state.PeerCertificates[0].NotAfter.After(time.Now()))
				require.NoError(t, state.PeerCertificates[0].VerifyHostname("127.0.0.1"))
				require.Equal(t, "PONG", do(t, c, "PING"))
			}
		}

		d := conn.Dialer{TLS: clientTLS(t, server), Password: canary, PubSub: true, Name: own(t)}
		s, err := conn.Subscribe(short(t), func(ctx context.Context) (*conn.Conn, error) { return d.Dial(ctx, "tcp", server.TLSAddr) }, everything(v, ""))
		require.NoError(t, err)
		defer s.Close()
		requireEverything(t, v, control, s, "")
		do(t, control, "CLIENT", "KILL", "ID", clients(t, control, own(t))[0]["id"])
		require.NotNil(t, next(t, s).Gap)
		requireEverything(t, v, control, s, "")

		c := dialTLS(t, server, conn.Dialer{TLS: d.TLS, Password: canary, Name: "storm", Timeout: 20 * time.Second})
		id := clients(t, control, "storm")[0]["id"]
		var wg sync.WaitGroup
		for caller := range 16 {
			wg.Go(func() {
				for i := range 100 {
					setAndGet(t, c, string(rune('a'+caller))+string(rune('0'+i)), i%4 == 0)
				}
			})
		}
		wg.Wait()
		require.Equal(t, id, clients(t, control, "storm")[0]["id"])
		require.Zero(t, c.InFlight())

		do(t, control, "CLIENT", "KILL", "ID", id)
		require.Eventually(t, func() bool { return c.Probe() != nil }, eventually, tick, "the end is noticed without a request")
		require.True(t, broken(c.Err()), "%v", c.Err())
	})
}

func TestOverUnixSocket(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v, UnixSocket: true})
		if server.Socket == "" {
			t.Skip("no unix socket can be shared with a container here")
		}
		control := dial(t, server, conn.Dialer{})
		for _, protocol := range []int{2, 3} {
			d := conn.Dialer{Protocol: protocol, PubSub: true, Name: own(t), Timeout: 5 * time.Second}
			s, err := conn.Subscribe(short(t), func(ctx context.Context) (*conn.Conn, error) { return d.Dial(ctx, "unix", server.Socket) }, everything(v, ""))
			require.NoError(t, err)
			requireEverything(t, v, control, s, "")
			do(t, control, "CLIENT", "KILL", "ID", clients(t, control, own(t))[0]["id"])
			require.NotNil(t, next(t, s).Gap)
			requireEverything(t, v, control, s, "")
			require.NoError(t, s.Close())
			require.Eventually(t, func() bool { return len(clients(t, control, own(t))) == 0 }, eventually, tick)
		}

		d := conn.Dialer{Name: own(t), Timeout: 5 * time.Second}
		c, err := d.Dial(short(t), "unix", server.Socket)
		require.NoError(t, err)
		defer c.Close()
		require.Equal(t, server.Socket, c.Addr())
		require.Contains(t, clients(t, control, own(t))[0]["addr"], "/", "the server calls it by a path")
		require.NoError(t, c.Probe())
		server.Stop()
		require.Eventually(t, func() bool { return c.Probe() != nil }, eventually, tick)
		_, err = d.Dial(short(t), "unix", server.Socket)
		requirePhase(t, err, conn.OpDial)
		require.ErrorContains(t, err, server.Socket)
	})
}

// Servers are published on IPv4 only; what the client has to do with IPv6 ends where a relay listens.
func TestOverIPv6(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skipf("no IPv6 here: %v", err)
	}
	defer l.Close()
	server := harness.Start(t, harness.Config{Version: harness.Valkey81, TLS: &harness.TLS{}})
	go relay(l, server.TLSAddr)
	d := conn.Dialer{TLS: clientTLS(t, server), Name: own(t)}
	c, err := d.Dial(short(t), "tcp", l.Addr().String())
	require.NoError(t, err, "the certificate holds for ::1 as well")
	defer c.Close()
	require.Equal(t, l.Addr().String(), c.Addr())
	require.Equal(t, `"six"`, do(t, c, "ECHO", "six"))

	plain := conn.Dialer{Timeout: 5 * time.Second}
	_, err = plain.Dial(short(t), "tcp", l.Addr().String())
	require.ErrorContains(t, err, l.Addr().String())
	require.False(t, resp.IsCode(err, "ERR"), "%v", err)
	require.ErrorContains(t, err, "TLS")
}

// relay passes connections on until l is closed.
func relay(l net.Listener, addr string) {
	for {
		from, err := l.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", addr)
		if err != nil {
			_ = from.Close()
			continue
		}
		pipe := func(dst, src net.Conn) {
			_, _ = io.Copy(dst, src)
			_ = dst.Close()
			_ = src.Close()
		}
		go pipe(from, to)
		go pipe(to, from)
	}
}
