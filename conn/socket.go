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
// where a wake-up costs three. A context that ends inside the slice is noticed at its end.
const slice = 4 * time.Millisecond

// grace is how long a transfer may take although its limit has passed already: what lies in the socket's buffer is still taken, and what
// fits into it still written.
const grace = time.Millisecond

// maxLooks is how often a transfer whose time is over is tried again.
const maxLooks = 5

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
	return &socket{Conn: nc, reads: side{nc: nc}, writes: side{nc: nc, write: true}}
}

func (s *socket) Read(b []byte) (int, error) { return s.reads.transfer(b) }

func (s *socket) Write(b []byte) (int, error) {
	n, err := s.writes.transfer(b)
	s.written.Add(int64(n))
	return n, err
}

// A side is one direction of a socket. One goroutine at a time uses it, the leader or the flusher, and says first how long it waits. Under TLS
// the leader writes as well, now and then, where the protocol wants an answer; it does so with whatever patience is there.
type side struct {
	nc    net.Conn
	write bool
	slow  func() // told when a transfer takes longer than a slice; may be nil

	mu   sync.Mutex
	wait patience // guarded by mu
}

// patience is how long somebody waits. The zero value waits for ever.
type patience struct {
	ctx   context.Context // nil: cannot end
	until time.Time       // zero: never
	long  bool            // it will take long, and ctx may end at any moment: no slice first
}

func (s *side) allow(p patience) {
	s.mu.Lock()
	s.wait = p
	s.mu.Unlock()
}

func (s *side) patience() patience {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wait
}

// transfer moves bytes until that is done, fails, or patience has ended; then it returns the deadline's error, which TLS takes as temporary.
func (s *side) transfer(b []byte) (n int, err error) {
	p := s.patience()
	if p.long {
		err = os.ErrDeadlineExceeded
	} else {
		n, err = s.try(b, s.first(p, time.Now()))
	}
	for late(err) && p.ended() == nil {
		if s.slow != nil {
			s.slow()
		}
		disarm := s.arm(p)
		var m int
		m, err = s.move(b[n:])
		n += m
		disarm()
	}
	if late(err) && n == 0 {
		return s.lastLook(b)
	}
	return n, err
}

// lastLook does what can be done without waiting. A deadline may pass before anything is tried, on a busy machine or in a process that was
// stopped while data came; time that has run away tells, and then it looks again.
func (s *side) lastLook(b []byte) (n int, err error) {
	for range maxLooks {
		begin := time.Now()
		n, err = s.try(b, begin.Add(grace))
		if n > 0 || !late(err) || time.Since(begin) < 2*grace {
			break
		}
	}
	return n, err
}

// ended returns why waiting is over: the context's error, errTimeout, or nil when it is not.
func (p patience) ended() error {
	if p.ctx != nil {
		if err := ended(p.ctx); err != nil {
			return err
		}
	}
	if !p.until.IsZero() && !time.Now().Before(p.until) {
		return errTimeout
	}
	return nil
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
	deadline := p.until
	if s.slow != nil || p.ctx != nil && p.ctx.Done() != nil {
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
	_ = s.setDeadline(p.until) // an error would show in the transfer that follows
	if p.ctx == nil || p.ctx.Done() == nil {
		return func() {}
	}
	done := make(chan struct{})
	stop := context.AfterFunc(p.ctx, func() {
		_ = s.setDeadline(past)
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
	if s.write {
		return s.nc.SetWriteDeadline(t)
	}
	return s.nc.SetReadDeadline(t)
}

func (s *side) move(b []byte) (int, error) {
	if s.write {
		return s.nc.Write(b)
	}
	return s.nc.Read(b)
}
