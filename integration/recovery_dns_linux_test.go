package integration

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/pool"
)

// A name that leads to another server when the first one has died: the pool follows, without a restart.
func TestRecoveryAtAnotherAddress(t *testing.T) {
	t.Parallel()
	first := harness.Start(t, harness.Config{Version: harness.Redis80})
	second := harness.Start(t, harness.Config{Version: harness.Valkey81})
	// Servers are published on one address and many ports, a name leads to many addresses and says nothing of ports: relays stand in between.
	front := listen(t, "127.0.0.2:0")
	go relay(front, first.Addr)
	at := netip.MustParseAddrPort(front.Addr().String())
	names := newNameServer(t)
	names.set("state.test.", at.Addr())
	d := conn.Dialer{Timeout: 5 * time.Second, DialContext: (&net.Dialer{Resolver: names.resolver()}).DialContext}
	p := newPool(t, pool.Config{}, d, net.JoinHostPort("state.test", strconv.Itoa(int(at.Port()))))
	s := bwstate.New(p)
	require.Equal(t, "redis", whoIs(t, s))
	checkOut(t, p, pool.DefaultKeep)

	first.Kill()
	require.NoError(t, front.Close())
	require.Eventually(t, func() bool { _, err := s.Do(short(t), "INCR", "n"); return err != nil && conn.NotSent(err) }, eventually, tick)
	_, err := s.Do(short(t), "INCR", "n")
	require.True(t, conn.NotSent(err), "%v", err)
	require.ErrorContains(t, err, "state.test", "who was looked for")
	require.True(t, broken(err), "%v", err)

	elsewhere := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.3"), at.Port())
	other := listen(t, elsewhere.String())
	go relay(other, second.Addr)
	asked := names.questions()
	names.set("state.test.", elsewhere.Addr())
	changed := time.Now()
	require.Eventually(t, func() bool { return s.Ping(short(t)) == nil }, recovery, tick)
	t.Logf("works %v after the change", time.Since(changed))
	require.Equal(t, "valkey", whoIs(t, s))
	require.Greater(t, names.questions(), asked)

	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			_, err := s.Do(short(t), "INCR", "n")
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	require.Equal(t, "16", second.CLI("GET", "n"))
	requireBalanced(t, p)
}

// whoIs returns what the server calls itself.
func whoIs(t testing.TB, s *bwstate.State) string {
	t.Helper()
	server, err := s.Server(short(t))
	require.NoError(t, err)
	return server.Name
}

// listen listens until the test ends.
func listen(t testing.TB, addr string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp4", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// A nameServer answers for IPv4 addresses over UDP, as little as net.Resolver needs.
type nameServer struct {
	socket net.PacketConn

	mu    sync.Mutex
	addrs map[string]netip.Addr // by name with its dot. Guarded by mu
	asked int                   // guarded by mu
}

// newNameServer answers until the test ends.
func newNameServer(t testing.TB) *nameServer {
	t.Helper()
	socket, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	s := &nameServer{socket: socket, addrs: make(map[string]netip.Addr)}
	var serving sync.WaitGroup
	serving.Go(s.serve)
	t.Cleanup(func() {
		_ = socket.Close()
		serving.Wait()
	})
	return s
}

func (s *nameServer) set(name string, addr netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addrs[name] = addr
}

// questions returns how many there have been.
func (s *nameServer) questions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// resolver asks this server, whatever the system is configured to ask.
func (s *nameServer) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp4", s.socket.LocalAddr().String())
	}}
}

func (s *nameServer) serve() {
	buf := make([]byte, 1500)
	for {
		n, from, err := s.socket.ReadFrom(buf)
		if err != nil {
			return
		}
		if reply := s.answer(buf[:n]); reply != nil {
			_, _ = s.socket.WriteTo(reply, from)
		}
	}
}

// answer makes the reply to a message with one question; nil: it is none.
func (s *nameServer) answer(query []byte) []byte {
	const header, typeA = 12, 1
	if len(query) < header {
		return nil
	}
	name, end := "", header
	for end < len(query) && query[end] != 0 {
		label := query[end+1:]
		label = label[:min(int(query[end]), len(label))]
		name += string(label) + "."
		end += 1 + len(label)
	}
	end += 1 + 4 // the empty label, type and class
	if end > len(query) {
		return nil
	}
	s.mu.Lock()
	s.asked++
	addr, known := s.addrs[name]
	s.mu.Unlock()
	reply := bytes.Clone(query[:end])
	flags := uint16(0x8180) // a reply, and recursion is at hand
	if !known {
		flags |= 3 // no such name
	}
	binary.BigEndian.PutUint16(reply[2:], flags)
	copy(reply[4:header], []byte{0, 1, 0, 0, 0, 0, 0, 0}) // one question, no answer yet
	if known && binary.BigEndian.Uint16(query[end-4:]) == typeA {
		reply[7] = 1
		reply = append(reply, 0xc0, header, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4) // the name asked for, an address, good for no time
		reply = append(reply, addr.AsSlice()...)
	}
	return reply
}
