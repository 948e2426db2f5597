package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bench"
	"github.com/bwredis/bwredis/bench/latency"
	"github.com/bwredis/bwredis/bench/server"
	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/resp"
)

const (
	key       = "bwredis:tune"
	keyTime   = 600 // seconds after which the key ends by itself
	valueSize = 64
)

var value = strings.Repeat("v", valueSize)

// A place is a server that is measured.
type place struct {
	name      string
	settings  bwstate.Settings
	responder bool // nothing is executed
	way       way  // as the settings say
	others    []way
	stop      func()
}

// A way is how connections to a place are made.
type way struct {
	name          string // "" for the only one
	network, addr string
	dialer        conn.Dialer
}

// through returns the same way by a proxy. The name in the certificate is still that of the server.
func (w way) through(p *latency.Proxy) way {
	w.dialer.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", p.Addr())
	}
	return w
}

func (w way) dial(ctx context.Context) (*conn.Conn, error) {
	return w.dialer.Dial(ctx, w.network, w.addr)
}

// findPlace returns the server of the settings, one that it starts, or the responder, and stores there what is read.
func findPlace(ctx context.Context, getenv func(string) string, binary string) (*place, error) {
	settings, err := bwstate.ParseSettings(getenv)
	if err != nil {
		return nil, err
	}
	var p *place
	if settings.UseRedis {
		p, err = userPlace(ctx, settings)
	} else if p, err = startedPlace(ctx, settings, binary); errors.Is(err, server.ErrNoServer) {
		p, err = responderPlace(settings)
	}
	if err != nil {
		return nil, err
	}
	if err := p.do(ctx, "SET", key, value, "EX", strconv.Itoa(keyTime)); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

func (p *place) do(ctx context.Context, args ...string) error {
	c, err := p.way.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Do(ctx, args...)
	return err
}

// leave removes what was stored.
func (p *place) leave() error {
	defer p.stop()
	ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
	defer cancel()
	return p.do(ctx, "DEL", key)
}

const leaveTime = 10 * time.Second

func userPlace(ctx context.Context, s bwstate.Settings) (*place, error) {
	t, err := server.OfSettings(ctx, s)
	if err != nil {
		return nil, err
	}
	w := way{network: t.Network, addr: t.Addr, dialer: conn.Dialer{
		TLS: t.TLS, Username: t.User, Password: t.Password, DB: t.DB, Timeout: max(s.Timeout, patience), KeepAlive: s.KeepaliveIdle,
	}}
	return &place{name: "the server of the settings: " + s.String(), settings: s, way: w, stop: func() {}}, nil
}

// patience is how long is waited for what is slow, whatever REDIS_TIMEOUT says: that is what is looked for.
const patience = 10 * time.Second

// startedPlace is reached with and without TLS and password.
func startedPlace(ctx context.Context, s bwstate.Settings, binary string) (*place, error) {
	started, err := server.Start(ctx, binary)
	if err != nil {
		return nil, err
	}
	p := &place{
		name: "a server that was started for this, on loopback", settings: s, stop: started.Stop,
		way: way{name: "plain", network: "tcp", addr: started.TCP.Addr, dialer: conn.Dialer{Timeout: patience}},
	}
	p.others = append(p.others, p.way.with("password", server.User, server.Password, nil))
	if started.TLS != nil {
		secure := p.way
		secure.addr = started.TLS.Addr
		p.others = append(p.others, secure.with("TLS", "", "", started.TLS.TLS), secure.with("TLS and password", server.User, server.Password, started.TLS.TLS))
	}
	return p, nil
}

func (w way) with(name, user, password string, secure *tls.Config) way {
	w.name, w.dialer.Username, w.dialer.Password, w.dialer.TLS = name, user, password, secure
	return w
}

func responderPlace(s bwstate.Settings) (*place, error) {
	addr, stop, err := bench.ServeOK(resp.AppendBulk(nil, value))
	if err != nil {
		return nil, err
	}
	return &place{
		name:     "a responder in this process, WHICH EXECUTES NOTHING: there is neither USE_REDIS=yes nor redis-server or valkey-server in PATH",
		settings: s, responder: true, stop: func() { _ = stop() },
		way: way{network: "tcp", addr: addr, dialer: conn.Dialer{Timeout: patience}},
	}, nil
}

// serverTimeout asks after how long the server closes idle connections, 0: never. It is not known where CONFIG is not allowed.
func (p *place) serverTimeout(ctx context.Context) (timeout time.Duration, known bool) {
	if p.responder {
		return 0, false
	}
	c, err := p.way.dial(ctx)
	if err != nil {
		return 0, false
	}
	defer c.Close()
	v, err := c.Do(ctx, "CONFIG", "GET", "timeout")
	if err != nil {
		return 0, false
	}
	for name, setting := range v.Pairs() {
		if text, _ := name.Text(); text != "timeout" {
			continue
		}
		text, _ := setting.Text()
		seconds, err := strconv.Atoi(text)
		return time.Duration(seconds) * time.Second, err == nil
	}
	return 0, false
}

// far puts the added latency in between, also where that is 0: then what a proxy costs by itself is in all figures alike.
func (p *place) far(w way, added time.Duration) (way, *latency.Proxy, error) {
	proxy, err := latency.Listen(w.network, w.addr, added)
	if err != nil {
		return way{}, nil, fmt.Errorf("proxy: %w", err)
	}
	return w.through(proxy), proxy, nil
}
