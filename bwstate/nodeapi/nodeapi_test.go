package nodeapi

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
)

var ip = netip.MustParseAddr("1.2.3.4")

// A node answers like BunkerWeb's, and notes what it was asked.
type node struct {
	*httptest.Server
	mu     sync.Mutex
	asked  []string
	status int
	answer string
	token  string
}

const done = `{"msg":"done","status":"success"}` + "\n"

func newNode(t *testing.T) *node {
	n := &node{status: 200, answer: done}
	n.Server = httptest.NewServer(n)
	t.Cleanup(n.Close)
	return n
}

func (n *node) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if r.Host != DefaultHost || n.token != "" && r.Header.Get("Authorization") != "Bearer "+n.token {
		panic(http.ErrAbortHandler) // nginx's 444
	}
	body, _ := io.ReadAll(r.Body)
	n.asked = append(n.asked, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+string(body)))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(n.status)
	_, _ = io.WriteString(w, n.answer)
}

func (n *node) last() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked[len(n.asked)-1]
}

func clientOf(t *testing.T, cfg Config, nodes ...*node) *Client {
	for _, n := range nodes {
		cfg.Nodes = append(cfg.Nodes, n.URL)
	}
	c, err := New(cfg)
	require.NoError(t, err)
	return c
}

type recorded struct {
	Name    string
	Request struct {
		Method, Path string
		Body         json.RawMessage
	}
	Status   int
	Response string
}

func loadRecorded(t *testing.T) []recorded {
	var file struct{ Cases []recorded }
	text, err := os.ReadFile("testdata/instance_api.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &file))
	require.NotEmpty(t, file.Cases)
	return file.Cases
}

// What a real node answered is taken for what it was.
func TestRecordedAnswers(t *testing.T) {
	for _, c := range loadRecorded(t) {
		t.Run(c.Name, func(t *testing.T) {
			n := newNode(t)
			n.status, n.answer = c.Status, c.Response
			client := clientOf(t, Config{}, n)
			var body any
			if string(c.Request.Body) != "null" {
				body = c.Request.Body
			}
			a, err := client.call(t.Context(), n.URL, "call", c.Request.Method, c.Request.Path, body, maxAnswer)
			if c.Status == http.StatusOK {
				require.NoError(t, err)
				require.NotEmpty(t, a.Msg)
				return
			}
			var e *Error
			require.ErrorAs(t, err, &e)
			var said struct{ Msg string }
			require.NoError(t, json.Unmarshal([]byte(c.Response), &said))
			require.Equal(t, Error{Node: n.URL, Op: "call", Status: c.Status, Message: said.Msg}, *e)
		})
	}
}

// Requests that a client makes are those that were recorded; what a node took for something else, or refused, is not sent.
func TestRecordedRequests(t *testing.T) {
	service := "app1.example.com"
	minute := func(b bwstate.Ban) bwstate.Ban { b.IP, b.Remaining = ip, time.Minute; return b }
	calls := map[string]func(ctx context.Context, c *Client) error{
		"ban-minimal": func(ctx context.Context, c *Client) error { // with what the node takes for granted
			return c.Ban(ctx, bwstate.Ban{IP: ip, Reason: "manual", Remaining: 24 * time.Hour})
		},
		"ban-ui-service": func(ctx context.Context, c *Client) error {
			return c.Ban(ctx, minute(bwstate.Ban{Reason: "ui", Scope: bwstate.ServiceScope, Service: service}))
		},
		"ban-fractional": func(ctx context.Context, c *Client) error { // rounded up
			return c.Ban(ctx, bwstate.Ban{IP: ip, Reason: "ui", Remaining: 60500 * time.Millisecond})
		},
		"ban-exp-null":   func(ctx context.Context, c *Client) error { return c.Ban(ctx, bwstate.Ban{IP: ip}) },
		"ban-string-exp": func(ctx context.Context, c *Client) error { return c.Ban(ctx, bwstate.Ban{IP: ip, Remaining: -1}) },
		"ban-bad-ip":     func(ctx context.Context, c *Client) error { return c.Ban(ctx, bwstate.Ban{Remaining: time.Minute}) },
		"ban-reserved-service": func(ctx context.Context, c *Client) error {
			return c.Ban(ctx, minute(bwstate.Ban{Scope: bwstate.ServiceScope, Service: "Web UI"}))
		},
		"ban-bad-scope": func(ctx context.Context, c *Client) error { return c.Ban(ctx, minute(bwstate.Ban{Scope: "weird"})) },
		"ban-ipv6": func(ctx context.Context, c *Client) error {
			b := minute(bwstate.Ban{Reason: "manual"})
			b.IP = netip.MustParseAddr("2001:DB8::1")
			return c.Ban(ctx, b)
		},
		"unban-service":          func(ctx context.Context, c *Client) error { return c.Unban(ctx, ip, service) },
		"unban-service-reserved": func(ctx context.Context, c *Client) error { return c.Unban(ctx, ip, "unknown") },
		"redis-ping":             func(ctx context.Context, c *Client) error { return c.PingRedis(ctx) },
	}
	sent := map[string]string{
		"ban-minimal":    `POST /ban {"ip":"1.2.3.4","exp":86400,"reason":"manual","service":"unknown","ban_scope":"global"}`,
		"ban-ui-service": `POST /ban {"ip":"1.2.3.4","exp":60,"reason":"ui","service":"app1.example.com","ban_scope":"service"}`,
		"ban-fractional": `POST /ban {"ip":"1.2.3.4","exp":61,"reason":"ui","service":"unknown","ban_scope":"global"}`,
		"ban-ipv6":       `POST /ban {"ip":"2001:db8::1","exp":60,"reason":"manual","service":"unknown","ban_scope":"global"}`,
		"unban-service":  `POST /unban {"ip":"1.2.3.4","ban_scope":"service","service":"app1.example.com"}`,
		"redis-ping":     `POST /redis/ping`,
	}
	for _, c := range loadRecorded(t) {
		call := calls[c.Name]
		if c.Name == "redis-stats" {
			continue // nothing asks for it
		}
		require.NotNil(t, call, c.Name)
		n := newNode(t)
		err := call(t.Context(), clientOf(t, Config{}, n))
		want, ok := sent[c.Name]
		if !ok {
			var e *bwstate.ArgumentError
			require.ErrorAs(t, err, &e, c.Name)
			require.Empty(t, n.asked, c.Name)
			continue
		}
		require.NoError(t, err, c.Name)
		require.Equal(t, want, n.last(), c.Name)
		require.True(t, strings.HasPrefix(want, c.Request.Method+" "+c.Request.Path), c.Name)
		if c.Name == "unban-service" || c.Name == "ban-ui-service" {
			require.JSONEq(t, string(c.Request.Body), n.last()[strings.Index(n.last(), "{"):], c.Name)
		}
	}
}

func TestUnbanOfAllServices(t *testing.T) {
	n := newNode(t)
	c := clientOf(t, Config{}, n)
	require.NoError(t, c.Unban(t.Context(), ip, ""))
	require.Equal(t, `POST /unban {"ip":"1.2.3.4","ban_scope":"global"}`, n.last())
	require.NoError(t, c.Ban(t.Context(), bwstate.Ban{IP: ip, Permanent: true, Service: "bwcli"}))
	require.Equal(t, `POST /ban {"ip":"1.2.3.4","exp":0,"reason":"","service":"bwcli","ban_scope":"global"}`, n.last())
	require.NoError(t, c.Ping(t.Context()))
	require.Equal(t, "GET /ping", n.last())
	for _, bad := range []error{
		c.Unban(t.Context(), netip.Addr{}, ""), c.Unban(t.Context(), netip.MustParseAddr("fe80::1%eth0"), ""), c.Unban(t.Context(), ip, "a b"), c.Unban(t.Context(), ip, "a\xff"),
		c.Ban(t.Context(), bwstate.Ban{IP: ip, Remaining: 1<<63 - 1}),
	} {
		var e *bwstate.ArgumentError
		require.ErrorAs(t, bad, &e)
	}
	require.Len(t, n.asked, 3)
}

func TestBans(t *testing.T) {
	n, empty, odd := newNode(t), newNode(t), newNode(t)
	n.answer = `{"data":[
		{"ip":"1.2.3.4","reason":"manual","service":"unknown","date":1700000000,"country":"FR","ban_scope":"global","exp":600,"permanent":false},
		{"ip":"2001:db8::1","reason":"bad behavior","service":"a","date":0,"ban_scope":"service","exp":0,"permanent":true},
		{"ip":"b_ip_9.9.9.9","service":"my","ban_scope":"service","exp":0.5,"permanent":false},
		{"ip":"b_ip_c_ip_9.9.9.8","service":"my","ban_scope":"service","exp":1e300},
		{"ip":"9.9.9.7","exp":5,"permanent":true},
		{"ip":"1.2.3.0/24"},{"ip":7},"x",null,
		{"ip":"8.8.8.8","reason":{},"service":[],"date":"x","country":null,"ban_scope":3,"exp":"y","permanent":"z"}
	],"msg":"success","status":"success"}`
	empty.answer = `{"msg":"","status":"success"}`
	odd.answer = `{"msg":"success","data":{},"status":"success"}`
	old := newNode(t)
	old.answer = `{"msg":[{"ip":"1.2.3.4"}],"status":"success"}`
	lists, err := clientOf(t, Config{}, n, empty, odd, old).Bans(t.Context())
	require.NoError(t, err)
	require.Equal(t, []NodeBans{
		{Node: n.URL, Skipped: 4, Bans: []bwstate.Ban{
			{IP: ip, Scope: "global", Service: "unknown", Reason: "manual", Country: "FR", Date: time.Unix(1_700_000_000, 0), Remaining: 10 * time.Minute},
			{IP: netip.MustParseAddr("2001:db8::1"), Scope: "service", Service: "a", Reason: "bad behavior", Permanent: true},
			{IP: netip.MustParseAddr("9.9.9.9"), Scope: "service", Service: "my_ip_b"},
			{IP: netip.MustParseAddr("9.9.9.8"), Scope: "service", Service: "my_ip_b_ip_c", Remaining: 9e9 * time.Second},
			{IP: netip.MustParseAddr("9.9.9.7"), Scope: "global", Permanent: true},
			{IP: netip.MustParseAddr("8.8.8.8"), Scope: "global"},
		}},
		{Node: empty.URL},
		{Node: odd.URL},
		{Node: old.URL, Bans: []bwstate.Ban{{IP: ip, Scope: "global"}}},
	}, lists)
}

func TestNodesThatFail(t *testing.T) {
	fine, refusing, elsewhere, silent, nonsense, stuck := newNode(t), newNode(t), newNode(t), newNode(t), newNode(t), newNode(t)
	refusing.status, refusing.answer = 500, `{"msg":"`+strings.Repeat("x", 1000)+`","status":"error"}`
	elsewhere.status = 302
	silent.token = "other"
	nonsense.answer = "<html>"
	stuck.mu.Lock()
	defer stuck.mu.Unlock()
	gone := newNode(t)
	gone.Close()
	c := clientOf(t, Config{Token: "canary", Timeout: time.Second}, refusing, fine, elsewhere, silent, nonsense, stuck, gone)
	err := c.Unban(t.Context(), ip, "")
	require.Len(t, fine.asked, 1, "others are none of its business")
	all := Errors(err)
	require.Len(t, all, 6)
	for i, want := range []struct {
		node   *node
		status int
	}{{refusing, 500}, {elsewhere, 302}, {silent, 0}, {nonsense, 200}, {stuck, 0}, {gone, 0}} {
		require.Equal(t, want.node.URL, all[i].Node)
		require.Equal(t, want.status, all[i].Status)
	}
	require.Less(t, len(all[0].Message), 300)
	require.ErrorIs(t, all[2], ErrClosed)
	require.ErrorIs(t, all[4], context.DeadlineExceeded)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %v", err, c, c, *all[2]), "canary")

	lists, err := clientOf(t, Config{}, refusing, fine).Bans(t.Context())
	require.Len(t, Errors(err), 1)
	require.Error(t, lists[0].Err)
	require.NoError(t, lists[1].Err)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, c.Ping(ctx), context.Canceled)
}

// Neither the token nor anything else goes where a node sends us.
func TestRedirectsAreNotFollowed(t *testing.T) {
	other := newNode(t)
	for _, status := range []int{301, 307, 308} {
		n := httptest.NewServer(http.RedirectHandler(other.URL+"/ban", status))
		defer n.Close()
		c, err := New(Config{Nodes: []string{n.URL}, Token: "t", HTTP: &http.Client{}})
		require.NoError(t, err)
		all := Errors(c.Ban(t.Context(), bwstate.Ban{IP: ip, Permanent: true}))
		require.Len(t, all, 1)
		require.Equal(t, status, all[0].Status)
	}
	require.Empty(t, other.asked)
}

func TestAnswersAreBounded(t *testing.T) {
	n := newNode(t)
	n.answer = `{"status":"success","msg":"` + strings.Repeat("x", maxAnswer) + `"}`
	require.ErrorContains(t, clientOf(t, Config{}, n).Ping(t.Context()), "too large")
}

func TestTokensAreSent(t *testing.T) {
	n := newNode(t)
	n.token = "secret"
	require.NoError(t, clientOf(t, Config{Token: "secret"}, n).Ping(t.Context()))
	require.ErrorIs(t, clientOf(t, Config{}, n).Ping(t.Context()), ErrClosed)
	require.ErrorIs(t, clientOf(t, Config{Token: "secret", Host: "other"}, n).Ping(t.Context()), ErrClosed)
}

func TestNodesOfIPv6(t *testing.T) {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("there is no IPv6 here")
	}
	n := &node{status: 200, answer: done}
	n.Server = &httptest.Server{Listener: l, Config: &http.Server{Handler: n}}
	n.Start()
	defer n.Close()
	require.NoError(t, clientOf(t, Config{}, n).Ping(t.Context()))
}

func TestNodeURLs(t *testing.T) {
	for text, want := range map[string]string{
		"10.0.0.5": "http://10.0.0.5:5000", "bw-1:6000": "http://bw-1:6000", "https://BW-1/": "https://bw-1:5443", "http://[2001:db8::5]": "http://[2001:db8::5]:5000",
		"2001:db8::5": "http://[2001:db8::5]:5000", "[2001:db8::5]:5001": "http://[2001:db8::5]:5001", " http://a ": "http://a:5000",
	} {
		got, problem := nodeURL(text)
		require.Empty(t, problem, text)
		require.Equal(t, want, got)
	}
	for _, text := range []string{
		"", "ftp://a", "http://", "http://user:hunter2@a", "http://a/path", "http://a?x=hunter2", "http://a#b", "http://a:0", "http://a:99999", "http://a:b", "unix:/x", "http://[::1", "http://a b",
	} {
		_, problem := nodeURL(text)
		require.NotEmpty(t, problem, text)
		require.NotContains(t, problem, "hunter2")
	}
}

func TestConfigsAreChecked(t *testing.T) {
	_, err := New(Config{Nodes: []string{"ftp://a", "http://x:y@b"}, Host: "a b", Token: "a\nb", Timeout: -1})
	for _, name := range []string{"Nodes", "Host", "Token", "Timeout"} {
		require.ErrorContains(t, err, name)
	}
	_, err = New(Config{})
	require.ErrorContains(t, err, "Nodes are none")
	c, err := New(Config{Nodes: []string{"a", "http://a:5000/"}})
	require.NoError(t, err)
	require.Equal(t, []string{"http://a:5000"}, c.Nodes())
}

func TestUnbanEverywhere(t *testing.T) {
	state, err := bwstate.Open(t.Context(), bwstate.Settings{})
	require.NoError(t, err)
	defer state.Close()
	require.NoError(t, state.AddBan(t.Context(), bwstate.Ban{IP: ip, Permanent: true}))
	require.NoError(t, state.AddBan(t.Context(), bwstate.Ban{IP: ip, Scope: bwstate.ServiceScope, Service: "a", Permanent: true}))
	fine, bad := newNode(t), newNode(t)
	bad.status, bad.answer = 500, `{"msg":"no","status":"error"}`
	c := clientOf(t, Config{}, bad, fine)
	report, err := c.UnbanEverywhere(t.Context(), state, ip, bwstate.Everywhere{})
	require.Len(t, Errors(err), 1)
	require.Equal(t, bwstate.Lifted{Global: true, Services: []string{"a"}}, report.Lifted)
	require.NoError(t, report.Redis)
	require.Equal(t, []string{bad.URL, fine.URL}, []string{report.Nodes[0].Node, report.Nodes[1].Node})
	require.Error(t, report.Nodes[0].Err)
	require.NoError(t, report.Nodes[1].Err)
	require.Equal(t, `POST /unban {"ip":"1.2.3.4","ban_scope":"global"}`, fine.last())

	require.NoError(t, state.Close())
	report, err = c.UnbanEverywhere(t.Context(), state, ip, bwstate.Everywhere{})
	require.ErrorIs(t, err, report.Redis)
	require.Error(t, report.Redis)
	require.Len(t, fine.asked, 2, "nodes are told even when Redis fails")

	_, err = c.UnbanEverywhere(t.Context(), state, netip.Addr{}, bwstate.Everywhere{})
	var e *bwstate.ArgumentError
	require.ErrorAs(t, err, &e)
	_, err = c.UnbanEverywhere(t.Context(), state, ip, bwstate.Everywhere{Services: []string{""}})
	require.ErrorAs(t, err, &e)
	require.Len(t, fine.asked, 2)
}

func FuzzBans(f *testing.F) {
	f.Add(`{"data":[{"ip":"b_ip_1.2.3.4","exp":1e300,"date":1e300}],"status":"success"}`)
	f.Add(`{"msg":[{"ip":"1.2.3.4","exp":-1}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var a answer
		if json.Unmarshal([]byte(text), &a) != nil {
			return
		}
		var l NodeBans
		l.read(a)
		for _, b := range l.Bans {
			require.True(t, b.IP.IsValid())
			require.GreaterOrEqual(t, b.Remaining, time.Duration(0))
			require.False(t, b.Permanent && b.Remaining > 0)
		}
	})
}
