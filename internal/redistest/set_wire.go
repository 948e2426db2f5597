package redistest

import (
	"crypto/tls"
	"net"
	"strings"
	"time"
)

// A wire is the server's end of a connection to a host. It waits while the host is frozen or cut off.
type wire struct {
	*Conn
	host *host
	dead bool // the process it belonged to has ended. Guarded by Set.mu
}

func (h *host) acceptLocked() net.Conn {
	client, server := PipeSize(pipeCapacity)
	client.remote, server.local = pipeAddr(h.addr), pipeAddr(h.addr)
	w := &wire{Conn: server, host: h}
	h.wires[w] = struct{}{}
	h.dials++
	h.set.wg.Go(w.serve)
	return client
}

func (w *wire) serve() {
	var nc net.Conn = w
	if w.host.tls != nil {
		nc = tls.Server(w, w.host.tls)
	}
	Serve(nc, w.answer)
	w.host.set.mu.Lock()
	defer w.host.set.mu.Unlock()
	delete(w.host.wires, w)
}

// answer lets the host answer, unless that was killed while the command had to wait.
func (w *wire) answer(c *Session, args []string) {
	slow := w.state()
	if slow > 0 {
		c.Flush()
		w.sleep(slow)
	}
	w.wait()
	if w.ended() {
		c.Reset()
		return
	}
	w.host.log.add(commandLine(args))
	w.host.handler(args)(c, args)
}

func (w *wire) state() (slow time.Duration) {
	w.host.set.mu.Lock()
	defer w.host.set.mu.Unlock()
	return w.host.slow
}

func (w *wire) ended() bool {
	w.host.set.mu.Lock()
	defer w.host.set.mu.Unlock()
	return w.dead
}

// handler returns what answers a command.
func (h *host) handler(args []string) Handler {
	h.set.mu.Lock()
	defer h.set.mu.Unlock()
	name := strings.ToUpper(args[0])
	if len(args) > 1 {
		if answer, ok := h.answers[name+" "+strings.ToUpper(args[1])]; ok {
			return answer
		}
	}
	if answer, ok := h.answers[name]; ok {
		return answer
	}
	return h.serve
}

func (w *wire) sleep(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.host.set.done:
	}
}

// wait waits until the host is neither frozen nor cut off.
func (w *wire) wait() {
	for {
		w.host.set.mu.Lock()
		resumed := w.host.resumed
		w.host.set.mu.Unlock()
		if resumed == nil {
			return
		}
		<-resumed
	}
}

// Read implements [net.Conn].
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.wait()
	if w.ended() {
		return 0, net.ErrClosed
	}
	return n, err
}

// Write implements [net.Conn].
func (w *wire) Write(p []byte) (int, error) {
	w.wait()
	return w.Conn.Write(p)
}

// NetConn returns the connection below, for resets.
func (w *wire) NetConn() net.Conn { return w.Conn }
