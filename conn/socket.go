package conn

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// slice is how long a transfer waits before it arms a wake-up for its context. Most replies come sooner, and a deadline costs no allocation
// where a wake-up costs three. A deadline serves all transfers until it passes, for setting one and asking for the time cost more than all else that
// is done for a request. A context that is cancelled inside the slice is noticed at its end.
const slice = 4 * time.Millisecond

// grace is how long a transfer may take although its limit has passed already: what lies in the socket's buffer is still taken, and what
// fits into it still written.
const grace = time.Millisecond

// maxLooks is how often a transfer whose time is over is tried again.
const maxLooks = 5

// headStart is how much of a large request is written by itself. Over loopback a SET of 1 MiB is faster then than a bare write of the whole, which go run ./sweep -full -only
// size-set-1MiB-1 in bench shows; smaller ones gain nothing. It does not matter much whether the first write has 16 or 128 KiB.
const (
	headStart       = 32 << 10
	worthAHeadStart = 512 << 10
)

// past makes a pending read or write return at once.
var past = time.Unix(1, 0)

// A socket is the bottom of a connection, below TLS: reads and writes that give up when a context ends or a moment has passed. Interrupted
// there, a TLS layer above never sees a half-done write unless the connection is to die, and reads resume.
type socket struct {
	net.Conn
	reads, writes side
	written       atomic.Int64 // bytes, so that it is known whether anything of a request left
}

func newSocket(nc net.Conn) *socket {
	return &socket{Conn: nc, reads: side{nc: nc, known: true}, writes: side{nc: nc, known: true, write: true}}
}

// Read is for TLS.
func (s *socket) Read(b []byte) (int, error) { return s.reads.transfer(s.reads.wait, b) }

// answerTime is how long TLS may take to write something of its own accord, an alert or an answer to a key update, while nobody writes a request.
const answerTime = time.Second

// Write is for TLS.
func (s *socket) Write(b []byte) (int, error) {
	p := s.writes.allowed()
	if p.ctx == nil && p.until.IsZero() {
		p.until = time.Now().Add(answerTime)
	}
	n, err := s.writes.transfer(p, b)
	s.written.Add(int64(n))
	return n, err
}

// quiet reports whether nothing at all is to be read, not even the end. It takes nothing from the socket.
func (s *socket) quiet() bool {
	_ = s.reads.setDeadline(time.Time{}) // one that has passed would keep it from looking
	return quiet(s.Conn)
}

// A side is one direction of a socket. One goroutine at a time uses it, the leader or the flusher.
type side struct {
	nc    net.Conn
	write bool
	slow  func()           // told when a transfer takes longer than a slice; may be nil
	due   func() time.Time // when a transfer that has no limit of its own is overdue, zero: never; asked when it matters; may be nil

	// The deadline in force, if known; zero: none. A deadline that is known is a slice away at most, and may have passed. Owned by whoever transfers.
	armed time.Time
	known bool

	looked bool // a last look found something: time is over all the same. Owned by whoever transfers

	// What a transfer of TLS waits for. The leader's is its own; the flusher's has a lock, because the leader writes as well now and then, where the protocol wants
	// an answer. It does so with whatever patience is there.
	wait patience
	mu   sync.Mutex // guards wait of the writing side
}

// patience is how long somebody waits. The zero value waits for ever.
type patience struct {
	ctx   context.Context // nil: cannot end
	until time.Time       // zero: the side says it
	long  bool            // it will take long, and ctx may end at any moment: no slice first
}

// allow says how long transfers of TLS wait from now on.
func (s *side) allow(p patience) {
	s.mu.Lock()
	s.wait = p
	s.mu.Unlock()
}

func (s *side) allowed() patience {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wait
}

// transfer moves bytes until that is done, fails, or patience has ended; then it returns the deadline's error, which TLS takes as temporary.
func (s *side) transfer(p patience, b []byte) (n int, err error) {
	if !p.long && (p.until.IsZero() || !s.armed.IsZero() && !p.until.Before(s.armed)) && s.serves(p.ctx) {
		if n, err = s.move(b); !late(err) {
			return n, err
		}
	}
	return s.patiently(p, b, n)
}

// transferSoon is transfer for a caller who has no limit but a context.
func (s *side) transferSoon(ctx context.Context, b []byte) (n int, err error) {
	if s.serves(ctx) {
		if n, err = s.move(b); !late(err) {
			return n, err
		}
	}
	return s.patiently(patience{ctx: ctx}, b, n)
}

// serves reports whether the deadline in force will do for somebody whose patience is ctx.
func (s *side) serves(ctx context.Context) bool {
	switch {
	case !s.known:
		return false
	case s.armed.IsZero():
		return !s.slices(&patience{ctx: ctx})
	case ctx == nil:
		return true
	}
	d, ok := ctx.Deadline()
	return !ok || !d.Before(s.armed)
}

// slices reports whether something has to be looked at while a transfer waits.
func (s *side) slices(p *patience) bool {
	return s.slow != nil || s.due != nil || !p.until.IsZero() || p.cancellable() || p.hasDeadline()
}

func (p *patience) hasDeadline() bool {
	if p.ctx == nil {
		return false
	}
	_, ok := p.ctx.Deadline()
	return ok
}

func (p *patience) cancellable() bool { return p.ctx != nil && p.ctx.Done() != nil }

// patiently is transfer with an eye on the time. n bytes were moved before.
func (s *side) patiently(p patience, b []byte, n int) (int, error) {
	err := os.ErrDeadlineExceeded
	for i := 0; late(err) && s.over(p) == nil; i++ {
		var m int
		if i == 0 && !p.long {
			m, err = s.try(b[n:], s.first(p, time.Now()))
		} else {
			m, err = s.wakeably(p, b[n:])
		}
		n += m
	}
	if late(err) && n == 0 {
		return s.lastLook(b)
	}
	return n, err
}

// wakeably moves bytes until that is done or the context ends.
func (s *side) wakeably(p patience, b []byte) (int, error) {
	if s.slow != nil {
		s.slow()
	}
	disarm := s.arm(p)
	defer disarm()
	return s.move(b)
}

// lastLook does what can be done without waiting. A deadline may pass before anything is tried, on a busy machine or in a process that was
// stopped while data came: so it looks twice, and again for as long as time runs away.
func (s *side) lastLook(b []byte) (n int, err error) {
	for i := range maxLooks {
		begin := time.Now()
		n, err = s.try(b, begin.Add(grace))
		if n > 0 {
			s.looked = true
			break
		}
		if !late(err) || i > 0 && time.Since(begin) < 2*grace {
			break
		}
	}
	return n, err
}

// over returns why waiting is over: the context's error, errTimeout, or nil when it is not.
func (s *side) over(p patience) error {
	if p.ctx != nil {
		if err := ended(p.ctx); err != nil {
			return err
		}
	}
	if until := s.limit(p); !until.IsZero() && !time.Now().Before(until) {
		return errTimeout
	}
	return nil
}

// limit returns when p ends whatever its context does; zero: never.
func (s *side) limit(p patience) time.Time {
	if s.due == nil || !p.until.IsZero() {
		return p.until
	}
	return s.due()
}

// ended returns the error of a context that has ended. Its deadline may pass a moment before its timer fires.
func ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d, ok := ctx.Deadline(); ok && !time.Now().Before(d) {
		return context.DeadlineExceeded
	}
	return nil
}

// late reports whether a deadline of the socket has passed.
func late(err error) bool { return err != nil && errors.Is(err, os.ErrDeadlineExceeded) }

// first returns the deadline of the first attempt; zero: none.
func (s *side) first(p patience, now time.Time) time.Time {
	deadline := s.limit(p)
	if s.slices(&p) {
		deadline = earlier(deadline, now.Add(slice))
	}
	if p.ctx != nil {
		if d, ok := p.ctx.Deadline(); ok {
			deadline = earlier(deadline, d)
		}
	}
	if least := now.Add(grace); !deadline.IsZero() && deadline.Before(least) {
		return least
	}
	return deadline
}

// earlier returns the earlier of two deadlines, of which the first may be none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// arm sets the deadline of a longer wait and lets the context cut it short. When disarm has returned, the context no longer will.
func (s *side) arm(p patience) (disarm func()) {
	_ = s.setDeadline(s.limit(p)) // an error would show in the transfer that follows
	s.known = false
	if !p.cancellable() {
		return func() {}
	}
	done := make(chan struct{})
	stop := context.AfterFunc(p.ctx, func() {
		_ = s.setSocket(past)
		close(done)
	})
	return func() {
		if !stop() {
			<-done
		}
	}
}

func (s *side) try(b []byte, deadline time.Time) (int, error) {
	if err := s.setDeadline(deadline); err != nil {
		return 0, err
	}
	return s.move(b)
}

func (s *side) setDeadline(t time.Time) error {
	s.armed, s.known = t, true
	return s.setSocket(t)
}

func (s *side) setSocket(t time.Time) error {
	if s.write {
		return s.nc.SetWriteDeadline(t)
	}
	return s.nc.SetReadDeadline(t)
}

func (s *side) move(b []byte) (int, error) {
	if !s.write {
		return s.nc.Read(b)
	}
	if len(b) <= worthAHeadStart {
		return s.nc.Write(b)
	}
	n, err := s.nc.Write(b[:headStart])
	if err != nil {
		return n, err
	}
	m, err := s.nc.Write(b[n:])
	return n + m, err
}
