package sentinel_test

import (
	"context"
	"net"
	"runtime"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/sentinel"
	"github.com/stretchr/testify/require"
)

// A network has a handler for each address that somebody listens on. Under synctest it has its own time, and a goroutine that does not end fails the test.
type network map[string]redistest.Handler

func (n network) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	if addr == silent {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	h, ok := n[addr]
	if !ok {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	client, server := redistest.Pipe()
	go redistest.Serve(server, h)
	return client, nil
}

// dialer dials in the network.
func (n network) dialer() *conn.Dialer { return &conn.Dialer{DialContext: n.dial} }

const (
	silent  = "192.0.2.66:26379" // there connecting never ends
	timeout = 300 * time.Millisecond
)

// resolver asks the sentinels at addrs.
func (n network) resolver(t *testing.T, addrs ...string) *sentinel.Resolver {
	t.Helper()
	return newResolver(t, sentinel.Config{Addrs: addrs, Master: "mymaster", Dialer: n.dialer(), Timeout: timeout})
}

func newResolver(t *testing.T, cfg sentinel.Config) *sentinel.Resolver {
	t.Helper()
	r, err := sentinel.New(cfg)
	require.NoError(t, err)
	return r
}

// A replica is what a sentinel tells of one.
type replica struct{ host, port, flags, link string }

// A watch is what a sentinel knows of the master mymaster.
type watch struct {
	host, port string
	replicas   []replica
	delay      time.Duration
	redistest.Options
}

// handler answers as a sentinel does.
func (w watch) handler() redistest.Handler {
	return redistest.Override(map[string]redistest.Handler{
		"SENTINEL GET-MASTER-ADDR-BY-NAME": w.master,
		"SENTINEL SLAVES":                  w.slaves,
	}, redistest.Redis(w.Options))
}

func (w watch) master(c *redistest.Session, args []string) {
	time.Sleep(w.delay)
	switch {
	case w.Password != "" && c.User == "":
		c.Error("NOAUTH Authentication required.")
	case args[2] != "mymaster":
		c.Null()
	default:
		c.Array(2)
		c.Bulk(w.host)
		c.Bulk(w.port)
	}
}

func (w watch) slaves(c *redistest.Session, args []string) {
	time.Sleep(w.delay)
	if args[2] != "mymaster" {
		c.Error("ERR No such master with that name")
		return
	}
	c.Array(len(w.replicas))
	for _, r := range w.replicas {
		c.Map(5)
		for _, s := range []string{"name", r.host + ":" + r.port, "ip", r.host, "port", r.port, "flags", r.flags, "master-link-status", r.link} {
			c.Bulk(s)
		}
	}
}

// answers makes a sentinel that answers every question in the same way.
func answers(raw string) redistest.Handler {
	say := func(c *redistest.Session, _ []string) { c.Raw(raw) }
	return redistest.Override(map[string]redistest.Handler{"SENTINEL": say}, redistest.Redis(redistest.Options{}))
}

// stalls makes a server that takes connections and says nothing.
func stalls(c *redistest.Session, _ []string) { c.Stall() }

// is makes a server with that role.
func is(role sentinel.Role) redistest.Handler {
	return redistest.Override(map[string]redistest.Handler{"ROLE": func(c *redistest.Session, _ []string) {
		c.Array(3)
		c.Bulk(string(role))
		c.Int(0)
		c.Array(0)
	}}, redistest.Redis(redistest.Options{}))
}

// bubble runs a test in its own time. A moment later no resolver may be at work any more, and after a while nothing at all.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(t)
		time.Sleep(moment)
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		require.NotContains(t, string(stacks), "(*Resolver).ask")
		time.Sleep(time.Second)
	})
}

// moment is how long it takes to notice that a context has ended.
const moment = 10 * time.Millisecond

// runBubble is bubble in a subtest.
func runBubble(t *testing.T, name string, test func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { bubble(t, test) })
}
