package pool

import (
	"context"
	"errors"
	"os"

	"github.com/bwredis/bwredis/conn"
)

// An overdueError is a dial that took longer than DialTimeout. The context that ended is the pool's own: callers, none of whose contexts ended, get
// os.ErrDeadlineExceeded and never context.DeadlineExceeded.
type overdueError struct{ during error }

func (e *overdueError) Error() string {
	if e.during == context.DeadlineExceeded {
		return "the server did not answer in time"
	}
	return e.during.Error()
}

func (e *overdueError) Timeout() bool   { return true }
func (e *overdueError) Temporary() bool { return true }

func (e *overdueError) Is(target error) bool {
	return target == os.ErrDeadlineExceeded || target != context.DeadlineExceeded && errors.Is(e.during, target)
}

func (e *overdueError) As(target any) bool { return errors.As(e.during, target) }

// overdue tells a dial that the pool's own limit ended apart from one that a caller's context ended, as which it looks.
func overdue(err error) error {
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if e, ok := err.(*conn.Error); ok {
		return &conn.Error{Op: e.Op, Addr: e.Addr, Sent: e.Sent, Err: &overdueError{e.Err}}
	}
	return &conn.Error{Op: conn.OpDial, Addr: "pool", Err: &overdueError{err}}
}
