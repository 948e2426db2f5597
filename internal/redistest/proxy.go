package redistest

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
)

// A Proxy passes connections on to a server and breaks them on demand. Its methods are safe for concurrent use.
type Proxy struct {
	tb       testing.TB
	dial     func() (net.Conn, error)
	listener net.Listener // nil: in memory
	wg       sync.WaitGroup

	mu      sync.Mutex
	faults  Faults             // guarded by mu
	flowing chan struct{}      // closed while bytes pass. Guarded by mu
	links   map[*link]struct{} // guarded by mu
	closed  bool               // guarded by mu
}

// A link is one connection through the proxy. All faults are on the upstream side, which looks to the proxy as the whole does to the client.
type link struct {
	client net.Conn
	done   chan struct{}

	mu       sync.Mutex
	upstream *faultyConn // nil while dialling. Guarded by mu
	ended    bool        // guarded by mu
}

// NewProxy starts a proxy on 127.0.0.1 for the server at target. It is closed when the test ends.
func NewProxy(tb testing.TB, target string) *Proxy {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("redistest: %v", err)
	}
	p := newProxy(tb, func() (net.Conn, error) { return net.DialTimeout("tcp", target, joinTimeout/2) })
	p.listener = l
	p.wg.Go(p.accept)
	return p
}

func newProxy(tb testing.TB, dial func() (net.Conn, error)) *Proxy {
	p := &Proxy{tb: tb, dial: dial, flowing: make(chan struct{}), links: map[*link]struct{}{}}
	close(p.flowing)
	tb.Cleanup(p.close)
	return p
}

// Addr returns the host:port that clients dial.
func (p *Proxy) Addr() string {
	if p.listener == nil {
		return "memory:0"
	}
	return p.listener.Addr().String()
}

// SetFaults says what will be wrong with the connections accepted from now on, seen from the client: Read is what it receives.
func (p *Proxy) SetFaults(f Faults) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = f
}

// Cut closes all connections.
func (p *Proxy) Cut() { p.endAll(false) }

// Reset closes all connections with an RST.
func (p *Proxy) Reset() { p.endAll(true) }

// Stall holds back everything, in both directions and on new connections too: nothing passes and nothing fails.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.flowing:
		p.flowing = make(chan struct{})
	default:
	}
}

// Heal lets pass what Stall held back, and takes the faults away from the connections accepted from now on.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = Faults{}
	select {
	case <-p.flowing:
	default:
		close(p.flowing)
	}
}

func (p *Proxy) close() {
	p.tb.Helper()
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	if p.listener != nil {
		_ = p.listener.Close()
	}
	p.endAll(false)
	if !joined(&p.wg, joinTimeout) {
		p.tb.Errorf("redistest: the proxy on %s is still running %v after it was closed", p.Addr(), joinTimeout)
	}
}

func (p *Proxy) endAll(reset bool) {
	p.mu.Lock()
	links := make([]*link, 0, len(p.links))
	for l := range p.links {
		links = append(links, l)
	}
	p.mu.Unlock()
	for _, l := range links {
		l.end(reset)
	}
}

func (p *Proxy) accept() {
	for {
		nc, err := p.listener.Accept()
		if err != nil {
			return
		}
		if !p.admit(nc) {
			_ = nc.Close()
		}
	}
}

// admit begins to pass on what nc sends, unless the proxy is closed.
func (p *Proxy) admit(nc net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	l, f := &link{client: nc, done: make(chan struct{})}, p.faults
	p.links[l] = struct{}{}
	p.wg.Go(func() { p.serve(l, f) })
	return true
}

func (p *Proxy) serve(l *link, f Faults) {
	defer func() {
		l.end(false)
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.links, l)
	}()
	nc, err := p.dial()
	if err != nil {
		l.end(true) // the nearest thing to a refused connection
		return
	}
	upstream := newFaulty(nc, f)
	if !l.connected(upstream) {
		_ = upstream.Close()
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		err := p.pass(l, upstream, l.client)
		// A fault is left to the other direction, which may have something to deliver first.
		if !upstream.isEnded() {
			l.over(upstream, err)
		}
	})
	err = p.pass(l, l.client, upstream)
	if upstream.isEnded() {
		l.end(errors.Is(err, syscall.ECONNRESET))
	}
	l.over(l.client, err)
	wg.Wait()
}

// pass copies one direction until it ends.
func (p *Proxy) pass(l *link, dst io.Writer, src io.Reader) error {
	buf := make([]byte, readSize)
	for {
		n, err := src.Read(buf)
		if !p.waitFlowing(l) {
			return net.ErrClosed
		}
		if n > 0 {
			_, err = dst.Write(buf[:n])
		}
		if err != nil {
			return err
		}
	}
}

// waitFlowing waits while the proxy stalls, and reports whether the link is still there.
func (p *Proxy) waitFlowing(l *link) bool {
	p.mu.Lock()
	flowing := p.flowing
	p.mu.Unlock()
	select {
	case <-flowing:
		return true
	case <-l.done:
		return false
	}
}

// over ends the direction towards dst, and the other one too unless err says that only this one is over.
func (l *link) over(dst net.Conn, err error) {
	half, ok := dst.(interface{ CloseWrite() error })
	if ok && (err == io.EOF || errors.Is(err, syscall.EPIPE)) {
		_ = half.CloseWrite()
		return
	}
	l.end(errors.Is(err, syscall.ECONNRESET))
}

// connected reports false when the link has ended meanwhile.
func (l *link) connected(upstream *faultyConn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.upstream = upstream
	return !l.ended
}

func (l *link) end(reset bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	l.ended = true
	close(l.done)
	hangUp(l.client, reset)
	if l.upstream != nil {
		hangUp(l.upstream, reset)
	}
}

func hangUp(nc net.Conn, reset bool) {
	if reset {
		resetConn(nc)
	}
	_ = nc.Close()
}
