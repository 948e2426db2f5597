package redistest

import (
	"crypto/tls"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// through connects to a proxy whose faults are f; calls last an hour, which costs nothing in a bubble.
func through(t *testing.T, p *Proxy, f Faults) net.Conn {
	t.Helper()
	p.SetFaults(f)
	nc, err := p.DialContext(t.Context(), "tcp", p.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { _ = nc.Close() })
	require.NoError(t, nc.SetDeadline(time.Now().Add(time.Hour)))
	return nc
}

func memoryProxy(t *testing.T) *Proxy {
	h := Redis(Options{})
	return NewMemoryProxy(t, func(server net.Conn) { Serve(server, h) })
}

// The proxy in memory does with every fault what the one on TCP does, and no time passes but that which a fault takes.
func TestMemoryProxyFaults(t *testing.T) {
	const pongs = "+PONG\r\n+PONG\r\n"
	for _, c := range []struct {
		name string
		f    Faults
		want string
		err  error
	}{
		{"none", Faults{Write: Fault{Action: HalfClose, After: 28}}, pongs, nil},
		{"one byte", Faults{OneByte: true, Write: Fault{Action: HalfClose, After: 28}}, pongs, nil},
		{"cut", Faults{Read: Fault{Action: Cut, After: 9}}, pongs[:9], nil},
		{"cut request", Faults{Write: Fault{Action: Cut, After: 20}}, "", nil},
		{"reset", Faults{Read: Fault{Action: Reset, After: 9}}, "", syscall.ECONNRESET},
		{"half-close", Faults{Read: Fault{Action: HalfClose, After: 9}}, pongs[:9], nil},
		{"half-close request", Faults{Write: Fault{Action: HalfClose, After: 14}}, pongs[:7], nil},
		{"stall", Faults{Read: Fault{Action: Stall, After: 9}}, pongs[:9], os.ErrDeadlineExceeded},
		{"drop", Faults{Read: Fault{Action: Drop, After: 9}}, pongs[:9], os.ErrDeadlineExceeded},
		{"drop request", Faults{Write: Fault{Action: Drop, After: 14}}, pongs[:7], os.ErrDeadlineExceeded},
		{"inject", Faults{Read: Fault{Action: Inject, After: 7, Bytes: []byte("!")}, Write: Fault{Action: HalfClose, After: 28}}, "+PONG\r\n!+PONG\r\n", nil},
		{"garbage request", Faults{Write: Fault{Action: Garbage, After: 14}}, pongs[:7] + "-ERR Protocol error: invalid request\r\n", nil},
		{"duplicate", Faults{Read: Fault{Action: Duplicate}, Write: Fault{Action: HalfClose, After: 28}}, pongs + pongs[:7], nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nc := through(t, memoryProxy(t), c.f)
				start := time.Now()
				write(t, nc, request("PING", "PING"))
				got, err := io.ReadAll(nc)
				require.ErrorIs(t, err, c.err)
				took := time.Duration(0)
				if c.err == os.ErrDeadlineExceeded {
					took = time.Hour
				}
				assert.Equal(t, took, time.Since(start))
				if c.want != "" { // otherwise it is a matter of chance
					assert.Equal(t, c.want, string(got))
				}
			})
		})
	}
}

func TestMemoryProxyCutResetStallAndHeal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := memoryProxy(t)
		a := through(t, p, Faults{})
		ping(t, a)
		p.Cut()
		_, err := a.Read(make([]byte, 1))
		require.Equal(t, io.EOF, err)
		b := through(t, p, Faults{})
		ping(t, b)
		p.Reset()
		_, err = b.Read(make([]byte, 1))
		require.ErrorIs(t, err, syscall.ECONNRESET)

		c := through(t, p, Faults{})
		p.Stall()
		start := time.Now()
		time.AfterFunc(time.Minute, p.Heal)
		ping(t, c)
		assert.Equal(t, time.Minute, time.Since(start))
		p.Stall() // and the proxy can be closed in this state
		write(t, c, request("PING"))
		synctest.Wait()
		p.close()
		_, err = p.DialContext(t.Context(), "tcp", p.Addr())
		require.ErrorIs(t, err, net.ErrClosed)
	})
}

func TestMemoryProxyUnderTLS(t *testing.T) {
	ca := NewCA(t)
	server, client := ca.ServerConfig(ca.Server()), ca.ClientConfig()
	synctest.Test(t, func(t *testing.T) {
		h := Redis(Options{})
		duplicate := Faults{Write: Fault{Action: Duplicate, After: 1}}
		p := NewMemoryProxy(t, func(nc net.Conn) { Serve(Faulty(tls.Server(nc, server), duplicate), h) })
		nc := tls.Client(through(t, p, Faults{OneByte: true}), client)
		write(t, nc, request("ECHO a", "ECHO b"))
		assert.Equal(t, "$1\r\na\r\n$1\r\nb\r\n$1\r\nb\r\n", read(t, nc, 21))
	})
}
