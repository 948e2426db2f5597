package conn

import "time"

// Probe looks, without waiting, whether the peer has closed the connection, and returns [Conn.Err]. While somebody waits for a reply it
// leaves the finding out to them; replies whose callers left are taken in and dropped.
//
// Below TLS it peeks at the socket. Where there is something to read, it reads it as a leader would, through TLS: an alert or a
// goodbye ends the connection, a push is handled, a reply that nobody asked for is a protocol error.
func (c *Conn) Probe() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil && !c.leading && c.queue.waiting() == nil {
		c.lookLocked()
	}
	return c.Err()
}

// lookLocked leads for nobody. The lock is released meanwhile.
func (c *Conn) lookLocked() {
	c.leading = true
	c.lookAheadLocked()
	c.mu.Unlock()
	finished := false
	defer c.handOn(nil, &finished)
	c.look()
	finished = true
}

// maxProbeReads bounds a probe of a server that never stops sending.
const maxProbeReads = 8

// look reads what has arrived, and its end, which may be behind a late reply.
func (c *Conn) look() {
	for i := 0; i < maxProbeReads && (i == 0 && c.tls != nil && c.InFlight() > 0 || !c.sock.quiet()); i++ {
		n, err := c.readPatiently(patience{until: past})
		if n == 0 && err != nil && !late(err) {
			c.fail(OpRead, err)
			return
		}
		if !c.serveArrived(nil) {
			return
		}
		if n == 0 {
			break
		}
	}
	if due := c.dueAt(); !due.IsZero() && !time.Now().Before(due) {
		c.fail(OpRead, errTimeout)
	}
}
