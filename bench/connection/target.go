package main

import (
	"context"
	"crypto/tls"
	"net"
)

// A target is a way to reach a server.
type target struct {
	network, addr  string      // as for net.Dial
	tls            *tls.Config // nil: none
	user, password string
	memory         func() net.Conn // takes the place of the network
}

// plain connects without TLS.
func (t target) plain(ctx context.Context) (net.Conn, error) {
	if t.memory != nil {
		return t.memory(), nil
	}
	var d net.Dialer
	return d.DialContext(ctx, t.network, t.addr)
}

// connect is how every client gets its connections: what dialling costs is the same for all. What it returns is not wrapped, for some clients look at the
// descriptor of an idle connection.
func (t target) connect(ctx context.Context) (net.Conn, error) {
	nc, err := t.plain(ctx)
	if err != nil || t.tls == nil {
		return nc, err
	}
	secured := tls.Client(nc, t.tls)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = nc.Close()
		return nil, err
	}
	return secured, nil
}

// resuming returns the same target for connections that resume the TLS session of those before. Every client has a cache of its own.
func (t target) resuming() target {
	t.tls = t.tls.Clone()
	t.tls.ClientSessionCache = tls.NewLRUClientSessionCache(0)
	return t
}

// overMemory is plain as a function that dials.
func (t target) overMemory(context.Context, string, string) (net.Conn, error) { return t.memory(), nil }
