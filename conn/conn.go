package conn

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bwredis/bwredis/resp"
)

// A Conn is one connection. All its methods may be called concurrently.
type Conn struct {
	addr    string
	timeout time.Duration
	onPush  func(*resp.Reply)
	hello   Hello
	sock    *socket
	nc      net.Conn // sock, or TLS over it

	inFlight atomic.Int32 // calls in the queue
	calls    sync.Pool    // of *call. Not shared with other connections: under testing/synctest, channels must stay in their bubble

	mu      sync.Mutex // never held across I/O, a blocking channel operation or a handler
	err     *Error     // why the connection is dead; guarded by mu
	queue   queue      // sent calls are taken off by the leader only, while there is one; guarded by mu
	out     []byte     // requests nobody began to write; guarded by mu
	spare   []byte     // the other write buffer, nil while a flusher has it; guarded by mu
	nextSeq uint64     // of the next call; guarded by mu
	sentSeq uint64     // calls before it may have reached the server; goes back on a dead connection only; guarded by mu
	flusher *call      // whose caller writes, nil: nobody; guarded by mu
	stuck   bool       // the flusher has been waiting for the server to take what it writes; guarded by mu
	leading bool       // somebody reads; guarded by mu

	rd   reader     // owned by the leader
	push resp.Reply // owned by the leader
}

// RoundTrip sends q and gives its replies to h, in order, on the calling goroutine. A nil h drops them and returns the first error
// reply as a *resp.Error. A nil error means that every reply came and h accepted it.
//
// Bytes that h borrows are valid until it returns. h is never called after RoundTrip has returned, must not block, and must not
// use the connection.
//
// When ctx ends, RoundTrip returns an [*Error] that wraps the context's error; the command may or may not be executed, unless
// [NotSent] says it cannot. q may be reused as soon as RoundTrip has returned.
//
// A request is written completely before its caller reads. Redis and Valkey hold replies back meanwhile; a proxy that does not, and reads no
// more requests until its replies are taken, needs requests whose replies fit into the sockets' buffers.
func (c *Conn) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	if q.Len() == 0 {
		return nil
	}
	if err := ended(ctx); err != nil {
		return &Error{Op: OpQueue, Addr: c.addr, Err: err}
	}
	own := c.newCall(q.Len(), h, q.Blocking())
	if err := c.enqueue(own, q.Encoded()); err != nil {
		c.recycle(own)
		return err
	}
	if err := c.await(ctx, own); err != nil {
		return err
	}
	own.serveKept()
	err := own.err
	if err == nil {
		err = own.herr
	}
	c.recycle(own)
	return err
}

// InFlight returns how many requests have not been answered completely, those whose callers left included.
func (c *Conn) InFlight() int { return int(c.inFlight.Load()) }

// Err returns nil while the connection can be used, and afterwards why it never can be again.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.errLocked()
}

// errLocked keeps a nil *Error from becoming an error that is not nil.
func (c *Conn) errLocked() error {
	if c.err == nil {
		return nil
	}
	return c.err
}

// Hello returns what the server said of itself in the handshake.
func (c *Conn) Hello() Hello { return c.hello }

// Addr returns the address that was dialled: host:port, or the path of a unix socket.
func (c *Conn) Addr() string { return c.addr }

// Close closes the connection at once. Callers that wait for a reply get an [*Error] that wraps [ErrClosed].
func (c *Conn) Close() error {
	c.fail(OpQueue, ErrClosed)
	return nil
}

// fail ends the connection.
func (c *Conn) fail(op string, cause error) {
	c.mu.Lock()
	c.failLocked(op, cause)
	c.mu.Unlock()
	// The socket below TLS: closing TLS would write a goodbye, and wait for a peer that may be gone.
	_ = c.sock.Close()
}

// failLocked makes the connection dead. Its callers are told now, or by the leader when there is one: it may be in the middle of a call.
func (c *Conn) failLocked(op string, cause error) {
	if c.err != nil {
		return
	}
	c.err = &Error{Op: op, Addr: c.addr, Err: cause}
	c.out = nil
	if !c.leading {
		c.drainLocked()
	}
}

// drainLocked tells everybody in the queue of a dead connection. There is no leader, nor will there be one.
func (c *Conn) drainLocked() {
	for own := c.queue.head; own != nil; own = c.queue.head {
		c.queue.remove(own)
		c.inFlight.Add(-1)
		if own.left.Load() {
			c.recycle(own)
			continue
		}
		own.err = c.err.of(own.seq < c.sentSeq)
		own.done = true
		own.poke()
	}
}
