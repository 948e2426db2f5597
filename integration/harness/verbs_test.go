package harness

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// connected returns a connection that has already been answered.
func connected(t *testing.T, s *Server) *wire {
	t.Helper()
	w, err := s.dial()
	require.NoError(t, err)
	t.Cleanup(w.close)
	_, err = w.do("PING")
	require.NoError(t, err)
	return w
}

// assertClosed asserts that the connection ends, soon, and not by a timeout of ours.
func assertClosed(t *testing.T, w *wire) {
	t.Helper()
	require.NoError(t, w.conn.SetReadDeadline(time.Now().Add(5*time.Second)))
	_, err := w.r.ReadByte()
	require.Error(t, err)
	assert.NotErrorIs(t, err, os.ErrDeadlineExceeded)
}

func TestKillStopStart(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, v Version) {
		s := Start(t, Config{Version: v, Password: "secret"})
		for _, end := range []struct {
			name string
			verb func()
		}{{"kill", s.Kill}, {"stop", s.Stop}} {
			assert.Equal(t, "OK", s.CLI("SET", "key", "x"))
			w := connected(t, s)
			end.verb()
			assertClosed(t, w)
			_, err := net.DialTimeout("tcp", s.Addr, time.Second)
			assert.Error(t, err, end.name)

			s.Start()
			connected(t, s)
			assert.Equal(t, "0", s.CLI("EXISTS", "key"), "nothing was written to disk")
		}
		assert.Equal(t, 1, strings.Count(s.Logs(), "Received SIGTERM"), "stopped once, killed once")
	})
}

func TestRestartKeepsPortsAndRewrittenConfiguration(t *testing.T) {
	t.Parallel()
	s := Start(t, Config{Version: Valkey81, TLS: &TLS{}})
	assert.Equal(t, "OK", s.CLI("CONFIG", "SET", "maxmemory", "77777777"))
	assert.Equal(t, "OK", s.CLI("CONFIG", "REWRITE"))
	addr, tlsAddr := s.Addr, s.TLSAddr
	before := s.CLI("INFO", "server")
	s.Restart()
	assert.Equal(t, addr, s.Addr)
	connected(t, s)
	w, err := dialWire(tlsAddr, probeTLS(s.Certs), "", "")
	require.NoError(t, err)
	defer w.close()
	_, err = w.do("PING")
	assert.NoError(t, err)
	assert.Equal(t, "maxmemory\n77777777", s.CLI("CONFIG", "GET", "maxmemory"))
	assert.NotEqual(t, runID(before), runID(s.CLI("INFO", "server")), "it did restart")
}

func runID(info string) string {
	_, id, _ := strings.Cut(info, "run_id:")
	id, _, _ = strings.Cut(id, "\r\n")
	return id
}

func TestPauseResume(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, v Version) {
		s := Start(t, Config{Version: v})
		w := connected(t, s)
		s.Pause()
		require.NoError(t, w.conn.SetDeadline(time.Now().Add(300*time.Millisecond)))
		_, err := w.conn.Write([]byte("PING\r\n"))
		require.NoError(t, err)
		_, err = w.r.ReadByte()
		require.ErrorIs(t, err, os.ErrDeadlineExceeded, "silence")

		fresh, err := net.DialTimeout("tcp", s.Addr, time.Second)
		require.NoError(t, err, "the kernel accepts")
		_ = fresh.Close()

		s.Resume()
		require.NoError(t, w.conn.SetDeadline(time.Now().Add(5*time.Second)))
		reply, err := w.read()
		require.NoError(t, err)
		assert.Equal(t, "PONG", reply, "the reply was only late")
	})
}

func TestKillWhilePaused(t *testing.T) {
	t.Parallel()
	s := Start(t, Config{Version: Redis70})
	s.Pause()
	s.Kill()
	s.Start()
	connected(t, s)
}

func TestCutHeal(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, v Version) {
		s := Start(t, Config{Version: v})
		assert.Equal(t, "OK", s.CLI("SET", "key", "x"))
		w := connected(t, s)
		s.Cut()
		assertClosed(t, w)
		conn, err := net.DialTimeout("tcp", s.Addr, time.Second)
		if err == nil {
			_ = conn.Close()
		}
		assert.Error(t, err, "nobody listens")
		assert.Equal(t, "x", s.CLI("GET", "key"), "it runs on")

		s.Heal()
		assert.Equal(t, "x", s.CLI("GET", "key"))
		connected(t, s)
	})
}

func TestInternalAddr(t *testing.T) {
	t.Parallel()
	a := Start(t, Config{Version: Redis70})
	b := Start(t, Config{Version: Redis70})
	ip, port, err := net.SplitHostPort(b.InternalAddr())
	require.NoError(t, err)
	assert.Equal(t, "OK", a.CLI("SET", "name", "a"))
	assert.Equal(t, "OK", b.CLI("SET", "name", "b"))
	assert.Equal(t, "b", a.CLI("-h", ip, "-p", port, "GET", "name"), "from a's container to b")
}

// refusal is a testing.TB that remembers a Fatalf instead of ending the test.
type refusal struct {
	testing.TB
	said string
}

var errRefused = errors.New("refused")

func (r *refusal) Helper() {}

func (r *refusal) Fatalf(format string, args ...any) {
	r.said = format
	panic(errRefused)
}

func TestMistakesFailTheTest(t *testing.T) {
	t.Parallel()
	expectRefusal := func(name string, s *Server, act func()) {
		t.Helper()
		r := &refusal{TB: t}
		s.t = r
		defer func() {
			assert.Equal(t, errRefused, recover(), name)
			assert.NotEmpty(t, r.said)
			s.t = t
		}()
		act()
	}
	shared := Shared(t, Redis70)
	for name, verb := range map[string]func(){
		"kill": shared.Kill, "stop": shared.Stop, "start": shared.Start, "restart": shared.Restart,
		"pause": shared.Pause, "resume": shared.Resume, "cut": shared.Cut, "heal": shared.Heal,
	} {
		expectRefusal(name+" a shared server", shared, verb)
	}
	connected(t, shared)

	s := Start(t, Config{Version: Redis70})
	expectRefusal("resume what runs", s, s.Resume)
	expectRefusal("heal what is whole", s, s.Heal)
	expectRefusal("start what runs", s, s.Start)
	s.Cut()
	s.Kill()
	expectRefusal("start what is cut", s, s.Start)
}

func TestReadingBeyondTheEnd(t *testing.T) {
	client, server := net.Pipe()
	_ = server.Close()
	w := &wire{conn: client, r: newReader(client)}
	_, err := w.read()
	assert.ErrorIs(t, err, io.EOF)
}
