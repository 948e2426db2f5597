package conn

import (
	"context"
	"errors"
	"io"
	"time"
)

// ahead is what the leader knows of the queue without looking. Calls that are sent stay where they are until the leader takes them off.
type ahead struct {
	next     *call // whose replies come next
	sent     int   // how many calls are sent, from next on; when it is 0, next says nothing and the queue has to be looked at
	answered int   // how many calls in front of next have all their replies, and are still queued
}

// A woken call is one that is done. Its caller may have seen that and used the call for another request meanwhile, so its number is remembered.
type woken struct {
	call *call
	seq  uint64
}

// leadLocked reads for everybody until the own call is done or its context has ended. The lock is released meanwhile.
func (c *Conn) leadLocked(ctx context.Context, own *call) {
	c.leading = true
	c.lookAheadLocked()
	c.mu.Unlock()
	finished := false
	defer c.handOnOrUnwind(own, &finished)
	own.serveKept()
	for c.serveArrived(own) && own.owed > 0 && c.fill(ctx) {
		continue
	}
	finished = true
}

// handOnOrUnwind is handOn for a caller who does not come back to release the lock when a handler panics.
func (c *Conn) handOnOrUnwind(own *call, finished *bool) {
	defer func() {
		if !*finished {
			c.mu.Unlock()
		}
	}()
	c.handOn(own, finished)
}

// handOn ends a lead and takes the lock. Unfinished, it ends in a panic of a handler, whose caller is about to unwind: the reply it was in
// the middle of stays half handled, and nobody may wait for it.
func (c *Conn) handOn(own *call, finished *bool) {
	c.pushTo = nil
	c.mu.Lock()
	if !*finished {
		c.failLocked(OpRead, errPanicked)
		defer c.shutUnlocked() // last of all: the trace may panic as well
	}
	c.settleLocked(own) // the own call, if any; after a panic, all that were answered before it
	c.wakeWoken()
	c.leading, c.unpark = false, nil
	if c.err != nil {
		c.drainLocked()
	}
	if c.queue.head != nil || c.parked != nil {
		c.passLocked(nil)
	}
}

// shutUnlocked is shut, without the lock meanwhile.
func (c *Conn) shutUnlocked() {
	c.mu.Unlock()
	defer c.mu.Lock()
	c.shut()
}

// serveArrived takes all complete frames off the stream, those that belong to calls behind the own one included. It returns false when
// the connection is dead. own is nil for a leader who waits for no reply.
func (c *Conn) serveArrived(own *call) bool {
	alive := c.deliverArrived(own)
	alone := c.ahead.answered == 1 && own != nil && own.owed == 0 && !own.done // it is the own call that is answered
	if c.ahead.answered > 0 && !alone {
		c.settle(own) // the others need not wait until we have handed on
	}
	return alive
}

func (c *Conn) deliverArrived(own *call) (alive bool) {
	for {
		frame, err := c.rd.frame()
		switch {
		case err != nil:
			c.fail(OpRead, err)
			return false
		case frame == nil:
			return true
		case c.outOfBand(frame):
			if !c.handlePush(frame) {
				return false
			}
			if c.pushTo.served() {
				return true // the next one is for the next NextPush
			}
			continue
		}
		head := c.oldest(own)
		if head == nil {
			c.fail(OpRead, errUnasked)
			return false
		}
		c.deliver(head, own, frame)
	}
}

// deliver gives a frame to whom it belongs. What is kept for callers behind the leader arrived together with the leader's own replies, so the
// read buffer bounds it. What is kept for the one in front, a flusher that is stuck, is what it asked for.
func (c *Conn) deliver(head, own *call, frame []byte) {
	c.looks = 0
	switch {
	case head == own:
		own.serve(frame)
	case head.left.Load():
	default:
		head.kept.add(frame)
	}
	c.rd.consume(frame)
	if head.owed--; head.owed > 0 {
		return
	}
	c.ahead.answered++
	if c.ahead.sent--; c.ahead.sent > 0 {
		c.ahead.next = head.next
	}
}

// oldest returns the call whose replies come next, or nil when the server owes nothing.
func (c *Conn) oldest(own *call) *call {
	if c.ahead.sent == 0 {
		c.settle(own)
	}
	if c.ahead.sent == 0 {
		return nil
	}
	return c.ahead.next
}

// settle takes calls off the queue that have all their replies, wakes their callers, and looks what is behind them.
func (c *Conn) settle(own *call) {
	c.mu.Lock()
	c.settleLocked(own)
	c.mu.Unlock()
	c.wakeWoken()
}

// wakeWoken wakes those whose calls are done.
func (c *Conn) wakeWoken() {
	for i := range c.woken {
		w := &c.woken[i]
		w.call.tell(w.seq)
		w.call = nil
	}
	c.woken = c.woken[:0]
}

// settleLocked is settle, but for those who have to be woken: it collects them. The caller of own is awake.
func (c *Conn) settleLocked(own *call) {
	for ; c.ahead.answered > 0; c.ahead.answered-- {
		head := c.queue.head
		c.queue.remove(head)
		c.sent--
		if head.left.Load() {
			c.left.Add(-1)
			c.recycleLocked(head)
			continue
		}
		head.done = true
		if head != own {
			c.woken = append(c.woken, woken{head, head.seq})
		}
	}
	c.lookAheadLocked()
}

// lookAheadLocked leaves out calls that are not written yet: what seems to answer them answers nothing, and they may still be taken back.
func (c *Conn) lookAheadLocked() {
	c.ahead.next, c.ahead.sent = c.queue.head, c.sent
}

// fill reads more bytes. It returns false when the leader is to stop: its context has ended, or the connection is dead.
func (c *Conn) fill(ctx context.Context) bool {
	if ctx.Err() != nil { // noticed here also while bytes keep coming
		return false
	}
	n, err := c.read(ctx)
	if c.sock.reads.looked && c.tooLate(ctx) {
		c.fail(OpRead, errTimeout)
		return false
	}
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

// tooLate reports whether replies are overdue and something has been found again and again all the same, though never a whole reply: a server could go on like
// that for ever.
func (c *Conn) tooLate(ctx context.Context) bool {
	c.sock.reads.looked = false
	if ended(ctx) != nil {
		return false
	}
	c.looks++
	return c.looks > maxLooks
}

// read reads what there is room for.
func (c *Conn) read(ctx context.Context) (n int, err error) {
	if c.tls != nil || c.pushTo != nil {
		return c.readPatiently(patience{ctx: ctx, long: c.pushTo != nil})
	}
	n, err = c.sock.reads.transferSoon(ctx, c.rd.free())
	c.rd.filled(n)
	return n, err
}

func (c *Conn) readPatiently(p patience) (n int, err error) {
	if c.tls == nil {
		n, err = c.sock.reads.transfer(p, c.rd.free())
	} else {
		c.sock.reads.wait = p
		n, err = c.tls.Read(c.rd.free())
		c.sock.reads.wait = patience{}
	}
	c.rd.filled(n)
	return n, err
}

// dueAt returns when the oldest reply that is owed will have taken too long; zero: never. Replies are taken to be owed from the moment on when that is asked first,
// which is a slice later at most: to ask for the time with every request would cost more than the rest of its bookkeeping.
func (c *Conn) dueAt() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.noticeLocked(time.Now())
	head := c.queue.head
	for i := c.ahead.answered; i > 0; i-- {
		head = head.next
	}
	switch {
	case c.timeout <= 0 || head == nil || head.seq >= c.sentSeq:
		return time.Time{}
	case head.blocking: // it is not overdue, but will be some time after its caller has left; so look again
		return time.Now().Add(c.timeout)
	}
	return head.since.Add(c.timeout)
}

// noticeLocked notes the time for all calls that have none.
func (c *Conn) noticeLocked(now time.Time) {
	for own := c.queue.tail; own != nil && own.since.IsZero(); own = own.prev {
		own.since = now
	}
}

// unexpected names an end of the stream for what it is when a reply is owed.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
