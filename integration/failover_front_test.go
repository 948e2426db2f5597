package integration

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/resp"
)

// A front stands between a client and one sentinel. It counts what the client asks, and can lose what the sentinel publishes while everything else passes.
type front struct {
	listener net.Listener
	target   string
	wg       sync.WaitGroup

	dials     atomic.Int64
	questions atomic.Int64 // SENTINEL commands
	losing    atomic.Bool  // what is published
	lost      atomic.Int64 // messages

	mu     sync.Mutex
	closed bool                  // guarded by mu
	open   map[net.Conn]struct{} // guarded by mu
}

// fronts puts a front before each sentinel of a set, and returns how a client gets to them and nowhere else.
func fronts(t testing.TB, set *harness.SentinelSet) (all []*front, a access) {
	t.Helper()
	a.reach = set.AddressMap()
	for _, s := range set.Sentinels {
		f := newFront(t, a.reach[s.InternalAddr()])
		all = append(all, f)
		a.sentinels = append(a.sentinels, f.addr())
		a.reach[s.InternalAddr()] = f.addr()
	}
	return all, a
}

// newFront stands before the server at target until the test ends.
func newFront(t testing.TB, target string) *front {
	t.Helper()
	f := &front{listener: listen(t, "127.0.0.1:0"), target: target, open: make(map[net.Conn]struct{})}
	f.wg.Go(f.accept)
	t.Cleanup(f.close)
	return f
}

func (f *front) addr() string { return f.listener.Addr().String() }

func (f *front) close() {
	_ = f.listener.Close()
	f.mu.Lock()
	f.closed = true
	for c := range f.open {
		_ = c.Close()
	}
	f.mu.Unlock()
	f.wg.Wait()
}

func (f *front) accept() {
	for {
		client, err := f.listener.Accept()
		if err != nil {
			return
		}
		f.dials.Add(1)
		f.wg.Go(func() { f.serve(client.(*net.TCPConn)) })
	}
}

// serve passes on until one side ends. A sentinel that is down shows as a reset.
func (f *front) serve(client *net.TCPConn) {
	defer f.forget(client)
	f.remember(client)
	upstream, err := net.Dial("tcp", f.target)
	if err != nil {
		_ = client.SetLinger(0)
		return
	}
	defer f.forget(upstream)
	f.remember(upstream)
	var back sync.WaitGroup
	back.Go(func() {
		_ = eachFrame(upstream, client, f.passReply)
		_ = client.Close()
	})
	_ = eachFrame(client, upstream, f.passCommand)
	_ = upstream.Close()
	back.Wait()
}

func (f *front) remember(c net.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open[c] = struct{}{}
	if f.closed {
		_ = c.Close()
	}
}

func (f *front) forget(c net.Conn) {
	_ = c.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.open, c)
}

func (f *front) passCommand(first string, _ resp.Kind) bool {
	if strings.EqualFold(first, "SENTINEL") {
		f.questions.Add(1)
	}
	return true
}

// passReply tells what is published by its first word; RESP2 has no other mark.
func (f *front) passReply(first string, kind resp.Kind) bool {
	published := (kind == resp.Push || kind == resp.Array) && (first == "message" || first == "pmessage")
	if published && f.losing.Load() {
		f.lost.Add(1)
		return false
	}
	return true
}

// eachFrame copies frames, but for those that pass refuses.
func eachFrame(src io.Reader, dst io.Writer, pass func(first string, kind resp.Kind) bool) error {
	var s resp.Scanner
	var pending []byte
	buf := make([]byte, 16<<10)
	for {
		n, err := src.Read(buf)
		pending = append(pending, buf[:n]...)
		for {
			size, bad := s.Scan(pending)
			if bad != nil {
				return bad
			}
			if size == 0 {
				break
			}
			if pass(head(pending[:size])) {
				if _, err := dst.Write(pending[:size]); err != nil {
					return err
				}
			}
			pending = pending[size:]
		}
		if err != nil {
			return err
		}
	}
}

// head returns the kind of a frame, and the first word of an aggregate.
func head(frame []byte) (first string, kind resp.Kind) {
	var r resp.Reply
	r.Reset(frame)
	kind = r.Kind()
	if (kind == resp.Push || kind == resp.Array) && r.Array() > 0 && r.Kind() == resp.BulkString {
		first = r.Text()
	}
	return first, kind
}

// A front passes on what the server answers, counts the questions, and loses what is published when it should.
func TestFailoverFront(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, v harness.Version, protocol int) {
		server := harness.Shared(t, v)
		f, channel := newFront(t, server.Addr), own(t)
		c, err := (&conn.Dialer{Protocol: protocol}).Dial(short(t), "tcp", f.addr())
		require.NoError(t, err)
		_, err = c.Do(short(t), "SENTINEL", "MASTER", "mymaster")
		require.True(t, resp.IsCode(err, "ERR"), "%v", err)
		require.Equal(t, "PONG", do(t, c, "PING"))
		require.NoError(t, c.Close())
		require.EqualValues(t, 1, f.questions.Load())
		require.EqualValues(t, 1, f.dials.Load())

		d := conn.Dialer{Protocol: protocol, PubSub: true}
		s, err := conn.Subscribe(short(t), func(ctx context.Context) (*conn.Conn, error) { return d.Dial(ctx, "tcp", f.addr()) }, conn.Channels{Names: []string{channel}})
		require.NoError(t, err)
		control := dial(t, server, conn.Dialer{})
		f.losing.Store(true)
		require.Equal(t, "1", do(t, control, "PUBLISH", channel, "lost"))
		require.Eventually(t, func() bool { return f.lost.Load() == 1 }, eventually, tick)
		f.losing.Store(false)
		require.Equal(t, "1", do(t, control, "PUBLISH", channel, "passed on"))
		m, err := s.Next(short(t))
		require.NoError(t, err)
		require.Equal(t, "passed on", m.Payload)
		require.NoError(t, s.Close())
	})
}
