// Package dial is how every client of a comparison gets its connections, and gets them alike.
package dial

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

// A Func dials.
type Func func(ctx context.Context, network, addr string) (net.Conn, error)

// A Target is a way to reach a server.
type Target struct {
	Network, Addr  string      // as for net.Dial
	TLS            *tls.Config // nil: none
	User, Password string      // a password without a user is that of the default user
	DB             int
	Memory         func() net.Conn // takes the place of the network
	Dial           Func            // as well, for who wants to see what goes over it

	Attempt func() // called before each connection is tried; nil: nobody is
	// Timeout is what a caller waits for a reply on a connection that is its own; 0: for as long as its context, or as the client does by itself where it
	// is patient. Where several share a connection, not every library has a timeout for each.
	Timeout time.Duration
	// Patient is for measuring what happens when things go wrong: clients keep the timeouts, retries and probes that they have by themselves, and observe
	// contexts, where otherwise they have the settings that make them fastest.
	Patient bool
}

// plain connects without TLS.
func (t Target) plain(ctx context.Context) (net.Conn, error) {
	if t.Attempt != nil {
		t.Attempt()
	}
	if t.Memory != nil {
		return t.Memory(), nil
	}
	if t.Dial != nil {
		return t.Dial(ctx, t.Network, t.Addr)
	}
	var d net.Dialer
	return d.DialContext(ctx, t.Network, t.Addr)
}

// Connect is how clients connect: what dialling costs is the same for all. What it returns is not wrapped, for some clients look at the
// descriptor of an idle connection.
func (t Target) Connect(ctx context.Context) (net.Conn, error) {
	nc, err := t.plain(ctx)
	if err != nil || t.TLS == nil {
		return nc, err
	}
	secured := tls.Client(nc, t.named())
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = nc.Close()
		return nil, err
	}
	return secured, nil
}

// named is the TLS configuration with a name to find in the certificate.
func (t Target) named() *tls.Config {
	if t.TLS.ServerName != "" || t.TLS.InsecureSkipVerify {
		return t.TLS
	}
	config := t.TLS.Clone()
	config.ServerName, _, _ = net.SplitHostPort(t.Addr)
	return config
}

// Resuming returns the same target for connections that resume the TLS session of those before. Every client has a cache of its own.
func (t Target) Resuming() Target {
	t.TLS = t.TLS.Clone()
	t.TLS.ClientSessionCache = tls.NewLRUClientSessionCache(0)
	return t
}

// dialled is plain as a function that dials.
func (t Target) dialled(ctx context.Context, _, _ string) (net.Conn, error) { return t.plain(ctx) }
