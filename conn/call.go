package conn

import (
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

	// Guarded by Conn.mu.
	since      time.Time // when the reply began to be owed; zero when the connection has no Timeout
	blocking   bool      // the server may hold the reply back for as long as the caller waits
	from       int       // where the request begins in Conn.out, until it is sent
	size       int       // and its length
	prev, next *call
	done       bool  // no longer queued: every reply arrived, or err says why not
	err        error // the connection's failure

	left atomic.Bool   // the caller is gone; set under Conn.mu, never unset while queued
	wake chan struct{} // of size 1: look at your call and at the roles again

	// Owned by the leader while the call is queued, by its caller afterwards.
	owed   int    // replies still to come
	frames []byte // replies that came while another caller was reading
	ends   []int  // where each of frames ends

	// Owned by the caller.
	handed int   // replies given to h
	herr   error // what h made of them
	reply  resp.Reply
}

func (c *Conn) newCall(replies int, h resp.Handler, blocking bool) *call {
	own, ok := c.calls.Get().(*call)
	if !ok {
		own = &call{wake: make(chan struct{}, 1)}
	}
	own.h, own.owed, own.blocking = h, replies, blocking
	return own
}

// maxKept bounds, in bytes, the buffers that outlive the request they grew for.
const maxKept = 64 << 10

// recycle makes a call available to another request. Nobody else may know it any more.
func (c *Conn) recycle(own *call) {
	select {
	case <-own.wake:
	default:
	}
	frames, ends := own.frames[:0], own.ends[:0]
	if cap(frames) > maxKept {
		frames = nil
	}
	if cap(ends) > maxKept/8 {
		ends = nil
	}
	*own = call{wake: own.wake, frames: frames, ends: ends}
	c.calls.Put(own)
}

// poke makes the caller look again. Conn.mu is held, or the call is not queued.
func (c *call) poke() {
	select {
	case c.wake <- struct{}{}:
	default: // it has not looked since the last time
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

// keep copies a frame until the caller comes for it.
func (c *call) keep(frame []byte) {
	c.frames = append(c.frames, frame...)
	c.ends = append(c.ends, len(c.frames))
}

// serveKept gives the kept frames to the handler.
func (c *call) serveKept() {
	start := 0
	for _, end := range c.ends {
		c.serve(c.frames[start:end:end])
		start = end
	}
	scribble(c.frames)
	c.frames, c.ends = c.frames[:0], c.ends[:0]
}

// poison makes borrowed bytes unreadable after use, so that tests catch whoever kept them.
var poison = false

func scribble(b []byte) {
	if poison {
		for i := range b {
			b[i] = 0xDB
		}
	}
}
