package nodeapi

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A node that says back what it was told does not get the token into errors, nor anything else of the request's.
func TestTheTokenIsInNoError(t *testing.T) {
	before := 0
	n := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(401)
		fmt.Fprintf(w, `{"status":"error","msg":"%s%s is not it"}`, strings.Repeat("x", before), r.Header.Get("Authorization"))
	}))
	defer n.Close()
	cfg := Config{Nodes: []string{n.URL}, Token: "canary"}
	c, err := New(cfg)
	require.NoError(t, err)
	for _, before = range []int{0, maxMessage - len("Bearer can")} {
		err = c.Ping(t.Context())
		e := Errors(err)[0]
		require.Equal(t, 401, e.Status)
		for _, text := range []string{err.Error(), fmt.Sprintf("%+v %#v %v %+v %#v", e, e, *c, *c, *c), fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg), fmt.Sprint(c)} {
			require.NotContains(t, text, "canary")
			require.NotContains(t, text, "Bearer can", "nor the beginning of it")
		}
	}
}

// A node that closes a kept connection, as it does when it is told to load its configuration again, is asked again.
func TestAConnectionThatWasClosedIsMadeAgain(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	go func() {
		for first := true; ; first = false {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				buf := make([]byte, 4096)
				for n := 0; ; n++ {
					if _, err := c.Read(buf); err != nil || first && n == 1 { // the second request on the first connection has no answer
						return
					}
					fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(done), done)
				}
			}()
		}
	}()
	c, err := New(Config{Nodes: []string{l.Addr().String()}})
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, c.Unban(t.Context(), ip, ""))
	}
}

// A node whose socket was closed with words of ours unread answers with a reset.
func TestAResetIsAClosedConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.ReadFull(c, make([]byte, 16))
			_ = c.(*net.TCPConn).SetLinger(0)
			_ = c.Close()
		}
	}()
	c, err := New(Config{Nodes: []string{l.Addr().String()}})
	require.NoError(t, err)
	require.ErrorIs(t, c.Unban(t.Context(), ip, ""), ErrClosed)
}

// An answer that never ends holds up nobody beyond the timeout, or for longer than the caller waits, and nothing goes on behind.
func TestAnswersThatNeverEnd(t *testing.T) {
	drip := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, " ")
			_ = http.NewResponseController(w).Flush()
			time.Sleep(time.Millisecond)
		}
	}))
	defer drip.Close()
	before := runtime.NumGoroutine()
	transport := &http.Transport{}
	c, err := New(Config{Nodes: []string{drip.URL}, Timeout: 50 * time.Millisecond, HTTP: &http.Client{Transport: transport}})
	require.NoError(t, err)
	lists, err := c.Bans(t.Context())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, 200, lists[0].Err.(*Error).Status)
	c.timeout = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, c.Ping(ctx), context.DeadlineExceeded)
	transport.CloseIdleConnections()
	drip.CloseClientConnections()
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 }, 10*time.Second, time.Millisecond)
}

// A caller who leaves leaves at once, also with more nodes than are asked at the same time.
func TestManyStuckNodes(t *testing.T) {
	stuck := newNode(t)
	stuck.mu.Lock()
	defer stuck.mu.Unlock()
	_, port, err := net.SplitHostPort(stuck.Listener.Addr().String())
	require.NoError(t, err)
	var nodes []string
	for i := range 3 * maxAtOnce {
		nodes = append(nodes, fmt.Sprintf("127.0.1.%d:%s", i+1, port), fmt.Sprintf("localhost:%s", port))
	}
	c, err := New(Config{Nodes: nodes, Timeout: time.Hour})
	require.NoError(t, err)
	require.Len(t, c.Nodes(), 3*maxAtOnce+1)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.Error(t, c.Ping(ctx))
}

func TestNodesOfTLS(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		n := &node{status: 200, answer: done, token: "t"}
		n.Server = httptest.NewUnstartedServer(n)
		n.EnableHTTP2 = http2
		n.StartTLS()
		defer n.Close()
		c, err := New(Config{Nodes: []string{n.URL}, Token: "t", HTTP: n.Client()})
		require.NoError(t, err)
		require.NoError(t, c.Unban(t.Context(), ip, ""))
		untrusting, err := New(Config{Nodes: []string{n.URL}, Token: "t"})
		require.NoError(t, err)
		var bad *tls.CertificateVerificationError
		require.ErrorAs(t, untrusting.Unban(t.Context(), ip, ""), &bad)
		require.Len(t, n.asked, 1)
	}
}

func TestNodeURLsOfOneNode(t *testing.T) {
	c, err := New(Config{Nodes: []string{"http://[2001:DB8::5]", "2001:db8:0:0::5", "[2001:db8::5]:5000", "http://[fe80::1%25Eth0]", "fe80::1%Eth0", "10.0.0.5:05000", "10.0.0.5"}})
	require.NoError(t, err)
	require.Equal(t, []string{"http://[2001:db8::5]:5000", "http://[fe80::1%25Eth0]:5000", "http://10.0.0.5:5000"}, c.Nodes())
	for _, node := range c.Nodes() {
		_, err := http.NewRequest("GET", node+"/ping", nil)
		require.NoError(t, err, node)
	}
}

func TestAConfigWithAProblemMakesNoClient(t *testing.T) {
	c, err := New(Config{Nodes: []string{"a", "ftp://b"}})
	require.Error(t, err)
	require.Nil(t, c)
}

func TestBansOfNobody(t *testing.T) {
	n := newNode(t)
	for answer, skipped := range map[string]int{
		`{"data":[{"ip":"fe80::1%eth0"},{"ip":""},{"ip":"_ip_"},[],{}],"status":"success"}`: 5,
		`{"data":null,"msg":[],"status":"success"}`:                                         0,
		`{"data":"x","msg":{},"status":"success"}`:                                          0,
	} {
		n.answer = answer
		lists, err := clientOf(t, Config{}, n).Bans(t.Context())
		require.NoError(t, err)
		require.Equal(t, []NodeBans{{Node: n.URL, Skipped: skipped}}, lists, answer)
	}
	for _, answer := range []string{"", "null", "[]", `{"status":1}`, `{"status":"success"`, "\ufeff" + done, done + done, strings.Repeat("[", 1<<20)} {
		n.answer = answer
		_, err := clientOf(t, Config{}, n).Bans(t.Context())
		require.Len(t, Errors(err), 1, "%.20q", answer)
	}
}
