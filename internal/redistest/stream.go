package redistest

import (
	"errors"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// A stream is one direction of a [Pipe]: a bounded buffer with a reading and a writing side.
type stream struct {
	capacity int
	r, w     side

	mu  sync.Mutex // never held while waiting
	buf []byte     // guarded by mu
}

// A side is what one end of a stream waits for and fails with.
type side struct {
	// wake holds a token when a waiting call has reason to look again. One token wakes one call, so whoever leaves something
	// behind for the next puts it back.
	wake chan struct{}

	err      error       // what calls return from now on; for reads, once the buffer is empty. Guarded by stream.mu
	closed   bool        // err comes from this side's own Close. Guarded by stream.mu
	deadline time.Time   // guarded by stream.mu
	timer    *time.Timer // wakes at the deadline; nil until one was set. Guarded by stream.mu
}

func newStream(capacity int) *stream {
	s := &stream{capacity: capacity}
	s.r.wake, s.w.wake = make(chan struct{}, 1), make(chan struct{}, 1)
	return s
}

func (s *stream) read(p []byte) (n int, err error) {
	for {
		n, done, err := s.tryRead(p)
		if done {
			return n, err
		}
		<-s.r.wake
	}
}

func (s *stream) tryRead(p []byte) (n int, done bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.r.closed:
		err = s.r.err
	case s.r.expired():
		err = os.ErrDeadlineExceeded
	case len(p) == 0:
		return 0, true, nil
	case len(s.buf) > 0:
		n = copy(p, s.buf)
		s.buf = s.buf[:copy(s.buf, s.buf[n:])]
		s.w.signal()
		if len(s.buf) == 0 && s.r.err == nil {
			return n, true, nil
		}
	case s.r.err != nil:
		err = s.r.err
	default:
		return 0, false, nil
	}
	s.r.signal() // other readers have something to find, too
	return n, true, err
}

// write passes on as much of p as fits, waiting until at least one byte does.
func (s *stream) write(p []byte) (n int, err error) {
	for {
		n, done, err := s.tryWrite(p)
		if done {
			return n, err
		}
		<-s.w.wake
	}
}

func (s *stream) tryWrite(p []byte) (n int, done bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch room := s.capacity - len(s.buf); {
	case s.w.err != nil:
		err = s.w.err
	case s.w.expired():
		err = os.ErrDeadlineExceeded
	case len(p) == 0:
		return 0, true, nil
	case room > 0:
		n = min(room, len(p))
		s.buf = append(s.buf, p[:n]...)
		s.r.signal()
		return n, true, nil
	default:
		return 0, false, nil
	}
	s.w.signal()
	return 0, true, err
}

// endRead closes the reading side: reads fail with err and writes with peer. It reports false when that had been done before.
func (s *stream) endRead(err, peer error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.r.closed {
		return false
	}
	s.buf = nil
	s.r.end(err)
	if s.w.err == nil {
		s.w.err = peer
		s.w.signal()
	}
	return true
}

// endWrite closes the writing side: writes fail with err, and reads with peer once they have delivered everything. Close after
// CloseWrite only changes what writes fail with.
func (s *stream) endWrite(err, peer error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.w.closed && errors.Is(s.w.err, net.ErrClosed) {
		return false
	}
	s.w.end(err)
	if s.r.err == nil {
		s.r.err = peer
		s.r.signal()
	}
	return true
}

// reset closes the writing side and takes back what has not been read.
func (s *stream) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.w.end(net.ErrClosed)
	if !s.r.closed {
		s.buf, s.r.err = nil, syscall.ECONNRESET
		s.r.signal()
	}
}

func (s *stream) setReadDeadline(t time.Time) error  { return s.setDeadline(&s.r, t) }
func (s *stream) setWriteDeadline(t time.Time) error { return s.setDeadline(&s.w, t) }

func (s *stream) setDeadline(d *side, t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.closed && errors.Is(d.err, net.ErrClosed) {
		return net.ErrClosed
	}
	d.deadline = t
	switch left := time.Until(t); {
	case t.IsZero():
		if d.timer != nil {
			d.timer.Stop()
		}
	case left <= 0: // without a timer: one that fires at once crashes the race detector in a bubble of synctest (golang/go#78156)
		if d.timer != nil {
			d.timer.Stop()
		}
		d.signal()
	case d.timer == nil:
		d.timer = time.AfterFunc(left, func() { s.wakeAtDeadline(d) })
	default:
		d.timer.Reset(left)
	}
	return nil
}

// wakeAtDeadline runs when the timer fires. The deadline may have moved meanwhile, and a wall clock need not agree with the timer.
func (s *stream) wakeAtDeadline(d *side) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case d.expired():
		d.signal()
	case !d.deadline.IsZero() && !d.closed:
		d.timer.Reset(time.Until(d.deadline))
	}
}

// expired is asked instead of remembered, so a deadline that moves needs no bookkeeping.
func (d *side) expired() bool { return !d.deadline.IsZero() && !time.Now().Before(d.deadline) }

func (d *side) signal() {
	select {
	case d.wake <- struct{}{}:
	default: // a token is there already
	}
}

// end makes the side fail for good. Its deadline has no meaning any more.
func (d *side) end(err error) {
	d.err, d.closed = err, true
	if d.timer != nil {
		d.timer.Stop()
	}
	d.signal()
}
