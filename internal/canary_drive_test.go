package internal

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
	"github.com/bwredis/bwredis/sentinel"
)

// canarySettings are those of a server at addr, reached through sentinels if there are any.
func canarySettings(t *testing.T, addr string, sentinels ...string) bwstate.Settings {
	host, portText, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	port, err := strconv.Atoi(portText)
	require.NoError(t, err)
	return bwstate.Settings{
		UseRedis: true, Host: host, Port: port, Database: 1, Password: canary, Timeout: 300 * time.Millisecond,
		SentinelHosts: sentinels, SentinelPassword: sentinelCanary, SentinelMaster: "mymaster",
		KeepaliveIdle: time.Minute, KeepalivePool: 3, Unit: bwstate.Seconds,
	}
}

// No password shows in an error, however the server refuses it and whoever had dialled.
func TestCanaryInErrors(t *testing.T) {
	for name, h := range hostile() {
		t.Run(name, func(t *testing.T) {
			addr := redistest.NewServer(t, h).Addr()
			for _, protocol := range []int{0, 2, 3} {
				d := &conn.Dialer{Password: canary, DB: 1, Protocol: protocol, Timeout: 300 * time.Millisecond}
				if c, err := d.Dial(t.Context(), "tcp", addr); err == nil {
					_, err = c.Do(t.Context(), "PING")
					if err != nil {
						errorHides(t, "conn", err)
					}
					_ = c.Close()
				} else {
					errorHides(t, "conn", err)
				}
			}
			openHides(t, "bwstate", canarySettings(t, addr))
			openHides(t, "bwstate through a sentinel", canarySettings(t, addr, addr))
			openHides(t, "bwstate through a good sentinel", canarySettings(t, addr, goodSentinel(t, addr)))
		})
	}
}

// openHides opens a State, which mostly fails.
func openHides(t *testing.T, name string, s bwstate.Settings) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	state, err := bwstate.Open(ctx, s)
	if err != nil {
		errorHides(t, name, err)
		return
	}
	hides(t, name, state)
	if _, err := state.Do(ctx, "AUTH", canary); err != nil {
		errorHides(t, name, err)
	}
	require.NoError(t, state.Close())
}

// goodSentinel sends everybody to addr.
func goodSentinel(t *testing.T, addr string) string {
	host, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	return redistest.NewServer(t, redistest.Override(map[string]redistest.Handler{
		"SENTINEL": func(c *redistest.Session, _ []string) {
			c.Array(2)
			c.Bulk(host)
			c.Bulk(port)
		},
	}, redistest.Redis(redistest.Options{Password: sentinelCanary}))).Addr()
}

// Neither does it where it never comes to a handshake.
func TestCanaryWhereNobodyAnswers(t *testing.T) {
	ca := redistest.NewCA(t)
	plain := redistest.NewServer(t, redistest.Redis(redistest.Options{Password: canary}))
	secure := redistest.NewTLSServer(t, redistest.Redis(redistest.Options{Password: canary}), ca.ServerConfig(ca.WrongName()))
	gone := redistest.NewServer(t, redistest.Redis(redistest.Options{}))
	gone.Close()
	dial := func(addr string, config *tls.Config) {
		d := &conn.Dialer{Password: canary, TLS: config, Timeout: time.Second}
		_, err := d.Dial(t.Context(), "tcp", addr)
		errorHides(t, addr, err)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = d.Dial(ctx, "tcp", addr)
		errorHides(t, "cancelled", err)
	}
	dial(gone.Addr(), nil)
	dial("no.such.host.invalid:1", nil)
	dial(plain.Addr(), ca.ClientConfig())
	dial(secure.Addr(), ca.ClientConfig())
	dial(secure.Addr(), nil)

	s := canarySettings(t, plain.Addr())
	s.SSL, s.SSLVerify, s.SSLCA = true, true, "/nowhere/ca.pem"
	openHides(t, "no such file", s)
	s.SSLCA = ca.File
	openHides(t, "no TLS there", s)
	openHides(t, "no sentinel there", canarySettings(t, gone.Addr(), gone.Addr(), plain.Addr()))
	for _, bad := range []map[string]string{
		{"REDIS_HOST": "h", "REDIS_PASSWORD": canary, "REDIS_PASSWORD_FILE": "/nowhere"},
		{"REDIS_HOST": "", "REDIS_PASSWORD": canary + "\n", "REDIS_SENTINEL_PASSWORD": sentinelCanary + "\x00"},
		{"REDIS_HOST": "h", "REDIS_PORT": "x", "REDIS_PASSWORD_FILE": "/nowhere"},
	} {
		bad["USE_REDIS"] = "yes"
		parsed, err := bwstate.ParseSettings(func(name string) string { return bad[name] })
		if err != nil {
			errorHides(t, "settings", err)
		}
		hides(t, "settings", parsed)
	}
}

// Nor does it in any way of printing what knows it.
func TestCanaryInValues(t *testing.T) {
	server := redistest.NewServer(t, redistest.Redis(redistest.Options{Password: canary}))
	d := &conn.Dialer{Password: canary, DB: 1, Timeout: time.Second}
	c, err := d.Dial(t.Context(), "tcp", server.Addr())
	require.NoError(t, err)
	defer c.Close()
	asks := sentinel.Config{Addrs: []string{goodSentinel(t, server.Addr())}, Master: "mymaster", Dialer: &conn.Dialer{Password: sentinelCanary}}
	resolver, err := sentinel.New(asks)
	require.NoError(t, err)
	cfg := pool.Config{Dial: resolver.Dial(d, sentinel.Master)}
	p, err := pool.New(cfg)
	require.NoError(t, err)
	defer p.Close()
	settings := canarySettings(t, server.Addr())
	state, err := bwstate.Open(t.Context(), settings)
	require.NoError(t, err)
	defer state.Close()
	_, err = bwstate.New(p).Do(t.Context(), "PING")
	require.NoError(t, err)
	var q resp.Request
	q.Cmd("AUTH").Str(canary)
	_, err = c.Do(t.Context(), "AUTH", canary+"!")
	errorHides(t, "AUTH by hand", err)
	sessions, err := state.Sessions("cookie")
	require.NoError(t, err)
	for _, v := range []any{
		d, *d, c, c.Hello(), p, p.Stats(), p.Var().String(), p.Advice(), cfg, &cfg, asks, &asks, resolver, *resolver, settings, &settings, state, bwstate.New(p), bwstate.New(c),
		sessions, &q, q,
		struct{ D conn.Dialer }{*d},
		[]*conn.Dialer{d},
	} {
		hides(t, "a value", v)
	}
}

// Nor in what a pool logs and traces of an outage.
func TestCanaryInWhatAPoolTells(t *testing.T) {
	told := new(listener)
	server := redistest.NewServer(t, redistest.Redis(redistest.Options{Password: "another"}))
	d := &conn.Dialer{Password: canary, Timeout: time.Second}
	note := func(e any) { fmt.Fprintf(told, "%v %+v %#v\n", e, e, e) }
	p, err := pool.New(pool.Config{
		Dial:   func(ctx context.Context) (*conn.Conn, error) { return d.Dial(ctx, "tcp", server.Addr()) },
		Logger: slog.New(slog.NewJSONHandler(told, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Trace:  &pool.Trace{Dial: func(e pool.DialTrace) { note(e) }, Wait: func(e pool.WaitTrace) { note(e) }},
	})
	require.NoError(t, err)
	_, err = bwstate.New(p).Do(t.Context(), "SET", "k", canary)
	errorHides(t, "a wrong password", err)
	note(err)
	require.NoError(t, p.Close())
	require.Contains(t, told.String(), "WRONGPASS")
	hides(t, "the log", told.String())
}

// A listener keeps what several goroutines tell.
type listener struct {
	mu   sync.Mutex
	told bytes.Buffer
}

func (l *listener) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.told.Write(b)
}

func (l *listener) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.told.String()
}
