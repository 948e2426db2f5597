// Package latency passes TCP connections on to a server as if that were farther away.
package latency

import (
	"net"
	"sync"
	"time"

	"github.com/bwredis/bwredis/bench/server"
)

// A Proxy listens on loopback. Whatever it passes takes half of the added latency in each direction, and a connection one whole more before its first byte leaves, as the
// handshake of TCP does. It limits neither throughput nor what is in flight.
type Proxy struct {
	network, addr string // of the server
	added         time.Duration
	listener      net.Listener
	wg            sync.WaitGroup

	mu   sync.Mutex
	open map[net.Conn]struct{} // guarded by mu; nil: closed
}

// Listen starts a proxy for a server.
func Listen(network, addr string, added time.Duration) (*Proxy, error) {
	l, err := net.Listen("tcp", server.Loopback+":0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{network: network, addr: addr, added: added, listener: l, open: map[net.Conn]struct{}{}}
	p.wg.Go(p.accept)
	return p, nil
}

// Addr is the host:port to dial.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Close ends all connections and waits until nothing is left.
func (p *Proxy) Close() error {
	err := p.listener.Close()
	p.mu.Lock()
	for nc := range p.open {
		_ = nc.Close()
	}
	p.open = nil
	p.mu.Unlock()
	p.wg.Wait()
	return err
}

func (p *Proxy) accept() {
	for {
		nc, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.wg.Go(func() { p.serve(nc, time.Now()) })
	}
}

// keep remembers a connection for Close, and reports whether the proxy still runs.
func (p *Proxy) keep(nc net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open == nil {
		_ = nc.Close()
		return false
	}
	p.open[nc] = struct{}{}
	return true
}

func (p *Proxy) forget(nc net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, nc)
	_ = nc.Close()
}

// dialTimeout bounds connecting to the server.
const dialTimeout = 10 * time.Second

// serve passes bytes between a client that was accepted and the server, until both directions have ended or one of them is broken.
func (p *Proxy) serve(client net.Conn, accepted time.Time) {
	if !p.keep(client) {
		return
	}
	defer p.forget(client)
	far, err := net.DialTimeout(p.network, p.addr, dialTimeout)
	if err != nil || !p.keep(far) {
		return
	}
	defer p.forget(far)
	var wg sync.WaitGroup
	pass := func(from, to net.Conn, l *line) {
		wg.Go(func() { l.take(from) })
		wg.Go(func() {
			if l.give(to) != nil {
				_ = from.Close()
				_ = to.Close()
			} else if half, ok := to.(interface{ CloseWrite() error }); ok {
				_ = half.CloseWrite()
			}
		})
	}
	pass(client, far, newLine(p.added/2, accepted.Add(p.added)))
	pass(far, client, newLine(p.added-p.added/2, accepted))
	wg.Wait()
}
