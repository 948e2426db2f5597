// Package relay passes TCP connections on to a server, and comes between on demand. It is what a network does to clients of a program that may stop all the same.
package relay

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bwredis/bwredis/bench/server"
)

// dialTimeout bounds connecting to the server, which is on the same machine.
const dialTimeout = 2 * time.Second

// An Edit is what passes in place of a reply or push of the server; nil: nothing does. It may change frame, which is not used afterwards.
type Edit func(frame []byte) []byte

// A Relay listens on loopback. Its methods may be called concurrently.
type Relay struct {
	target   string
	edit     Edit // nil: bytes pass as they are
	listener net.Listener
	failed   atomic.Int64
	wg       sync.WaitGroup

	mu      sync.Mutex
	flowing chan struct{}      // closed while bytes pass. Guarded by mu
	links   map[*link]struct{} // guarded by mu
	closed  bool               // guarded by mu
}

// Listen starts a relay for the server at target.
func Listen(target string, edit Edit) (*Relay, error) {
	l, err := net.Listen("tcp", server.Loopback+":0")
	if err != nil {
		return nil, err
	}
	r := &Relay{target: target, edit: edit, listener: l, flowing: make(chan struct{}), links: map[*link]struct{}{}}
	close(r.flowing)
	r.wg.Go(r.accept)
	return r, nil
}

// Addr is the host:port to dial.
func (r *Relay) Addr() string { return r.listener.Addr().String() }

// Failed is how many connections were dropped at once because the server could not be reached.
func (r *Relay) Failed() int { return int(r.failed.Load()) }

// Stall holds everything back, in both directions, as a partition does: connections are made, nothing passes and nothing fails.
func (r *Relay) Stall() {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.flowing:
		r.flowing = make(chan struct{})
	default:
	}
}

// Heal lets pass what Stall held back, in the order it came: TCP sends it again.
func (r *Relay) Heal() {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.flowing:
	default:
		close(r.flowing)
	}
}

// Close ends the relay and its connections, and waits for them.
func (r *Relay) Close() {
	_ = r.listener.Close()
	r.mu.Lock()
	r.closed = true
	for l := range r.links {
		l.end(false)
	}
	r.mu.Unlock()
	r.wg.Wait()
}

func (r *Relay) accept() {
	for {
		nc, err := r.listener.Accept()
		if err != nil {
			return
		}
		if l := r.admit(nc); l == nil {
			_ = nc.Close()
		}
	}
}

// admit begins to pass on what nc sends; it returns nil when the relay is closed.
func (r *Relay) admit(nc net.Conn) *link {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	l := &link{client: nc, done: make(chan struct{})}
	r.links[l] = struct{}{}
	r.wg.Go(func() { r.serve(l) })
	return l
}

func (r *Relay) serve(l *link) {
	defer func() {
		l.end(false)
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.links, l)
	}()
	if !r.passing(l) {
		return
	}
	upstream, err := net.DialTimeout("tcp", r.target, dialTimeout)
	if err != nil {
		r.failed.Add(1)
		l.end(true) // the nearest thing to a refused connection
		return
	}
	if !l.connected(upstream) {
		_ = upstream.Close()
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() { r.pass(l, upstream, l.client, nil) })
	r.pass(l, l.client, upstream, r.edit)
	wg.Wait()
}

// passing waits while the relay stalls, and reports whether the link is still there.
func (r *Relay) passing(l *link) bool {
	r.mu.Lock()
	flowing := r.flowing
	r.mu.Unlock()
	select {
	case <-flowing:
		return true
	case <-l.done:
		return false
	}
}
