package conn_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

// dialFails dials and returns the error, which must say that nothing was sent.
func dialFails(t *testing.T, d conn.Dialer, addr string) *conn.Error {
	t.Helper()
	c, err := d.Dial(t.Context(), "tcp", addr)
	require.Error(t, err)
	require.Nil(t, c)
	e := failure(t, err)
	require.False(t, e.Sent)
	require.Equal(t, addr, e.Addr)
	return e
}

func TestDialWrongKindOfServer(t *testing.T) {
	ca := redistest.NewCA(t)
	secure := conn.Dialer{TLS: ca.ClientConfig(), Timeout: 10 * time.Second}
	plain := conn.Dialer{Timeout: 10 * time.Second}

	t.Run("HTTP", func(t *testing.T) {
		web := httptest.NewServer(http.NotFoundHandler())
		defer web.Close()
		addr := web.Listener.Addr().String()
		e := dialFails(t, plain, addr)
		var syntax *resp.SyntaxError
		require.ErrorAs(t, e, &syntax)
		require.ErrorContains(t, e, "does not speak the Redis protocol")
		e = dialFails(t, secure, addr)
		require.Equal(t, conn.OpTLS, e.Op)
		require.ErrorContains(t, e, "does not speak TLS")
	})
	t.Run("TLS wanted", func(t *testing.T) {
		s := redistest.NewTLSServer(t, redistest.Redis(redistest.Options{}), ca.ServerConfig(ca.Server()))
		e := dialFails(t, plain, s.Addr())
		require.Equal(t, conn.OpHandshake, e.Op)
		require.ErrorContains(t, e, "it may expect TLS")
	})
	t.Run("TLS not wanted", func(t *testing.T) {
		e := dialFails(t, secure, redistest.NewServer(t, redistest.Redis(redistest.Options{})).Addr())
		require.Equal(t, conn.OpTLS, e.Op)
		require.ErrorContains(t, e, "does not speak TLS")
	})
	t.Run("wrong certificate", func(t *testing.T) {
		for _, cert := range []*redistest.Cert{ca.WrongName(), ca.Expired(), redistest.NewCA(t).Server()} {
			s := redistest.NewTLSServer(t, redistest.Redis(redistest.Options{}), ca.ServerConfig(cert))
			e := dialFails(t, secure, s.Addr())
			require.Equal(t, conn.OpTLS, e.Op)
			var verification *tls.CertificateVerificationError
			require.ErrorAs(t, e, &verification)
		}
	})
	t.Run("server name", func(t *testing.T) {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(ca.PEM)
		config := &tls.Config{RootCAs: pool}
		s := redistest.NewTLSServer(t, redistest.Redis(redistest.Options{}), ca.ServerConfig(ca.Server()))
		echo(t, dial(t, conn.Dialer{TLS: config}, s.Addr()), "the name is that of the address")
		require.Empty(t, config.ServerName)
		other := redistest.NewTLSServer(t, redistest.Redis(redistest.Options{}), ca.ServerConfig(ca.WrongName()))
		config.ServerName = "other.example"
		echo(t, dial(t, conn.Dialer{TLS: config}, other.Addr()), "or the one that is set")
	})
}

func TestDialNobodyThere(t *testing.T) {
	s := redistest.NewServer(t, redistest.Redis(redistest.Options{}))
	s.Close()
	e := dialFails(t, conn.Dialer{}, s.Addr())
	require.Equal(t, conn.OpDial, e.Op)
	require.ErrorIs(t, e, syscall.ECONNREFUSED)

	bad := conn.Dialer{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, nil }}
	require.Equal(t, conn.OpDial, dialFails(t, bad, "nowhere:1").Op)
	own := errors.New("own")
	bad.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, own }
	require.ErrorIs(t, dialFails(t, bad, "nowhere:1"), own)
}

func TestDialServerClosesAtOnce(t *testing.T) {
	noLeaks(t)
	client, server := redistest.Pipe()
	_ = server.Close()
	e := dialFails(t, over(client, conn.Dialer{}), "memory:0")
	require.ErrorIs(t, e, syscall.EPIPE)

	client, server = redistest.Pipe()
	go redistest.Serve(server, func(s *redistest.Session, _ []string) { s.Close() })
	e = dialFails(t, over(client, conn.Dialer{}), "memory:0")
	require.ErrorIs(t, e, io.ErrUnexpectedEOF)
	require.ErrorContains(t, e, "it may expect TLS")

	client, server = redistest.Pipe()
	_ = server.Close()
	e = dialFails(t, over(client, conn.Dialer{TLS: &tls.Config{ServerName: "x"}}), "memory:0")
	require.Equal(t, conn.OpTLS, e.Op)
}

// What a server says before it closes is the explanation, even where it reads as a refusal of HELLO.
func TestDialServerSaysWhyItCloses(t *testing.T) {
	noLeaks(t)
	client, server := redistest.Pipe()
	go redistest.Serve(server, func(s *redistest.Session, _ []string) {
		s.Error("ERR max number of clients reached")
		s.Close()
	})
	e := dialFails(t, over(client, conn.Dialer{Password: "pw"}), "memory:0")
	require.ErrorContains(t, e, "AUTH: ")
	require.ErrorContains(t, e, "max number of clients reached")
}

// A connection that breaks after any number of bytes, in either direction, makes Dial fail at once and leaves nothing behind.
func TestDialResetAtEveryByte(t *testing.T) {
	noLeaks(t)
	d := conn.Dialer{Password: "pw", DB: 1, Name: "me"}
	run := func(f redistest.Faults) (*redistest.Conn, error) {
		client, server := redistest.Pipe()
		go redistest.Serve(server, redistest.Redis(withPass))
		faulty := over(redistest.Faulty(client, f), d)
		c, err := faulty.Dial(t.Context(), "tcp", "memory:0")
		if err == nil {
			_ = c.Close()
		}
		return client.(*redistest.Conn), err
	}
	for _, action := range []redistest.Action{redistest.Reset, redistest.Cut} {
		for name, direction := range map[string]func(n int) redistest.Faults{
			"read": func(n int) redistest.Faults { return redistest.Faults{Read: redistest.Fault{Action: action, After: n}} },
			"write": func(n int) redistest.Faults {
				return redistest.Faults{Write: redistest.Fault{Action: action, After: n}}
			},
		} {
			n := 0
			for ; ; n++ {
				_, err := run(direction(n))
				if err == nil {
					break
				}
				e := failure(t, err)
				require.Equal(t, conn.OpHandshake, e.Op)
				require.False(t, e.Sent)
				known := errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.EPIPE)
				require.True(t, known, "%s %d: %v", name, n, err)
			}
			require.Greater(t, n, 80, name) // all of the handshake has been broken
		}
	}
	// And it works when everything comes byte by byte.
	_, err := run(redistest.Faults{OneByte: true})
	require.NoError(t, err)
}

// silences are servers that say nothing, by the phase in which they do.
func silences() map[string]conn.Dialer {
	client := func() net.Conn {
		client, server := redistest.Pipe()
		go func() { _, _ = io.Copy(io.Discard, server) }()
		return client
	}
	return map[string]conn.Dialer{
		conn.OpDial: {DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}},
		conn.OpTLS:       over(client(), conn.Dialer{TLS: &tls.Config{ServerName: "x"}}),
		conn.OpHandshake: over(client(), conn.Dialer{}),
	}
}

func TestDialTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for op, d := range silences() {
			d.Timeout = 3 * time.Second
			start := time.Now()
			e := dialFails(t, d, "memory:0")
			require.Equal(t, op, e.Op)
			require.ErrorIs(t, e, os.ErrDeadlineExceeded)
			require.NotErrorIs(t, e, context.DeadlineExceeded, "the caller's context has not ended")
			require.True(t, e.Timeout())
			require.InDelta(t, 3*time.Second, time.Since(start), float64(2*conn.Grace), op)
		}
	})
}

func TestDialContext(t *testing.T) {
	for name, begin := range endings {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for _, timeout := range []time.Duration{0, time.Minute} {
					for op, d := range silences() {
						d.Timeout = timeout
						ctx, cancel := begin(time.Second)
						start := time.Now()
						_, err := d.Dial(ctx, "tcp", "memory:0")
						require.Equal(t, op, failure(t, err).Op)
						require.ErrorIs(t, err, ctx.Err())
						require.InDelta(t, time.Second, time.Since(start), float64(conn.Slice+2*conn.Grace), op)
						cancel()
					}
				}
			})
		})
	}
}

func TestDialErrorNamesTheServer(t *testing.T) {
	e := dialFails(t, over(nil, conn.Dialer{}), "redis.example:6379")
	require.True(t, strings.HasPrefix(e.Error(), "redis: dial redis.example:6379: "), e.Error())
}
