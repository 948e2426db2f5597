package conn_test

import (
	"context"
	"crypto/tls"
	"net"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

// dial connects, and closes when the test ends.
func dial(tb testing.TB, d conn.Dialer, addr string) *conn.Conn {
	tb.Helper()
	c, err := d.Dial(tb.Context(), "tcp", addr)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

// over makes d connect over nc.
func over(nc net.Conn, d conn.Dialer) conn.Dialer {
	d.DialContext = func(context.Context, string, string) (net.Conn, error) { return nc, nil }
	return d
}

// dialPipe connects to a server in memory.
func dialPipe(tb testing.TB, h redistest.Handler, d conn.Dialer) *conn.Conn {
	tb.Helper()
	c, _ := dialSized(tb, 64<<10, h, d)
	return c
}

// dialSized is dialPipe with a capacity. It returns the client's end as well.
func dialSized(tb testing.TB, capacity int, h redistest.Handler, d conn.Dialer) (*conn.Conn, *redistest.Conn) {
	tb.Helper()
	client, server := redistest.PipeSize(capacity)
	go redistest.Serve(server, h)
	return dial(tb, over(client, d), "memory:0"), client
}

// everyWay runs f over TCP and in memory, plain and through TLS, with RESP2 and RESP3.
func everyWay(t *testing.T, f func(t *testing.T, connect func(redistest.Handler, conn.Dialer) *conn.Conn)) {
	ca := redistest.NewCA(t)
	server := ca.ServerConfig(ca.Server())
	for _, protocol := range []int{2, 3} {
		for _, secure := range []bool{false, true} {
			for _, network := range []string{"tcp", "memory"} {
				name := network + "/RESP" + strconv.Itoa(protocol)
				if secure {
					name += "/TLS"
				}
				t.Run(name, func(t *testing.T) {
					noLeaks(t)
					f(t, func(h redistest.Handler, d conn.Dialer) *conn.Conn {
						d.Protocol = protocol
						if secure {
							d.TLS = ca.ClientConfig()
						}
						if network == "tcp" {
							return dial(t, d, serveTCP(t, h, secure, server).Addr())
						}
						client, end := redistest.Pipe()
						go servePipe(end, h, secure, server)
						return dial(t, over(client, d), "memory:0")
					})
				})
			}
		}
	}
}

func serveTCP(tb testing.TB, h redistest.Handler, secure bool, config *tls.Config) *redistest.Server {
	if secure {
		return redistest.NewTLSServer(tb, h, config)
	}
	return redistest.NewServer(tb, h)
}

func servePipe(nc net.Conn, h redistest.Handler, secure bool, config *tls.Config) {
	if secure {
		nc = tls.Server(nc, config)
	}
	redistest.Serve(nc, h)
}

// endings are the ways in which a context ends after a while.
var endings = map[string]func(time.Duration) (context.Context, context.CancelFunc){
	"cancel": func(d time.Duration) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(d, cancel)
		return ctx, cancel
	},
	"deadline": func(d time.Duration) (context.Context, context.CancelFunc) {
		return context.WithTimeout(context.Background(), d)
	},
}

// everyEnding runs f in a bubble, with each kind of context.
func everyEnding(t *testing.T, f func(t *testing.T, begin func(time.Duration) (context.Context, context.CancelFunc))) {
	for name, begin := range endings {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, begin) })
		})
	}
}

// A result is what a Do in the background came to.
type result struct {
	err   error
	text  string
	after time.Duration // it took
}

// start runs Do in the background.
func start(c *conn.Conn, ctx context.Context, args ...string) chan result {
	done := make(chan result, 1)
	begin := time.Now()
	go func() {
		v, err := c.Do(ctx, args...)
		text, _ := v.Text()
		done <- result{err, text, time.Since(begin)}
	}()
	return done
}

// noLeaks makes the test fail if goroutines or descriptors are left when it has ended and everything is closed.
func noLeaks(t *testing.T) {
	t.Helper()
	noDescriptors(t)
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				stacks := make([]byte, 1<<20)
				t.Fatalf("%d goroutines before, %d after\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
			}
		}
	})
}

// request encodes commands given as words.
func request(commands ...[]string) *resp.Request {
	var q resp.Request
	for _, words := range commands {
		q.Cmd(words[0]).Args(words[1:]...)
	}
	return &q
}

// echo sends an ECHO of text and requires it back.
func echo(tb testing.TB, c *conn.Conn, text string) {
	tb.Helper()
	v, err := c.Do(context.Background(), "ECHO", text)
	require.NoError(tb, err)
	got, err := v.Text()
	require.NoError(tb, err)
	require.Equal(tb, text, got)
}

// failure returns err as a *conn.Error.
func failure(tb testing.TB, err error) *conn.Error {
	tb.Helper()
	var e *conn.Error
	require.ErrorAs(tb, err, &e)
	return e
}

// share divides n turns among callers.
func share(callers, n int, do func(n int)) {
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() { do((n + i) / callers) })
	}
	wg.Wait()
}

// parrot answers every command with the same reply, with one Write for all that arrived together. Once it is warm it allocates nothing.
func parrot(nc net.Conn, reply string) {
	defer func() { _ = nc.Close() }()
	var scanner resp.Scanner
	in, out := make([]byte, 64<<10), make([]byte, 0, 64<<10)
	end := 0
	for {
		n, err := nc.Read(in[end:])
		if err != nil {
			return
		}
		end += n
		start := 0
		for start < end {
			n, err := scanner.Scan(in[start:end])
			if err != nil {
				return
			}
			if n == 0 {
				break
			}
			start += n
			out = append(out, reply...)
		}
		end = copy(in, in[start:end])
		if _, err := nc.Write(out); err != nil {
			return
		}
		out = out[:0]
	}
}
