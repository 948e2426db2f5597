package bwstate

import (
	"context"
	"errors"

	"github.com/bwredis/bwredis/resp"
)

// standIn returns the embedded store that counts for as long as the server is away, when err says that it is and when asks for it; otherwise nil.
// It belongs to this State: counts begin at nothing in each process, and what was counted there does not reach the server later.
func (s *State) standIn(ctx context.Context, when WhenAway, err error) *State {
	if err == nil || when != LocalWhenAway || !isOutage(ctx, err) {
		return nil
	}
	s.local.once.Do(func() { s.local.state = openStandIn() })
	return s.local.state
}

// isOutage reports whether err says that there is no server to talk to, rather than that one refused, that its answer makes no sense, that the caller left, or that
// the State was closed.
func isOutage(ctx context.Context, err error) bool {
	var reply *resp.Error
	var mismatch *resp.TypeError
	var broken *resp.SyntaxError
	switch {
	case ctx.Err() != nil, errors.As(err, &mismatch), errors.As(err, &broken), isClosed(err):
		return false
	case errors.As(err, &reply):
		return reply.Code() == "LOADING" || reply.Code() == "MASTERDOWN"
	}
	return true
}
