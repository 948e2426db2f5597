package redistest

import (
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// faulty returns a pair whose client end has faults, and with as many bytes waiting for it as most tests need.
func faulty(t *testing.T, f Faults) (client net.Conn, server *Conn) {
	t.Helper()
	c, server := PipeSize(1000)
	write(t, server, "0123456789")
	client = Faulty(c, f)
	require.NoError(t, client.SetDeadline(time.Now().Add(time.Second)))
	return client, server
}

func TestFaultyWithoutFaults(t *testing.T) {
	client, server := faulty(t, Faults{})
	assert.Equal(t, "0123456789", read(t, client, 10))
	write(t, client, "abc")
	assert.Equal(t, "abc", read(t, server, 3))
	require.NoError(t, client.Close())
	require.ErrorIs(t, client.Close(), net.ErrClosed)
}

func TestFaultyReadEnds(t *testing.T) {
	for _, after := range []int{0, 1, 4} {
		for action, want := range map[Action]struct{ read, write, peer error }{
			Cut:       {io.EOF, syscall.EPIPE, io.EOF},
			Reset:     {syscall.ECONNRESET, syscall.ECONNRESET, syscall.ECONNRESET},
			HalfClose: {io.EOF, nil, nil},
		} {
			client, server := faulty(t, Faults{Read: Fault{Action: action, After: after}})
			got, err := io.ReadAll(client)
			assert.Equal(t, "0123456789"[:after], string(got))
			if want.read == io.EOF {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, want.read)
			}
			_, err = client.Write([]byte("x"))
			require.ErrorIs(t, err, want.write)
			_, err = server.Read(make([]byte, 1))
			require.ErrorIs(t, err, want.peer)
			require.NoError(t, client.SetDeadline(time.Time{}))
			require.NoError(t, client.Close())
			require.Error(t, client.Close())
		}
	}
}

func TestFaultyReadEndIsSeenByThePeerAtOnce(t *testing.T) {
	client, server := faulty(t, Faults{Read: Fault{Action: Cut, After: 4}})
	assert.Equal(t, "0123", read(t, client, 4))
	_, err := server.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
}

func TestFaultyWriteEnds(t *testing.T) {
	for _, after := range []int{0, 1, 4} {
		for action, want := range map[Action]struct{ write, peer error }{
			Cut:       {syscall.EPIPE, nil},
			Reset:     {syscall.ECONNRESET, syscall.ECONNRESET},
			HalfClose: {syscall.EPIPE, nil},
		} {
			client, server := faulty(t, Faults{Write: Fault{Action: action, After: after}})
			n, err := client.Write([]byte("abcdefgh"))
			require.ErrorIs(t, err, want.write)
			assert.Equal(t, after, n)
			got, err := io.ReadAll(server)
			require.ErrorIs(t, err, want.peer)
			if want.peer == nil {
				assert.Equal(t, "abcdefgh"[:after], string(got))
			}
			if action == HalfClose {
				assert.Equal(t, "0123456789", read(t, client, 10), "the other direction goes on")
			}
		}
	}
}

func TestFaultyWriteOfExactlyTheLimitSucceeds(t *testing.T) {
	client, server := faulty(t, Faults{Write: Fault{Action: HalfClose, After: 4}})
	write(t, client, "abcd")
	got, err := io.ReadAll(server)
	require.NoError(t, err)
	assert.Equal(t, "abcd", string(got))
}

func TestFaultyStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stall := Fault{Action: Stall, After: 3}
		client, server := faulty(t, Faults{Read: stall, Write: stall})
		assert.Equal(t, "012", read(t, client, 3))
		start := time.Now()
		_, err := client.Read(make([]byte, 1))
		wantTimeout(t, err)
		assert.Equal(t, time.Second, time.Since(start))

		require.NoError(t, client.SetDeadline(time.Now().Add(time.Second)))
		n, err := client.Write([]byte("abcdef"))
		wantTimeout(t, err)
		assert.Equal(t, 3, n)
		assert.Equal(t, "abc", read(t, server, 3))

		require.NoError(t, client.SetDeadline(time.Time{}))
		for _, call := range []func([]byte) (int, error){client.Read, client.Write} {
			go func() {
				_, err := call(make([]byte, 1))
				assert.ErrorIs(t, err, net.ErrClosed)
			}()
		}
		synctest.Wait()
		require.NoError(t, client.Close())
	})
}

func TestFaultyDrop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drop := Fault{Action: Drop, After: 3}
		client, server := faulty(t, Faults{Read: drop, Write: drop})
		write(t, client, "abcdef")
		write(t, client, "ghi")
		assert.Equal(t, "abc", read(t, server, 3))
		assert.Equal(t, "012", read(t, client, 3))
		_, err := client.Read(make([]byte, 1))
		wantTimeout(t, err)
		_, err = client.Write([]byte("x"))
		wantTimeout(t, err)
		require.NoError(t, client.Close())
		_, err = client.Write([]byte("x"))
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = server.Read(make([]byte, 1))
		require.Equal(t, io.EOF, err, "nothing of what was dropped arrives")
	})
}

func TestFaultyInject(t *testing.T) {
	inject := Fault{Action: Inject, After: 3, Bytes: []byte("??")}
	client, server := faulty(t, Faults{Read: inject, Write: inject})
	assert.Equal(t, "012??3456789", read(t, client, 12))
	write(t, client, "abc")
	assert.Equal(t, "abc??", read(t, server, 5))
	write(t, client, "def")
	assert.Equal(t, "def", read(t, server, 3))

	client, _ = faulty(t, Faults{Read: inject, OneByte: true})
	assert.Equal(t, "012??3456789", read(t, client, 12))
}

func TestFaultyOneByte(t *testing.T) {
	client, server := faulty(t, Faults{OneByte: true})
	n, err := client.Read(make([]byte, 10))
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	write(t, client, "abcdef")
	assert.Equal(t, 6, client.(*faultyConn).NetConn().(*Conn).Writes())
	assert.Equal(t, "abcdef", read(t, server, 6))
}

func TestFaultyUnderTheFakeServer(t *testing.T) {
	client, server := PipeSize(1000)
	go Serve(Faulty(server, Faults{OneByte: true, Write: Fault{Action: Cut, After: 9}}), Redis(Options{}))
	write(t, client, request("PING", "PING"))
	got, err := io.ReadAll(client)
	require.NoError(t, err)
	assert.Equal(t, "+PONG\r\n+P", string(got))
}

func TestProxyPassesEverything(t *testing.T) {
	s := NewServer(t, Redis(Options{}))
	p := NewProxy(t, s.Addr())
	nc := dial(t, p.Addr())
	big := strings.Repeat("x", 1_000_000)
	go func() { _, _ = nc.Write([]byte(request("ECHO "+big, "PING"))) }()
	want := "$1000000\r\n" + big + "\r\n+PONG\r\n"
	assert.Equal(t, want, read(t, nc, len(want)))

	write(t, nc, request("PING"))
	require.NoError(t, nc.(*net.TCPConn).CloseWrite())
	got, err := io.ReadAll(nc)
	require.NoError(t, err)
	assert.Equal(t, "+PONG\r\n", string(got), "a half-close is passed on, and the answer comes back")
	assert.Eventually(t, func() bool { return s.Clients() == 0 }, 5*time.Second, time.Millisecond)
}

func TestProxyCutAndReset(t *testing.T) {
	s := NewServer(t, Redis(Options{}))
	p := NewProxy(t, s.Addr())
	a := dial(t, p.Addr())
	ping(t, a)
	p.Cut()
	_, err := a.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
	b := dial(t, p.Addr())
	ping(t, b)
	p.Reset()
	_, err = b.Read(make([]byte, 1))
	require.ErrorIs(t, err, syscall.ECONNRESET)
	assert.Eventually(t, func() bool { return s.Clients() == 0 }, 5*time.Second, time.Millisecond)
}

func TestProxyPassesResetsOn(t *testing.T) {
	s := NewServer(t, Redis(Options{}))
	p := NewProxy(t, s.Addr())
	nc := dial(t, p.Addr())
	ping(t, nc)
	s.CloseClients()
	_, err := nc.Read(make([]byte, 1))
	require.ErrorIs(t, err, syscall.ECONNRESET)

	s.Close() // and a target that is down resets too, if it comes to that before Dial has returned
	nc, err = net.Dial("tcp", p.Addr())
	if err == nil {
		defer nc.Close()
		_, err = nc.Read(make([]byte, 1))
	}
	require.ErrorIs(t, err, syscall.ECONNRESET)
}

func TestProxyStallAndHeal(t *testing.T) {
	s := NewServer(t, Redis(Options{}))
	p := NewProxy(t, s.Addr())
	old := dial(t, p.Addr())
	ping(t, old)
	p.Stall()
	p.Stall()
	fresh := dial(t, p.Addr())
	for _, nc := range []net.Conn{old, fresh} {
		write(t, nc, request("PING"))
		require.NoError(t, nc.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
		_, err := nc.Read(make([]byte, 1))
		wantTimeout(t, err)
	}
	assert.Len(t, s.Commands(), 1)
	p.Heal()
	p.Heal()
	for _, nc := range []net.Conn{old, fresh} {
		require.NoError(t, nc.SetReadDeadline(time.Now().Add(10*time.Second)))
		assert.Equal(t, "+PONG\r\n", read(t, nc, 7))
	}
	p.Stall() // and the proxy can be closed in this state
	write(t, old, request("PING"))
}

func TestProxyEndsTheLinkWhenAFaultCutsIt(t *testing.T) {
	s := NewServer(t, Redis(Options{}))
	p := NewProxy(t, s.Addr())
	p.SetFaults(Faults{Read: Fault{Action: Cut, After: 7}})
	ping(t, dial(t, p.Addr())) // and the client stays
	assert.Eventually(t, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.links) == 0 && s.Clients() == 0
	}, 5*time.Second, time.Millisecond)
}

func TestProxyFaults(t *testing.T) {
	s := NewServer(t, Redis(Options{}))
	p := NewProxy(t, s.Addr())
	exchange := func(f Faults) (string, error) {
		p.SetFaults(f)
		nc := dial(t, p.Addr())
		if f.Read.Action == Stall {
			require.NoError(t, nc.SetReadDeadline(time.Now().Add(time.Second)))
		}
		write(t, nc, request("PING", "PING"))
		got, err := io.ReadAll(nc)
		return string(got), err
	}
	for range 20 {
		got, err := exchange(Faults{Read: Fault{Action: Cut, After: 9}, OneByte: true})
		require.NoError(t, err)
		require.Equal(t, "+PONG\r\n+P", got)
	}
	_, err := exchange(Faults{Write: Fault{Action: Cut, After: 20}})
	require.NoError(t, err)
	_, err = exchange(Faults{Read: Fault{Action: Reset, After: 3}})
	require.ErrorIs(t, err, syscall.ECONNRESET)
	got, err := exchange(Faults{Write: Fault{Action: HalfClose, After: 14}})
	require.NoError(t, err)
	assert.Equal(t, "+PONG\r\n", got)
	got, err = exchange(Faults{Read: Fault{Action: Stall, After: 3}})
	wantTimeout(t, err)
	assert.Equal(t, "+PO", got)
	got, err = exchange(Faults{Read: Fault{Action: Inject, After: 7, Bytes: []byte("!")}, Write: Fault{Action: HalfClose, After: 28}})
	require.NoError(t, err)
	assert.Equal(t, "+PONG\r\n!+PONG\r\n", got)
	p.Heal()
	ping(t, dial(t, p.Addr()))
}
