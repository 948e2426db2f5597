package sentinel

import (
	"time"

	"github.com/bwredis/bwredis/conn"
)

// spareFor is how long the connection is kept over which a new master was asked whether it is one.
const spareFor = time.Second

// A spare is a connection that the next who dials the master may have: the first request to a new master does not wait for another dial.
type spare struct {
	dialer *conn.Dialer // how it was dialled
	c      *conn.Conn
}

func (s *spare) conn() *conn.Conn {
	if s == nil {
		return nil
	}
	return s.c
}

// offer keeps a connection for a moment.
func (r *Resolver) offer(d *conn.Dialer, c *conn.Conn) {
	s := &spare{d, c}
	closeIf(r.spare.Swap(s).conn())
	time.AfterFunc(spareFor, func() {
		if r.spare.CompareAndSwap(s, nil) {
			_ = c.Close()
		}
	})
}

// takeSpare returns the spare connection to addr that was dialled with d, or nil.
func (r *Resolver) takeSpare(d *conn.Dialer, addr string) *conn.Conn {
	s := r.spare.Load()
	if s == nil || s.dialer != d || s.c.Addr() != addr || !r.spare.CompareAndSwap(s, nil) {
		return nil
	}
	if s.c.Err() != nil {
		_ = s.c.Close()
		return nil
	}
	return s.c
}
