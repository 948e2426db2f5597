// Package memconn stands in for a connection to a server, within memory: what a client costs shows when nothing else costs anything. Its servers answer every command
// with the same reply, or with a few in turn.
package memconn

import (
	"bytes"
	"net"
	"os"
	"sync"
	"time"

	"github.com/bwredis/bwredis/resp"
)

// A Conn answers what a client says when it connects (HELLO, CLIENT, PING and the like) as a server does, and every other command with the next of its replies. No
// goroutine serves it: Write finds out what is owed, and Read pays it. It takes any amount of commands before the first reply is read.
type Conn struct {
	address
	mu       sync.Mutex
	changed  sync.Cond
	canned   []*cannedAnswer
	resp3    []*cannedAnswer // takes the place of canned when HELLO asks for RESP3; nil: nothing does
	turn     int             // which of them comes next
	scanner  resp.Scanner
	partial  []byte // the beginning of a command
	owed     []answer
	deadline time.Time // of reads; writes never wait
	closed   bool
}

// A cannedAnswer is one of the replies.
type cannedAnswer struct {
	answer
	repeated []byte // the last command that got it: clients send it again and again, so most are told by their bytes alone
}

// New returns a connection to a server that answers with these replies in turn, again and again.
func New(replies ...[]byte) *Conn {
	c := &Conn{}
	for _, reply := range replies {
		c.canned = append(c.canned, &cannedAnswer{answer: repeat(reply)})
	}
	c.changed.L = &c.mu
	return c
}

// NewInBoth returns a connection to a server that answers with the one reply in RESP2 until it is told to speak RESP3, and with the other from then on.
func NewInBoth(resp2, resp3 []byte) *Conn {
	c := New(resp2)
	c.resp3 = New(resp3).canned
	return c
}

// Write takes commands, whole or in pieces.
func (c *Conn) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return 0, net.ErrClosed
	}
	commands := b
	if len(c.partial) > 0 {
		c.partial = append(c.partial, b...)
		commands = c.partial
	}
	rest, err := c.take(commands)
	if err != nil {
		return 0, err
	}
	c.partial = append(c.partial[:0], rest...)
	c.changed.Broadcast()
	return len(b), nil
}

// take notes the answers to all complete commands, and returns what follows them.
func (c *Conn) take(commands []byte) (rest []byte, err error) {
	for len(commands) > 0 {
		next := c.canned[c.turn]
		if len(next.repeated) > 0 && bytes.HasPrefix(commands, next.repeated) {
			c.owe(next.answer)
			commands = commands[len(next.repeated):]
			c.turn = (c.turn + 1) % len(c.canned)
			continue
		}
		n, err := c.scanner.Scan(commands)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			c.scanner.Reset()
			break
		}
		if reply, version, ok := greeting(commands[:n]); ok {
			c.owe(answer{block: reply, size: len(reply)})
			if version == "3" && c.resp3 != nil {
				c.canned = c.resp3
			}
		} else {
			next.repeated = append(next.repeated[:0], commands[:n]...)
			c.owe(next.answer)
			c.turn = (c.turn + 1) % len(c.canned)
		}
		commands = commands[n:]
	}
	return commands, nil
}

// owe puts one reply behind those that are owed already.
func (c *Conn) owe(a answer) {
	if last := len(c.owed) - 1; last >= 0 && &c.owed[last].block[0] == &a.block[0] {
		c.owed[last].left += a.size
		return
	}
	a.left = a.size
	c.owed = append(c.owed, a)
}

// LastCommand returns a copy of the command that got the last of the canned replies last: what a client made of what it was told to send.
func (c *Conn) LastCommand() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.canned[len(c.canned)-1].repeated)
}

// Read waits until a reply is owed, and gives all that b has room for.
func (c *Conn) Read(b []byte) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.wait(); err != nil || len(b) == 0 {
		return 0, err
	}
	for n < len(b) && len(c.owed) > 0 {
		n += c.owed[0].read(b[n:])
		if c.owed[0].left == 0 {
			c.owed = append(c.owed[:0], c.owed[1:]...)
		}
	}
	return n, nil
}

// wait returns when there is something to read, or a reason why there will not be.
func (c *Conn) wait() error {
	for {
		passed := !c.deadline.IsZero() && !time.Now().Before(c.deadline)
		switch {
		case c.closed:
			return net.ErrClosed
		case passed:
			return os.ErrDeadlineExceeded
		case len(c.owed) > 0:
			return nil
		case c.deadline.IsZero():
			c.changed.Wait()
		default:
			alarm := time.AfterFunc(time.Until(c.deadline), c.wake)
			c.changed.Wait()
			alarm.Stop()
		}
	}
}

// wake takes the lock, so that it cannot come between the look at the clock and the wait.
func (c *Conn) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed.Broadcast()
}

// Close ends both directions, also for a Read that waits.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.changed.Broadcast()
	return nil
}

// SetReadDeadline also bounds a Read that waits already.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	c.changed.Broadcast()
	return nil
}

// SetDeadline is SetReadDeadline: writes never wait.
func (c *Conn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// SetWriteDeadline does nothing.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }

var (
	_ net.Conn = (*Conn)(nil)
	_ net.Conn = (*Endless)(nil)
)
