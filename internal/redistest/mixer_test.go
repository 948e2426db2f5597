package redistest

import (
	"crypto/tls"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const unmixed = "+a\r\n$1\r\nb\r\n*2\r\n:1\r\n:2\r\n>1\r\n+push\r\n+e\r\n"

// mixed is what becomes of replies, by what is done to them.
var mixed = []struct {
	fault Fault
	want  string
}{
	{Fault{Action: Duplicate, After: 0}, "+a\r\n+a\r\n$1\r\nb\r\n*2\r\n:1\r\n:2\r\n>1\r\n+push\r\n+e\r\n"},
	{Fault{Action: Duplicate, After: 2}, "+a\r\n$1\r\nb\r\n*2\r\n:1\r\n:2\r\n*2\r\n:1\r\n:2\r\n>1\r\n+push\r\n+e\r\n"},
	{Fault{Action: Duplicate, After: 9}, unmixed},
	{Fault{Action: Swap, After: 0}, "$1\r\nb\r\n+a\r\n*2\r\n:1\r\n:2\r\n>1\r\n+push\r\n+e\r\n"},
	{Fault{Action: Swap, After: 3}, "+a\r\n$1\r\nb\r\n*2\r\n:1\r\n:2\r\n+e\r\n>1\r\n+push\r\n"},
	{Fault{Action: Swap, After: 4}, unmixed}, // nothing follows the last
}

func TestFaultyMixesWhatItReads(t *testing.T) {
	for _, m := range mixed {
		for _, size := range []int{1, 3, 1000} {
			client, server := PipeSize(size)
			go func() {
				_, _ = io.WriteString(server, unmixed)
				_ = server.Close()
			}()
			got, err := io.ReadAll(Faulty(client, Faults{Read: m.fault, OneByte: size == 3}))
			require.NoError(t, err)
			assert.Equal(t, m.want, string(got), "%+v in pieces of %d", m.fault, size)
		}
	}
}

func TestFaultyMixesWhatItWrites(t *testing.T) {
	for _, m := range mixed {
		for _, size := range []int{1, 3, 1000} {
			client, server := PipeSize(1000)
			faulty := Faulty(server, Faults{Write: m.fault, OneByte: size == 3})
			for rest := unmixed; rest != ""; {
				n := min(size, len(rest))
				write(t, faulty, rest[:n])
				rest = rest[n:]
			}
			require.NoError(t, faulty.(*faultyConn).CloseWrite())
			got, err := io.ReadAll(client)
			require.NoError(t, err)
			assert.Equal(t, m.want, string(got), "%+v in pieces of %d", m.fault, size)
		}
	}
}

// A deadline takes nothing away, and what is no RESP comes as it is.
func TestFaultyMixerHoldsNothingBackForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, server := PipeSize(1000)
		client := Faulty(near, Faults{Read: Fault{Action: Swap}})
		defer client.Close()
		write(t, server, "+a\r\n+b")
		require.NoError(t, client.SetReadDeadline(time.Now().Add(time.Second)))
		_, err := client.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NoError(t, client.SetReadDeadline(time.Time{}))
		write(t, server, "\r\n")
		assert.Equal(t, "+b\r\n+a\r\n", read(t, client, 8))

		near, server = PipeSize(1000)
		client = Faulty(near, Faults{Read: Fault{Action: Swap}})
		defer client.Close()
		write(t, server, "+a\r\nHTTP")
		assert.Equal(t, "+a\r\nHTTP", read(t, client, 8))
		write(t, server, "+c\r\n+d\r\n")
		assert.Equal(t, "+c\r\n+d\r\n", read(t, client, 8))
	})
}

func TestServerFaultsAreAboveTLS(t *testing.T) {
	ca := NewCA(t)
	s := NewTLSServer(t, Redis(Options{}), ca.ServerConfig(ca.Server()))
	exchange := func() string {
		nc, err := tls.Dial("tcp", s.Addr(), ca.ClientConfig())
		require.NoError(t, err)
		defer nc.Close()
		write(t, nc, request("ECHO a", "ECHO b"))
		require.NoError(t, nc.CloseWrite())
		got, err := io.ReadAll(nc)
		require.NoError(t, err)
		return string(got)
	}
	assert.Equal(t, "$1\r\na\r\n$1\r\nb\r\n", exchange())
	s.SetFaults(Faults{Write: Fault{Action: Duplicate, After: 1}})
	assert.Equal(t, "$1\r\na\r\n$1\r\nb\r\n$1\r\nb\r\n", exchange())
	s.SetFaults(Faults{Write: Fault{Action: Swap}})
	assert.Equal(t, "$1\r\nb\r\n$1\r\na\r\n", exchange())
	s.SetFaults(Faults{})
	assert.Equal(t, "$1\r\na\r\n$1\r\nb\r\n", exchange())
}

func TestFaultyGarbage(t *testing.T) {
	var seen []string
	for range 2 {
		client, server := faulty(t, Faults{Read: Fault{Action: Garbage, After: 3}, Write: Fault{Action: Garbage}})
		got := read(t, client, 26)
		assert.Equal(t, "0123456789", got[:3]+got[19:])
		write(t, client, "abc")
		sent := read(t, server, 19)
		assert.Equal(t, "abc", sent[16:])
		seen = append(seen, got[3:19], sent[:16])
	}
	for i, g := range seen {
		assert.NotContains(t, seen[:i], g, "it is another each time")
		assert.False(t, strings.ContainsFunc(g, func(r rune) bool { return r < 0x80 && r != '\n' }), "%q", g)
	}
	client, _ := faulty(t, Faults{Read: Fault{Action: Garbage, After: 3, Bytes: []byte("\r\n")}})
	assert.Equal(t, "012\r\n3456789", read(t, client, 12))
	// A server takes it for no request.
	var nc net.Conn
	nc, server := Pipe()
	go Serve(server, Redis(Options{}))
	_, _ = Faulty(nc, Faults{Write: Fault{Action: Garbage, After: 14}}).Write([]byte(request("PING", "PING"))) // fails when it is refused soon
	out, err := io.ReadAll(nc)
	require.NoError(t, err)
	assert.Equal(t, "+PONG\r\n-ERR Protocol error: invalid request\r\n", string(out))
}
