package conn

import "net"

// Every test runs with borrowed bytes overwritten after use: whoever keeps some reads rubbish.
func init() { poison = true }

// The times a cancelled caller may take at most, and the size the read buffer shrinks to, for tests to measure against.
const (
	Slice     = slice
	Grace     = grace
	LargeRead = largeRead
	MaxKept   = maxKept

	// Late is how much later than it is due an overdue reply may be noticed.
	Late = slice + 2*grace
)

// What becomes of the memory of large requests.
var (
	AppendPending = appendPending
	LeaveBuffer   = leaveBuffer
)

// ReadBuffer returns how many bytes the read buffer takes. Nobody may use the connection meanwhile.
func (c *Conn) ReadBuffer() int { return len(c.rd.buf) }

// WriteBuffers returns how many bytes the write buffers take.
func (c *Conn) WriteBuffers() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return cap(c.out) + cap(c.spare)
}

// Socket returns the connection below TLS.
func (c *Conn) Socket() net.Conn { return c.sock.Conn }

// Wanted reports whether s wants a channel.
func (s *Subscription) Wanted(name string) bool { return s.wants(topic{"", name}) }
