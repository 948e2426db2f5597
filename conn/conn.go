package conn

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
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
	pubSub  bool // may subscribe
	trace   *Trace
	born    time.Time // when the handshake was over; set when there is a trace
	hello   Hello
	sock    *socket

	tls      *tls.Conn             // over sock; nil: plain
	left     atomic.Int32          // calls in the queue whose callers are gone
	dead     atomic.Pointer[Error] // err, for those who do not hold mu
	told     atomic.Bool           // the trace knows of the end
	pushTurn chan struct{}         // of size 1: held by the caller of NextPush
	calls    sync.Pool             // of *call. Not shared with other connections: under testing/synctest, channels must stay in their bubble

	mu       sync.Mutex // never held across I/O, a blocking channel operation or a handler
	err      *Error     // why the connection is dead; guarded by mu
	lastCall *call      // what the last leader needs no more, if nobody has taken it; guarded by mu
	queue    queue      // sent calls are taken off by the leader only, while there is one; guarded by mu
	out      []byte     // requests nobody began to write; guarded by mu
	spare    []byte     // the other write buffer, nil while a flusher has it; guarded by mu
	nextSeq  uint64     // of the next call, from 1 on; guarded by mu
	unsent   int        // calls in the queue that nobody began to write; guarded by mu
	sent     int        // the others; guarded by mu
	sentSeq  uint64     // calls before it may have reached the server; goes back on a dead connection only; guarded by mu
	flusher  *call      // whose caller writes, nil: nobody; guarded by mu
	yielding bool       // the flusher lets others queue; guarded by mu
	stuck    bool       // the flusher has been waiting for the server to take what it writes; guarded by mu
	leading  bool       // somebody reads; guarded by mu
	parked   *parked    // who waits in NextPush, nil: nobody; guarded by mu
	unpark   func()     // makes a leader who waits for a push stop reading; nil when the leader is another; guarded by mu
	pushes   pushQueue  // pushes for NextPush; guarded by mu

	writeSince time.Time // owned by the flusher

	rd     reader     // owned by the leader
	looks  int        // reads in a row that found something although it was too late, and brought no reply; owned by the leader
	ahead  ahead      // owned by the leader
	woken  []woken    // whom to wake when the lock is released; owned by the leader
	push   resp.Reply // owned by the leader
	pushTo *parked    // the leader, when it waits for a push; owned by the leader
	topics topicCount // owned by the leader
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
//
// A command of [resp.Request.Script] whose script the server does not know is sent once more, with the text, as soon as all replies are there; h sees the reply
// to that. The commands behind it have been executed by then, and a script that answers
// NOSCRIPT of its own accord is executed twice. Inside of MULTI the server queues such a command and refuses it with EXEC, which is the caller's.
func (c *Conn) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	if c.trace == nil && !q.Scripted() && !q.Special() {
		return c.roundTrip(ctx, q, h, nil)
	}
	return c.roundTripTraced(ctx, q, h)
}

// roundTripAny is RoundTrip for requests that need more than to be sent and answered.
func (c *Conn) roundTripAny(ctx context.Context, q *resp.Request, h resp.Handler) error {
	var confirm *confirmation
	if q.Special() {
		var err error
		if confirm, err = c.confirmation(q); err != nil {
			return &Error{Op: OpQueue, Addr: c.addr, Err: err}
		}
	}
	if q.Scripted() {
		return c.roundTripScripts(ctx, q, h)
	}
	return c.roundTrip(ctx, q, h, confirm)
}

func (c *Conn) roundTrip(ctx context.Context, q *resp.Request, h resp.Handler, confirm *confirmation) error {
	if q.Len() == 0 {
		return nil
	}
	c.mu.Lock()
	if err := ctx.Err(); err != nil { // looked at behind the lock: a write that is begun for nothing would have to be cut off
		defer c.mu.Unlock()
		return &Error{Op: OpQueue, Addr: c.addr, Err: err}
	}
	if c.err != nil {
		defer c.mu.Unlock()
		return c.err
	}
	own := c.newCallLocked(q, h, confirm)
	c.beginLocked(ctx, own, q.Encoded())
	return c.awaitLocked(ctx, own)
}

// InFlight returns how many requests have not been answered completely, those whose callers left included.
func (c *Conn) InFlight() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent + c.unsent
}

// Left returns how many requests have not been answered completely although their callers are gone. It takes no lock.
func (c *Conn) Left() int { return int(c.left.Load()) }

// Err returns nil while the connection can be used, and afterwards why it never can be again.
func (c *Conn) Err() error {
	if err := c.dead.Load(); err != nil {
		return err
	}
	return nil
}

// Hello returns what the server said of itself in the handshake.
func (c *Conn) Hello() Hello { return c.hello }

// TLS returns the state of TLS: version, whether the session was resumed, and the server's certificates, which say when they expire. ok is false without TLS.
func (c *Conn) TLS() (state tls.ConnectionState, ok bool) {
	if c.tls == nil {
		return state, false
	}
	return c.tls.ConnectionState(), true
}

// Addr returns the address that was dialled: host:port, or the path of a unix socket.
func (c *Conn) Addr() string { return c.addr }

// Close closes the connection at once. Callers that wait for a reply or a push get an [*Error] that wraps [ErrClosed].
func (c *Conn) Close() error {
	c.CloseFor(ErrClosed)
	return nil
}

// CloseFor is Close for a cause: it is what callers are told, in place of ErrClosed.
func (c *Conn) CloseFor(cause error) {
	if cause == nil {
		cause = ErrClosed
	}
	c.fail(OpQueue, cause)
}

// String shows the address, and whether the connection is dead. No way of printing a Conn shows more: its buffers hold what others sent.
func (c *Conn) String() string {
	text := "conn.Conn{" + c.addr
	if err := c.Err(); err != nil {
		text += ", dead"
	}
	return text + "}"
}

// Format is [Conn.String] for every verb.
func (c *Conn) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// fail ends the connection.
func (c *Conn) fail(op string, cause error) {
	c.mu.Lock()
	c.failLocked(op, cause)
	c.mu.Unlock()
	c.shut()
}

// shut closes the socket of a connection that has failed, and tells the trace. It is the socket below TLS: closing TLS would write a goodbye, and wait for a
// peer that may be gone.
func (c *Conn) shut() {
	_ = c.sock.Close()
	if c.told.CompareAndSwap(false, true) {
		c.traceClose()
	}
}

// failLocked makes the connection dead. Its callers are told now, or by the leader when there is one: it may be in the middle of a call.
func (c *Conn) failLocked(op string, cause error) {
	if c.err != nil {
		return
	}
	c.err = &Error{Op: op, Addr: c.addr, Err: cause}
	c.dead.Store(c.err)
	c.out = nil
	if !c.leading {
		c.drainLocked()
	}
}

// drainLocked tells everybody in the queue of a dead connection. There is no leader, nor will there be one.
func (c *Conn) drainLocked() {
	for own := c.queue.head; own != nil; own = c.queue.head {
		c.queue.remove(own)
		if own.left.Load() {
			c.left.Add(-1)
			c.recycleLocked(own)
			continue
		}
		own.err = c.toldLocked(own)
		own.done = true
		own.tell(own.seq)
	}
	c.sent, c.unsent = 0, 0
	if c.parked != nil {
		c.parked.poke()
	}
}

// toldLocked returns what the connection's end is to one caller. Who cut a write off is told of the context that did it.
func (c *Conn) toldLocked(own *call) *Error {
	err := c.err.of(own.seq < c.sentSeq)
	if own.cut != nil && errors.Is(c.err, errInterrupted) {
		err.Err = own.cut
	}
	return err
}
