package conn

import (
	"context"
	"errors"

	"github.com/bwredis/bwredis/resp"
)

var errPushesNotTaken = errors.New("more pushes came than NextPush has taken, by the bytes that MaxReply allows")

// A parked caller waits in NextPush.
type parked struct {
	h     resp.Handler
	wake  chan struct{} // of size 1: look again
	done  bool          // h was called. Owned by the leader while the caller is that, else by the caller
	err   error         // what h returned
	reply resp.Reply
}

func (p *parked) poke() {
	select {
	case p.wake <- struct{}{}:
	default: // it has not looked since the last time
	}
}

func (p *parked) serve(frame []byte) {
	p.done = true
	p.reply.Reset(frame)
	if p.h != nil {
		p.err = p.h.HandleReply(0, &p.reply)
	}
}

// served reports whether p, which may be nil, has what it waits for.
func (p *parked) served() bool { return p != nil && p.done }

// A pushQueue holds pushes that arrived while nobody was there to take them.
type pushQueue struct {
	kept
	next int  // how many of them are taken
	busy bool // the one taken last is being read
	keep bool // somebody will
	most int  // bytes
}

// waiting returns how many bytes are not taken.
func (q *pushQueue) waiting() int {
	if q.next == 0 {
		return len(q.buf)
	}
	return len(q.buf) - q.ends[q.next-1]
}

// compact forgets what is taken, when that is most of it: a queue that is never quite empty would grow for ever.
func (q *pushQueue) compact() {
	if q.next > 0 && !q.busy && q.waiting() <= len(q.buf)/2 {
		q.dropFirst(q.next)
		q.next = 0
	}
}

// NextPush waits for an out-of-band frame and gives it to h, with index 0: a message of a channel, an invalidation. In RESP2, where messages are arrays, it
// works on connections that subscribe. A nil h drops it. h runs on the calling goroutine; the rules of [Conn.RoundTrip] hold for it. Callers of NextPush take
// turns; others use the connection meanwhile as ever.
//
// From the first call on, and from the beginning where the Dialer's PubSub is set, what arrives between calls is kept for the next one. When more than the
// Dialer's MaxReply bytes are waiting, the connection ends. OnPush sees pushes that NextPush gets as well.
//
// When ctx ends, NextPush returns an [*Error] that wraps the context's error, and no push is lost.
func (c *Conn) NextPush(ctx context.Context, h resp.Handler) error {
	select {
	case c.pushTurn <- struct{}{}:
		defer func() { <-c.pushTurn }()
	case <-ctx.Done():
		return &Error{Op: OpRead, Addr: c.addr, Err: ctx.Err()}
	}
	p := &parked{h: h, wake: make(chan struct{}, 1)}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pushes.keep, c.parked = true, p
	defer func() { c.parked = nil }()
	for !p.done {
		switch err := ended(ctx); {
		case c.pushes.next < c.pushes.len():
			c.takePushLocked(p)
		case err != nil:
			return &Error{Op: OpRead, Addr: c.addr, Err: err}
		case c.err != nil:
			gone := c.err.of(true) // in the middle of reading
			gone.Sent = false
			return gone
		case !c.leading && c.readerLocked() == nil:
			c.leadParkedLocked(ctx, p)
		default:
			c.mu.Unlock()
			select {
			case <-p.wake:
			case <-ctx.Done():
			}
			c.mu.Lock()
		}
	}
	return p.err
}

// takePushLocked serves p from the queue. The lock is released meanwhile; others only add to the queue.
func (c *Conn) takePushLocked(p *parked) {
	frame := c.pushes.frame(c.pushes.next)
	c.pushes.next++
	c.pushes.busy = true
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.pushes.busy = false
		scribble(frame)
		if c.pushes.next == c.pushes.len() {
			c.pushes.next = 0
			c.pushes.reset()
		}
	}()
	p.serve(frame)
}

// leadParkedLocked reads until a push comes, the context ends, or somebody queues who waits for a reply. The lock is released meanwhile.
func (c *Conn) leadParkedLocked(ctx context.Context, p *parked) {
	c.leading = true
	c.lookAheadLocked()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c.unpark = cancel
	c.mu.Unlock()
	finished := false
	defer c.handOn(nil, &finished)
	c.pushTo = p
	for c.serveArrived(nil) && !p.done && c.fill(ctx) {
		continue
	}
	finished = true
}

// handlePush gives an out-of-band frame to OnPush and to who waits for it, on the goroutine of the caller that happens to read. It returns false when that was one too
// many: those behind it are not handed out as if nothing were missing.
func (c *Conn) handlePush(frame []byte) (alive bool) {
	c.tracePush(frame)
	if c.onPush != nil {
		c.push.Reset(frame)
		c.onPush(&c.push)
	}
	if p := c.pushTo; p != nil && !p.done {
		p.serve(frame)
	} else if !c.keepPush(frame) {
		c.fail(OpRead, errPushesNotTaken)
		return false
	}
	c.rd.consume(frame)
	return true
}

// keepPush copies a push for NextPush, if there will be one. It reports false when there are too many.
func (c *Conn) keepPush(frame []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := &c.pushes
	if !q.keep {
		return true
	}
	q.compact()
	if q.waiting()+len(frame) > q.most {
		return false
	}
	q.add(frame)
	if c.parked != nil {
		c.parked.poke()
	}
	return true
}
