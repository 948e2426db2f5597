package redistest

import (
	"context"
	"crypto/tls"
	"net"
	"strings"
	"syscall"
	"time"
)

// DialContext connects to a node or a sentinel. It has the signature of [net.Dialer.DialContext]. What is dead or was never there refuses, what is cut off lets
// it wait until ctx ends, and a name that does not exist is an error of the resolver.
func (s *Set) DialContext(ctx context.Context, _, addr string) (net.Conn, error) {
	h := s.hosts[addr]
	for {
		if ctx.Err() != nil {
			return nil, dialError(addr, ctx.Err())
		}
		client, wait, err := s.connect(h, addr)
		if wait == nil {
			return client, err
		}
		select {
		case <-wait:
		case <-ctx.Done():
		}
	}
}

// connect returns a connection, an error, or what to wait for before it is worth another try.
func (s *Set) connect(h *host, addr string) (client net.Conn, wait <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, nil, dialError(addr, net.ErrClosed)
	case h == nil:
		return nil, nil, unknownHost(addr)
	case h.cut:
		return nil, h.resumed, nil
	case h.down:
		return nil, nil, dialError(addr, syscall.ECONNREFUSED)
	}
	return h.acceptLocked(), nil, nil
}

func dialError(addr string, err error) error {
	return &net.OpError{Op: "dial", Net: "tcp", Addr: pipeAddr(addr), Err: err}
}

func unknownHost(addr string) error {
	name, _, _ := net.SplitHostPort(addr)
	if net.ParseIP(name) != nil {
		return dialError(addr, syscall.ECONNREFUSED)
	}
	return dialError(addr, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true})
}

// A host is what nodes and sentinels have in common: an address, and what can happen to a machine and its network.
type host struct {
	set   *Set
	addr  string
	id    string // as in "runid"
	tls   *tls.Config
	serve Handler
	log   Log

	changed func(reachable bool) // called with Set.mu held when others can reach the host no more, or again

	// All of these are guarded by Set.mu.
	down, frozen, cut, isolated bool
	resumed                     chan struct{} // closed when the host is neither frozen nor cut; nil: it is neither
	slow                        time.Duration
	answers                     map[string]Handler // by command, in place of its own
	wires                       map[*wire]struct{}
	dials                       int
}

func newHost(s *Set, addr string) *host {
	h := &host{set: s, addr: addr, wires: map[*wire]struct{}{}, answers: map[string]Handler{}}
	s.hosts[addr] = h
	return h
}

// Addr returns host:port, as it is dialled.
func (h *host) Addr() string { return h.addr }

// Kill ends the process: connections are reset, and dials refused until Start.
func (h *host) Kill() { h.change(func() { h.down, h.frozen = true, false }) }

// Start starts the process again, with the data and the role it had.
func (h *host) Start() { h.change(func() { h.down = false }) }

// Freeze stops the process as SIGSTOP does: connections are still accepted, but no command is carried out and nothing answered before Thaw.
func (h *host) Freeze() { h.change(func() { h.frozen = !h.down }) }

// Thaw ends a Freeze. What was sent meanwhile is carried out now, even for those who did not want to wait any longer.
func (h *host) Thaw() { h.change(func() { h.frozen = false }) }

// Cut takes the machine off the network: nothing passes in either direction, and dials wait. As TCP sees to it, what was sent meanwhile arrives
// after Heal.
func (h *host) Cut() { h.change(func() { h.cut = true }) }

// Isolate takes the machine off the network of the others of the set, while clients still reach it: the master of the smaller side.
func (h *host) Isolate() { h.change(func() { h.isolated = true }) }

// Heal ends a Cut or an Isolate.
func (h *host) Heal() { h.change(func() { h.cut, h.isolated = false, false }) }

// Slow makes every answer take d.
func (h *host) Slow(d time.Duration) {
	h.set.mu.Lock()
	defer h.set.mu.Unlock()
	h.slow = d
}

// Answer lets answer take the place of a command, by a name as in [Override]; nil gives the command back. No password is needed for it.
func (h *host) Answer(name string, answer Handler) {
	h.set.mu.Lock()
	defer h.set.mu.Unlock()
	name = strings.ToUpper(name)
	delete(h.answers, name)
	if answer != nil {
		h.answers[name] = answer
	}
}

// Commands returns what was carried out, as [Log.Commands] does.
func (h *host) Commands() []string { return h.log.Commands() }

// Count returns how many of Commands begin with prefix: "SENTINEL", "GET ".
func (h *host) Count(prefix string) (n int) {
	for _, line := range h.log.Commands() {
		if strings.HasPrefix(line, prefix) {
			n++
		}
	}
	return n
}

// Dials returns how many connections there have been.
func (h *host) Dials() int {
	h.set.mu.Lock()
	defer h.set.mu.Unlock()
	return h.dials
}

// Clients returns how many connections there are.
func (h *host) Clients() int {
	h.set.mu.Lock()
	defer h.set.mu.Unlock()
	return len(h.wires)
}

// CloseClients resets all connections.
func (h *host) CloseClients() {
	h.set.mu.Lock()
	defer h.set.mu.Unlock()
	h.resetLocked()
}

// reachable reports whether the others of the set can do something with the host. Set.mu is held.
func (h *host) reachable() bool { return !h.down && !h.frozen && !h.cut && !h.isolated }

func (h *host) change(f func()) {
	h.set.mu.Lock()
	defer h.set.mu.Unlock()
	if h.set.closed {
		return
	}
	before := h.reachable()
	f()
	if h.down {
		h.resetLocked()
	}
	h.pauseLocked()
	if now := h.reachable(); now != before {
		h.changed(now)
	}
}

// pauseLocked makes connections wait, or lets them go on. Those that did not survive a Kill on the other side of a cut end when that is healed.
func (h *host) pauseLocked() {
	paused := h.frozen || h.cut
	switch {
	case paused && h.resumed == nil:
		h.resumed = make(chan struct{})
	case !paused && h.resumed != nil:
		for w := range h.wires {
			if w.dead {
				w.Reset()
			}
		}
		close(h.resumed)
		h.resumed = nil
	}
}

// resetLocked ends all connections with an RST, which does not come through a cut.
func (h *host) resetLocked() {
	for w := range h.wires {
		w.dead = true
		if !h.cut {
			w.Reset()
		}
	}
}

// closeClientsLocked is CLIENT KILL.
func (h *host) closeClientsLocked() {
	for w := range h.wires {
		w.dead = true
		_ = w.Conn.Close()
	}
}

func (h *host) closeLocked() {
	h.cut, h.frozen = false, false
	h.resetLocked()
	h.pauseLocked()
}
