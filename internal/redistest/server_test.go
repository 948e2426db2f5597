package redistest

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// request encodes commands given as lines of words.
func request(lines ...string) string {
	var q resp.Request
	for _, l := range lines {
		words := strings.Fields(l)
		q.Cmd(words[0]).Args(words[1:]...)
	}
	return string(q.Encoded())
}

// script runs commands against h on one connection and returns what comes back up to the end of the connection.
func script(t *testing.T, h Handler, lines ...string) string {
	t.Helper()
	client, server := PipeSize(1 << 20)
	write(t, client, request(lines...))
	require.NoError(t, client.CloseWrite())
	Serve(server, h)
	out, err := io.ReadAll(client)
	require.NoError(t, err)
	return string(out)
}

func TestServeWritesOncePerArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := Pipe()
		go Serve(server, Redis(Options{}))
		defer client.Close()
		write(t, client, request("PING", "ECHO a", "PING"))
		synctest.Wait()
		assert.Equal(t, 1, server.(*Conn).Writes())
		write(t, client, request("PING")+request("PING")[:5])
		synctest.Wait()
		assert.Equal(t, 2, server.(*Conn).Writes(), "the complete command is answered")
		write(t, client, request("PING")[5:])
		want := "+PONG\r\n$1\r\na\r\n+PONG\r\n+PONG\r\n+PONG\r\n"
		assert.Equal(t, want, read(t, client, len(want)))
	})
}

func TestServeTakesRequestsInAnyPieces(t *testing.T) {
	big := strings.Repeat("x", 100_000)
	in := request("ECHO a", "ECHO "+big, "PING")
	want := script(t, Redis(Options{}), "ECHO a", "ECHO "+big, "PING")
	for _, size := range []int{1, 7, 4096, len(in)} {
		client, server := PipeSize(1 << 20)
		go Serve(server, Redis(Options{}))
		for rest := in; rest != ""; {
			n := min(size, len(rest))
			write(t, client, rest[:n])
			rest = rest[n:]
		}
		assert.Equal(t, want, read(t, client, len(want)))
		require.NoError(t, client.Close())
	}
}

func TestServeRefusesWhatIsNotARequest(t *testing.T) {
	for _, in := range []string{"PING\r\n", "+PING\r\n", "*1\r\n:1\r\n", "*1\r\n$-1\r\n", "*1\r\n$x\r\n", "*-1\r\n"} {
		client, server := Pipe()
		write(t, client, in)
		Serve(server, func(*Session, []string) { t.Error("handler called") })
		out, err := io.ReadAll(client)
		require.NoError(t, err)
		assert.Regexp(t, `^-ERR Protocol error: .*\r\n$`, string(out), "%q", in)
	}
}

// lastWords returns everything with its first Read, and the end of the connection with it.
type lastWords struct {
	net.Conn
	in string
}

func (c *lastWords) Read(p []byte) (int, error) {
	n := copy(p, c.in)
	c.in = c.in[n:]
	return n, io.EOF
}

func TestServeAnswersDataThatComesWithAnError(t *testing.T) {
	client, server := Pipe()
	Serve(&lastWords{Conn: server, in: request("PING")}, Redis(Options{}))
	assert.Equal(t, "+PONG\r\n", read(t, client, 7))
}

func TestServeSkipsEmptyCommands(t *testing.T) {
	client, server := PipeSize(100)
	write(t, client, "*0\r\n"+request("PING"))
	require.NoError(t, client.CloseWrite())
	Serve(server, Redis(Options{}))
	assert.Equal(t, "+PONG\r\n", read(t, client, 7))
}

func TestSessionHelpers(t *testing.T) {
	answer := func(protocol string) string {
		return script(t, Override(map[string]Handler{"x": func(c *Session, _ []string) {
			c.Simple("O\nK")
			c.Error("ERR a\r\nb")
			c.Int(-1)
			c.Null()
			c.Array(2)
			c.Map(1)
			c.Push("message", "a")
			_, _ = c.Write([]byte("!!"))
			c.Raw("??")
		}}, func(c *Session, args []string) { c.SetProtocol(int(args[1][0] - '0')) }), "HELLO "+protocol, "X")
	}
	assert.Equal(t, "+O K\r\n-ERR a  b\r\n:-1\r\n$-1\r\n*2\r\n*2\r\n*2\r\n$7\r\nmessage\r\n$1\r\na\r\n!!??", answer("2"))
	assert.Equal(t, "+O K\r\n-ERR a  b\r\n:-1\r\n_\r\n*2\r\n%1\r\n>2\r\n$7\r\nmessage\r\n$1\r\na\r\n!!??", answer("3"))
}

func TestSessionEnds(t *testing.T) {
	before := func(c *Session, _ []string) { c.Simple("A") }
	run := func(last Handler) (string, error) {
		client, server := PipeSize(1000)
		write(t, client, request("A", "B", "C"))
		Serve(server, Override(map[string]Handler{"A": before, "B": last}, func(*Session, []string) { t.Error("still served") }))
		out, err := io.ReadAll(client)
		return string(out), err
	}
	out, err := run(func(c *Session, _ []string) { c.Simple("bye"); c.Close(); c.Simple("late"); c.Flush() })
	require.NoError(t, err)
	assert.Equal(t, "+A\r\n+bye\r\n", out)
	_, err = run(func(c *Session, _ []string) { c.Reset() })
	require.ErrorIs(t, err, syscall.ECONNRESET)
}

func TestSessionStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := Pipe()
		go Serve(server, Override(map[string]Handler{"B": func(c *Session, _ []string) { c.Stall() }}, Redis(Options{})))
		write(t, client, request("PING", "B", "PING"))
		assert.Equal(t, "+PONG\r\n", read(t, client, 7))
		require.NoError(t, client.SetReadDeadline(time.Now().Add(time.Hour)))
		write(t, client, request("PING"))
		_, err := client.Read(make([]byte, 1))
		wantTimeout(t, err)
		require.NoError(t, client.Close()) // and Serve returns, or the bubble does not end
	})
}

func TestSessionPushFromOutside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := Pipe()
		var session *Session
		go Serve(server, func(c *Session, _ []string) { session = c; c.SetProtocol(3) })
		write(t, client, request("X"))
		synctest.Wait()
		session.Push("invalidate")
		session.Flush()
		assert.Equal(t, ">1\r\n$10\r\ninvalidate\r\n", read(t, client, 21))
		require.NoError(t, client.Close())
	})
}

func TestOverridePrefersTheSubcommand(t *testing.T) {
	say := func(s string) Handler { return func(c *Session, _ []string) { c.Simple(s) } }
	h := Override(map[string]Handler{"client": say("command"), "Client Id": say("sub"), "PING X": say("x")}, say("next"))
	assert.Equal(t, "+sub\r\n+command\r\n+command\r\n+next\r\n+x\r\n", script(t, h, "CLIENT ID", "client list", "CLIENT", "PING", "ping x"))
}

func TestLogLines(t *testing.T) {
	var l Log
	l.Record(func(*Session, []string) {})(nil, []string{"AUTH", "", "a b", `q"q`, "\x00", "plain:é", strings.Repeat("y", 300)})
	assert.Equal(t, []string{`AUTH "" "a b" "q\"q" "\x00" plain:é ` + strings.Repeat("y", 256) + "…"}, l.Commands())
	for range maxLogLines + 1 {
		l.add("x")
	}
	assert.Len(t, l.Commands(), maxLogLines/2+2)
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = nc.Close() })
	require.NoError(t, nc.SetDeadline(time.Now().Add(10*time.Second)))
	return nc
}

func ping(t *testing.T, nc net.Conn) {
	t.Helper()
	write(t, nc, request("PING"))
	require.Equal(t, "+PONG\r\n", read(t, nc, 7))
}

func TestServer(t *testing.T) {
	s := NewServer(t, Redis(Options{}))
	addr := s.Addr()
	a, b := dial(t, addr), dial(t, addr)
	ping(t, a)
	ping(t, b)
	assert.Equal(t, []string{"PING", "PING"}, s.Commands())
	assert.Equal(t, 2, s.Accepted())
	assert.Equal(t, 2, s.Clients())

	s.CloseClients()
	_, err := a.Read(make([]byte, 1))
	require.ErrorIs(t, err, syscall.ECONNRESET)
	ping(t, dial(t, addr))

	s.Close()
	assert.Zero(t, s.Clients())
	_, err = net.Dial("tcp", addr)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)

	s.Restart()
	require.Equal(t, addr, s.Addr())
	ping(t, dial(t, addr))
	s.Restart()
	ping(t, dial(t, addr))
	assert.Equal(t, 5, s.Accepted())
}

func TestServerEndsStalledConnections(t *testing.T) {
	s := NewServer(t, func(c *Session, _ []string) { c.Stall() })
	nc := dial(t, s.Addr())
	write(t, nc, request("X"))
	assert.Eventually(t, func() bool { return len(s.Commands()) == 1 }, 5*time.Second, time.Millisecond)
	s.Close()
	_, err := nc.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
}

func TestSessionResetOverTLS(t *testing.T) {
	ca := NewCA(t)
	s := NewTLSServer(t, func(c *Session, _ []string) { c.Reset() }, ca.ServerConfig(ca.Server()))
	nc, err := tls.Dial("tcp", s.Addr(), ca.ClientConfig())
	require.NoError(t, err)
	defer nc.Close()
	write(t, nc, request("X"))
	_, err = nc.Read(make([]byte, 1))
	require.ErrorIs(t, err, syscall.ECONNRESET)
}

// recorder is a test that notes errors instead of failing.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func TestServerReportsHandlersThatDoNotReturn(t *testing.T) {
	release := make(chan struct{})
	r := &recorder{TB: t}
	s := NewServer(r, func(*Session, []string) { <-release })
	s.patience = 20 * time.Millisecond
	write(t, dial(t, s.Addr()), request("X"))
	assert.Eventually(t, func() bool { return len(s.Commands()) == 1 }, 5*time.Second, time.Millisecond)
	s.Close()
	require.Len(t, r.errors, 1)
	assert.Contains(t, r.errors[0], "is still running 20ms after")
	close(release)
	s.patience = joinTimeout
	s.Close()
	assert.Len(t, r.errors, 1)
}
