package bwstate

import (
	"context"

	"github.com/bwredis/bwredis/resp"
)

// An operation is what one call asks of the server: some commands, and what becomes of their replies. It is written once, and runs alone or in a batch.
//
// add may be called again when the replies did not come, so it starts the operation anew; it marks nothing, which is for reads: whether nothing but reading is asked
// for. HandleReply counts replies from the operation's own first. What the server refuses is a result and kept in the operation, as the replies behind it, which
// belong to others, still have to be read; it returns an error for nothing else.
type operation interface {
	add(q *resp.Request)
	reads() bool
	resp.Handler
}

// run makes one round trip of an operation. q is empty. The error is that of the round trip: the server's refusals are in op.
func (s *State) run(ctx context.Context, q *resp.Request, op operation) error {
	op.add(q)
	if op.reads() {
		q.MarkReadOnly()
	}
	return s.roundTrip(ctx, q, op)
}

// runSomewhere runs an operation on the server, or in the process itself when the server is away and that was asked for. It says so.
func (s *State) runSomewhere(ctx context.Context, when WhenAway, q *resp.Request, op operation) (degraded bool, err error) {
	err = s.run(ctx, q, op)
	local := s.standIn(ctx, when, err)
	if local == nil {
		return false, err
	}
	q.Reset()
	return true, local.run(ctx, q, op)
}
