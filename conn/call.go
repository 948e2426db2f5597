package conn

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/bwredis/bwredis/resp"
)

// A call is one request in a connection's queue. It belongs to its caller's goroutine and, while it is queued, to the connection:
// fields say who may touch them.
type call struct {
	// Set before the call is queued, constant until it is done.
	seq uint64 // position among all calls of the connection, from 1 on
	h   resp.Handler
	// confirm is what the replies to a request that subscribes look like, else nil. They are pushes in RESP3.
	confirm *confirmation

	// wake, of size 1, carries the seq of a call that is done, or 0: look at the roles again.
	wake chan uint64

	// Guarded by Conn.mu.
	prev, next *call // of sent calls, the leader may read next as well: nobody changes it
	done       bool  // it is no longer queued: every reply arrived, or err says why not. The leader and who got seq from wake need no lock
	blocking   bool  // the server may hold the reply back for as long as the caller waits

	left atomic.Bool // the caller is gone; set under Conn.mu, never unset while queued

	// Owned by the leader while the call is queued, by its caller afterwards.
	owed int  // replies still to come
	kept kept // replies that came while another caller was reading

	// Guarded by Conn.mu.
	from  int       // where the request begins in Conn.out, until it is sent
	size  int       // and its length
	since time.Time // when it was first noticed that the reply is owed; zero: not yet
	err   error     // the connection's failure
	cut   error     // the caller's context, when it cut a write off

	// Owned by the caller.
	handed int   // replies given to h
	herr   error // what h made of them
	reply  resp.Reply
}

// newCallLocked takes the call that the last leader left behind, which a lone caller always finds, or one of the pool's.
func (c *Conn) newCallLocked(q *resp.Request, h resp.Handler, confirm *confirmation) *call {
	own := c.lastCall
	if own == nil {
		var ok bool
		if own, ok = c.calls.Get().(*call); !ok {
			own = &call{wake: make(chan uint64, 1)}
		}
	}
	c.lastCall = nil
	own.h, own.owed, own.blocking, own.confirm = h, q.Len(), q.Blocking(), confirm
	return own
}

// recycleLocked is recycle for who holds the lock.
func (c *Conn) recycleLocked(own *call) {
	if c.lastCall != nil {
		c.recycle(own)
		return
	}
	own.clear()
	c.lastCall = own
}

// recycle makes a call available to another request. Nobody else uses it any more, though somebody may be about to wake it, which does no harm.
func (c *Conn) recycle(own *call) {
	own.clear()
	c.calls.Put(own)
}

func (own *call) clear() {
	if len(own.wake) > 0 { // nobody but the caller takes from it
		<-own.wake
	}
	if own.kept.len() > 0 || cap(own.kept.buf) > maxKept {
		own.kept.reset()
	}
	own.h, own.confirm, own.since, own.err, own.cut, own.herr = nil, nil, time.Time{}, nil, nil, nil
	own.done, own.blocking, own.handed = false, false, 0
	own.reply = resp.Reply{}
	if own.left.Load() {
		own.left.Store(false)
	}
}

// poke makes the caller look again. One that looks for nothing loses a moment.
func (own *call) poke() { own.tell(0) }

// tell wakes the caller with the seq of a call that is done.
func (own *call) tell(seq uint64) {
	select {
	case own.wake <- seq:
	default: // it has not looked since the last time
	}
}

// wait waits until the call is done, and the caller needs no lock to use it; or until the caller has to look again, or ctx has ended.
func (own *call) wait(ctx context.Context) (done bool) {
	end := ctx.Done()
	if end == nil {
		return <-own.wake == own.seq
	}
	select {
	case seq := <-own.wake:
		return seq == own.seq
	case <-end:
		return false
	}
}

// outcome is what the caller is told in the end.
func (own *call) outcome() error {
	if own.err != nil {
		return own.err
	}
	return own.herr
}

// serve gives one frame to the handler.
func (own *call) serve(frame []byte) {
	i := own.handed
	own.handed++
	if own.herr != nil {
		return
	}
	own.reply.Reset(frame)
	if own.h == nil {
		own.herr = own.reply.Err()
		return
	}
	own.herr = own.h.HandleReply(i, &own.reply)
}

// serveKept gives the kept frames to the handler.
func (own *call) serveKept() {
	if own.kept.len() == 0 {
		return
	}
	for i := range own.kept.len() {
		own.serve(own.kept.frame(i))
	}
	own.kept.reset()
}
