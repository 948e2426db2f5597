package redistest

import (
	"errors"
	"os"

	"github.com/bwredis/bwredis/resp"
)

// A mixer delivers one whole reply twice, or behind the one that follows it. Everything passes reply by reply until then, and as it comes
// afterwards. What is not RESP passes as it comes, too: there are no replies to mix up in it.
type mixer struct {
	action  Action // Duplicate or Swap
	left    int    // replies that pass before it strikes
	scanner resp.Scanner
	done    bool

	in   []byte // the beginning of a reply
	held []byte // the reply that waits for the one behind it
	out  []byte // may be delivered
}

// newMixer returns nil for actions that count bytes.
func newMixer(f Fault) *mixer {
	if f.Action != Duplicate && f.Action != Swap {
		return nil
	}
	return &mixer{action: f.Action, left: f.After, scanner: resp.Scanner{MaxFrame: maxRequest}}
}

// add takes what came, and puts out what may be delivered.
func (m *mixer) add(p []byte) {
	m.in = append(m.in, p...)
	start := 0
	for !m.done {
		n, err := m.scanner.Scan(m.in[start:])
		if err != nil {
			m.done = true
		}
		if n == 0 {
			break
		}
		m.pass(m.in[start : start+n])
		start += n
	}
	m.in = append(m.in[:0], m.in[start:]...)
	if m.done {
		m.flush()
	}
}

func (m *mixer) pass(frame []byte) {
	switch {
	case m.left > 0:
		m.left--
		m.out = append(m.out, frame...)
	case m.action == Duplicate:
		m.out = append(append(m.out, frame...), frame...)
		m.done = true
	case m.held == nil:
		m.held = append([]byte{}, frame...)
	default:
		m.out = append(append(m.out, frame...), m.held...)
		m.held, m.done = nil, true
	}
}

// flush puts out all there is, in the order in which it came: nothing follows any more.
func (m *mixer) flush() {
	m.out = append(append(m.out, m.held...), m.in...)
	m.held, m.in = nil, m.in[:0]
}

// take returns at most n bytes, borrowed until the next add.
func (m *mixer) take(n int) []byte {
	p := m.out[:min(n, len(m.out))]
	if m.out = m.out[len(p):]; len(m.out) == 0 {
		m.out = nil
	}
	return p
}

// readMixed is Read of a connection whose replies are mixed up.
func (c *faultyConn) readMixed(p []byte) (int, error) {
	buf := make([]byte, readSize)
	for len(c.inMix.out) == 0 {
		n, err := c.Conn.Read(buf)
		c.inMix.add(buf[:n])
		if err == nil || n > 0 {
			continue // an error will come again
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			c.inMix.flush()
		}
		if len(c.inMix.out) == 0 {
			return 0, err
		}
	}
	return copy(p, c.inMix.take(len(p))), nil
}

// writeMixed is Write of a connection whose replies are mixed up. What is held back counts as written.
func (c *faultyConn) writeMixed(p []byte) (int, error) {
	c.outMix.add(p)
	if err := c.writeMixerOut(); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (c *faultyConn) writeMixerOut() error {
	_, err := c.writeThrough(c.outMix.take(len(c.outMix.out)))
	return err
}
