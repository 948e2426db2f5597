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
	h   resp.Handler
	seq uint64 // position among all calls of the connection
	// confirm is what the replies to a request that subscribes look like, else nil. They are pushes in RESP3.
	confirm *confirmation

	// Guarded by Conn.mu.
	since      time.Time // when it was first noticed that the reply is owed; zero: not yet
	blocking   bool      // the server may hold the reply back for as long as the caller waits
	from       int       // where the request begins in Conn.out, until it is sent
	size       int       // and its length
	prev, next *call     // of sent calls, the leader may read next as well: nobody changes it
	err        error     // the connection's failure

	// done is set under Conn.mu when the call is no longer queued: every reply arrived, or err says why not.
	done atomic.Bool
	left atomic.Bool   // the caller is gone; set under Conn.mu, never unset while queued
	wake chan struct{} // of size 1: look at your call and at the roles again

	// Owned by the leader while the call is queued, by its caller afterwards.
	owed int  // replies still to come
	kept kept // replies that came while another caller was reading

	// Owned by the caller.
	handed int   // replies given to h
	herr   error // what h made of them
	reply  resp.Reply
}

// newCall takes the call that the last caller left behind, which a lone caller always finds, or one of the pool's.
func (c *Conn) newCall(q *resp.Request, h resp.Handler, confirm *confirmation) *call {
	own := c.lastCall.Swap(nil)
	if own == nil {
		var ok bool
		if own, ok = c.calls.Get().(*call); !ok {
			own = &call{wake: make(chan struct{}, 1)}
		}
	}
	own.h, own.owed, own.blocking, own.confirm = h, q.Len(), q.Blocking(), confirm
	return own
}

// recycle makes a call available to another request. Nobody else uses it any more, though somebody may be about to wake it, which does no harm.
func (c *Conn) recycle(own *call) {
	select {
	case <-own.wake:
	default:
	}
	if own.kept.len() > 0 || cap(own.kept.buf) > maxKept {
		own.kept.reset()
	}
	own.h, own.confirm, own.since, own.err, own.herr = nil, nil, time.Time{}, nil, nil
	own.blocking, own.handed = false, 0
	own.reply = resp.Reply{}
	own.done.Store(false)
	own.left.Store(false)
	if !c.lastCall.CompareAndSwap(nil, own) {
		c.calls.Put(own)
	}
}

// poke makes the caller look again. One that looks for nothing loses a moment.
func (c *call) poke() {
	select {
	case c.wake <- struct{}{}:
	default: // it has not looked since the last time
	}
}

// wait waits until the caller has to look again, or until ctx has ended.
func (c *call) wait(ctx context.Context) {
	done := ctx.Done()
	if done == nil {
		<-c.wake
		return
	}
	select {
	case <-c.wake:
	case <-done:
	}
}

// serve gives one frame to the handler.
func (c *call) serve(frame []byte) {
	i := c.handed
	c.handed++
	if c.herr != nil {
		return
	}
	c.reply.Reset(frame)
	if c.h == nil {
		c.herr = c.reply.Err()
		return
	}
	c.herr = c.h.HandleReply(i, &c.reply)
}

// serveKept gives the kept frames to the handler.
func (c *call) serveKept() {
	if c.kept.len() == 0 {
		return
	}
	for i := range c.kept.len() {
		c.serve(c.kept.frame(i))
	}
	c.kept.reset()
}
