package redistest

import (
	"context"
	"net"
	"testing"
)

// NewMemoryProxy is [NewProxy] without sockets: every connection leads to a server of its own, which serve is. All of it can be used under
// testing/synctest. Clients connect with [Proxy.DialContext].
func NewMemoryProxy(tb testing.TB, serve func(server net.Conn)) *Proxy {
	tb.Helper()
	var p *Proxy
	p = newProxy(tb, func() (net.Conn, error) {
		client, server := Pipe()
		p.wg.Go(func() { serve(server) })
		return client, nil
	})
	return p
}

// DialContext connects to the proxy, whatever address it is told.
func (p *Proxy) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	if p.listener != nil {
		return new(net.Dialer).DialContext(ctx, "tcp", p.Addr())
	}
	client, server := Pipe()
	if !p.admit(server) {
		return nil, &net.OpError{Op: "dial", Net: "pipe", Addr: server.RemoteAddr(), Err: net.ErrClosed}
	}
	return client, nil
}
