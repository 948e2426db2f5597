package conn

import (
	"context"
	"errors"
	"io"
	"time"
)

// leadLocked reads for everybody until the own call is done or its context has ended. The lock is released meanwhile.
func (c *Conn) leadLocked(ctx context.Context, own *call) {
	c.leading = true
	c.mu.Unlock()
	finished := false
	defer c.handOn(&finished)
	own.serveKept()
	for c.serveArrived(own) && own.owed > 0 && c.fill(ctx) {
		continue
	}
	finished = true
}

// handOn ends a lead and takes the lock. Unfinished, it ends in a panic of a handler, whose caller is about to unwind: the reply it was in
// the middle of stays half handled, and nobody may wait for it.
func (c *Conn) handOn(finished *bool) {
	if !*finished {
		c.fail(OpRead, errPanicked)
	}
	c.pushTo = nil
	c.mu.Lock()
	c.leading, c.unpark = false, nil
	if c.err != nil {
		c.drainLocked()
	}
	c.passLocked()
}

// serveArrived takes all complete frames off the stream, those that belong to calls behind the own one included. It returns false when
// the connection is dead. own is nil for a leader who waits for no reply.
func (c *Conn) serveArrived(own *call) bool {
	var head *call // the call whose replies come next, once it is known
	for {
		frame, err := c.rd.frame()
		switch {
		case err != nil:
			c.fail(OpRead, err)
			return false
		case frame == nil:
			return true
		case c.outOfBand(frame):
			c.handlePush(frame)
			if c.pushTo.served() {
				return true // the next one is for the next NextPush
			}
			continue
		}
		if head == nil {
			if head = c.oldest(); head == nil {
				c.fail(OpRead, errUnasked)
				return false
			}
		}
		c.deliver(head, own, frame)
		if head.owed == 0 {
			head = c.finish(head)
		}
	}
}

// deliver gives a frame to whom it belongs. What is kept for callers behind the leader arrived together with the leader's own replies, so the
// read buffer bounds it. What is kept for the one in front, a flusher that is stuck, is what it asked for.
func (c *Conn) deliver(head, own *call, frame []byte) {
	switch {
	case head.left.Load():
	case head == own:
		own.serve(frame)
	default:
		head.kept.add(frame)
	}
	head.owed--
	c.rd.consume(frame)
}

// oldest returns the call whose replies come next, or nil when the server owes nothing.
func (c *Conn) oldest() *call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.oldestSentLocked()
}

// oldestSentLocked leaves out calls that are not written yet: what seems to answer them answers nothing, and they may still be taken back.
func (c *Conn) oldestSentLocked() *call {
	if head := c.queue.head; head != nil && head.seq < c.sentSeq {
		return head
	}
	return nil
}

// finish takes the oldest call off the queue, all of whose replies have come, and returns the next.
func (c *Conn) finish(head *call) *call {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue.remove(head)
	c.inFlight.Add(-1)
	if head.left.Load() {
		c.recycle(head)
	} else {
		head.done = true
		head.poke()
	}
	return c.oldestSentLocked()
}

// fill reads more bytes. It returns false when the leader is to stop: its context has ended, or the connection is dead.
func (c *Conn) fill(ctx context.Context) bool {
	if ended(ctx) != nil { // noticed here also while bytes keep coming
		return false
	}
	c.sock.reads.allow(patience{ctx: ctx, until: c.due(), long: c.pushTo != nil})
	n, err := c.nc.Read(c.rd.free())
	c.sock.reads.allow(patience{})
	c.rd.filled(n)
	switch {
	case n > 0 || err == nil:
		return true // an error will come again
	case !late(err):
		c.fail(OpRead, unexpected(err))
	case ended(ctx) == nil:
		c.fail(OpRead, errTimeout)
	}
	return false
}

// due returns when the oldest reply that is owed will have taken too long; zero: never.
func (c *Conn) due() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if head := c.oldestSentLocked(); head != nil && !head.blocking {
		return c.overdue(head.since)
	}
	return time.Time{}
}

// overdue returns when something that begins at t has taken too long; zero: never.
func (c *Conn) overdue(t time.Time) time.Time {
	if c.timeout <= 0 {
		return time.Time{}
	}
	return t.Add(c.timeout)
}

// unexpected names an end of the stream for what it is when a reply is owed.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
