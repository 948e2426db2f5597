package conn

import (
	"context"
	"runtime"
	"time"
)

// maxFlushes is how many batches a caller writes for the others before it hands writing on.
const maxFlushes = 4

// beginLocked puts a call at the end of the queue, and its bytes behind those that are pending. Where nothing is in flight, it writes them at once, and the lock is
// released meanwhile.
func (c *Conn) beginLocked(ctx context.Context, own *call, encoded []byte) {
	alone := c.queue.head == nil && c.flusher == nil
	own.seq, own.from, own.size = c.nextSeq, len(c.out), len(encoded)
	c.nextSeq++
	c.unsent++
	c.queue.push(own)
	if c.unpark != nil && !c.stuck { // whoever waits for a push leaves reading to those who wait for a reply
		c.unpark()
		c.unpark = nil
	}
	if !alone {
		c.out = appendPending(c.out, encoded)
		return
	}
	c.flusher = own
	if c.writeLocked(ctx, own, encoded) && len(c.out) > 0 {
		c.writePendingLocked(ctx, own)
	}
	c.flushedLocked(own)
}

// awaitLocked takes whatever role is free until the call is done or the context has ended, and returns what became of it. The call is no longer the caller's
// then. It releases the lock.
func (c *Conn) awaitLocked(ctx context.Context, own *call) error {
	for !own.done {
		sent := own.seq < c.sentSeq
		switch {
		case !sent && c.err == nil && (c.flusher == nil || c.crowdedLocked()):
			c.flushLocked(ctx, own)
			if own.seq < c.sentSeq {
				continue // and read at once, if it is our turn
			}
		case sent && !c.leading && c.err == nil && c.readerLocked() == own:
			c.leadLocked(ctx, own)
		default:
			c.mu.Unlock()
			if own.wait(ctx) {
				return c.finish(own)
			}
			c.mu.Lock()
		}
		if own.done {
			break
		}
		if err := ended(ctx); err != nil {
			defer c.mu.Unlock()
			return c.leaveLocked(own, err)
		}
	}
	if own.kept.len() == 0 {
		err := own.outcome()
		c.recycleLocked(own)
		c.mu.Unlock()
		return err
	}
	c.mu.Unlock()
	return c.finish(own)
}

// finish gives the handler what others have read for it, and the call back.
func (c *Conn) finish(own *call) error {
	own.serveKept()
	err := own.outcome()
	c.recycle(own)
	return err
}

// leaveLocked lets a caller go whose call is still queued. A request that nobody began to write is taken back; the replies of any other are dropped by
// whoever reads them.
func (c *Conn) leaveLocked(own *call, cause error) error {
	err := &Error{Op: OpRead, Addr: c.addr, Sent: own.seq < c.sentSeq, Err: cause}
	if !err.Sent {
		err.Op = OpQueue
	}
	if err.Sent || c.err != nil {
		own.left.Store(true)
		c.left.Add(1)
		c.noticeLocked(time.Now())
		if own.blocking { // nobody waits any more, so the reply is late from now on
			own.blocking, own.since = false, time.Now()
		}
	} else {
		c.takeBackLocked(own)
	}
	c.passLocked(nil)
	return err
}

// takeBackLocked removes a request from the bytes to be written and its call from the queue.
func (c *Conn) takeBackLocked(own *call) {
	c.out = append(c.out[:own.from], c.out[own.from+own.size:]...)
	for later := own.next; later != nil; later = later.next {
		later.from -= own.size
	}
	c.queue.remove(own)
	c.unsent--
	c.recycleLocked(own)
}

// passLocked wakes whoever should take a role that is free: reading falls to the oldest caller that waits, writing to the oldest one that has
// something to write. own, who may be nil, is awake and looks for itself.
func (c *Conn) passLocked(own *call) {
	if c.err != nil {
		return
	}
	if !c.leading {
		if reader := c.readerLocked(); reader != nil {
			if reader != own {
				reader.poke()
			}
		} else if c.parked != nil {
			c.parked.poke()
		}
	}
	if len(c.out) > 0 && c.flusher == nil {
		c.queue.unsent(c.sentSeq).poke()
	}
}

// readerLocked returns the call whose caller should read: the oldest that waits, but not a flusher that is stuck. A server that waits for
// its replies to be read may take no more requests until then.
func (c *Conn) readerLocked() *call {
	first := c.queue.waiting()
	if c.stuck && first != nil && first == c.flusher {
		first = first.nextWaiting()
		if first != nil && first.seq >= c.sentSeq {
			return nil // it is owed nothing yet
		}
	}
	return first
}

// enough is how many requests are worth a write of their own although more are about to come.
const enough = 16

// crowdedLocked reports whether so much is pending that whoever comes should write it, while the one whose turn it is still lets others queue: a server that works
// at one half of the requests while we read and write the other half is never idle.
func (c *Conn) crowdedLocked() bool {
	return c.yielding && c.unsent >= enough && c.unsent >= c.sent
}

// flushLocked writes what is pending. The lock is released meanwhile.
func (c *Conn) flushLocked(ctx context.Context, own *call) {
	others := c.flusher == nil && c.queue.head != own
	c.flusher = own
	if others {
		// Others are in flight, so more are likely about to queue: let them, and write once for all. A busy
		// connection owes much of its throughput to this.
		c.yielding = true
		c.mu.Unlock()
		runtime.Gosched()
		c.mu.Lock()
		if c.flusher != own {
			return // somebody else did not wait
		}
	}
	c.yielding = false
	c.writePendingLocked(ctx, own)
	c.flushedLocked(own)
}

// flushedLocked ends a turn of writing.
func (c *Conn) flushedLocked(own *call) {
	c.flusher, c.stuck = nil, false
	if c.queue.head != own || c.queue.tail != own { // else nobody else is there
		c.passLocked(own)
	}
}

// writePendingLocked writes what is pending, and what comes meanwhile. The lock is released meanwhile.
func (c *Conn) writePendingLocked(ctx context.Context, own *call) {
	for i := 0; i < maxFlushes && c.err == nil && len(c.out) > 0; i++ {
		if ctx.Err() != nil { // a write that is begun for nothing would have to be cut off
			return
		}
		batch := c.out
		c.out, c.spare = c.spare[:0], nil
		alive := c.writeLocked(ctx, own, batch)
		if cap(batch) <= maxKept {
			c.spare = batch[:0]
		} else {
			leaveBuffer(batch[:cap(batch)])
		}
		if !alive {
			return
		}
	}
}

// writeIsSlow lets another than the flusher read. It is called in the middle of a write.
func (c *Conn) writeIsSlow() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stuck = c.flusher != nil
	c.passLocked(nil)
}

// writeLocked writes one batch, all that is unsent. Unless nothing of it leaves, whatever is in it counts as sent from its first moment on. The lock is released
// meanwhile.
func (c *Conn) writeLocked(ctx context.Context, own *call, batch []byte) (alive bool) {
	before := c.sentSeq
	c.sentSeq = c.nextSeq
	c.sent, c.unsent = c.sent+c.unsent, 0
	c.mu.Unlock()
	nothing, err := c.write(ctx, batch)
	c.mu.Lock()
	c.stuck = false
	if err == nil {
		return true
	}
	if nothing {
		c.sentSeq = before
	}
	ctxErr := ended(ctx)
	if late(err) && !own.done { // else it was only writing for others
		own.cut = ctxErr
	}
	c.writeFailedLocked(err, ctxErr)
	c.mu.Unlock()
	c.shut()
	c.mu.Lock()
	return false
}

// write writes a batch. Without success, nothing says that no byte of it has left.
func (c *Conn) write(ctx context.Context, batch []byte) (nothing bool, err error) {
	if c.tls != nil {
		return c.writeTLS(ctx, batch)
	}
	c.writeSince = time.Time{}
	n, err := c.sock.writes.transferSoon(ctx, batch)
	return n == 0, err
}

func (c *Conn) writeTLS(ctx context.Context, batch []byte) (nothing bool, err error) {
	p := patience{ctx: ctx}
	if c.timeout > 0 {
		p.until = time.Now().Add(c.timeout)
	}
	already := c.sock.written.Load()
	c.sock.writes.allow(p)
	_, err = c.tls.Write(batch)
	c.sock.writes.allow(patience{})
	return c.sock.written.Load() == already, err
}

// writeDueAt returns when the write that is under way will have taken too long. It begins when that is asked first.
func (c *Conn) writeDueAt() time.Time {
	if c.writeSince.IsZero() {
		c.writeSince = time.Now()
	}
	return c.writeSince.Add(c.timeout)
}

// writeFailedLocked ends the connection. The caller whose context cut the write off is told so; for the others it is somebody else's doing.
func (c *Conn) writeFailedLocked(err, ctxErr error) {
	switch {
	case !late(err):
		c.failLocked(OpWrite, err)
	case ctxErr == nil:
		c.failLocked(OpWrite, errTimeout)
	default:
		c.failLocked(OpWrite, errInterrupted)
	}
}
