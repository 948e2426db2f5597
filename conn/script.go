package conn

import (
	"context"
	"errors"
	"sync"

	"github.com/bwredis/bwredis/resp"
)

// A rescue is the handler of a request with scripts. From the first command on whose script the server does not know, it keeps all replies back; those
// commands are sent again with the texts of their scripts, and then everything reaches the caller's handler in order.
type rescue struct {
	q     *resp.Request
	h     resp.Handler
	first error // the first error reply, when there is no handler

	again resp.Request // what is sent once more
	holes []int        // its commands, by their index in q
	kept  kept         // the replies from the first hole on; in a hole lies the refusal
	next  int          // how many of kept were handed over, or passed over
	reply resp.Reply
}

var rescues = sync.Pool{New: func() any { return new(rescue) }}

// roundTripScripts is a round trip whose scripts may be unknown to the server, because it was restarted or is a new master.
func (c *Conn) roundTripScripts(ctx context.Context, q *resp.Request, h resp.Handler) error {
	s := rescues.Get().(*rescue)
	defer s.recycle()
	s.q, s.h = q, h
	err := c.roundTrip(ctx, q, s, nil)
	if err == nil && len(s.holes) > 0 {
		err = s.sendAgain(ctx, c)
	}
	if err == nil {
		err = s.first
	}
	return err
}

func (s *rescue) recycle() {
	if len(s.again.Encoded()) > maxKept {
		s.again = resp.Request{}
	}
	s.again.Reset()
	s.kept.reset()
	*s = rescue{again: s.again, holes: s.holes[:0], kept: s.kept}
	rescues.Put(s)
}

// HandleReply takes the answers to the request as the caller wrote it.
func (s *rescue) HandleReply(i int, r *resp.Reply) error {
	s.noteUnknown(i, r)
	if len(s.holes) == 0 {
		return s.handOver(i, r)
	}
	s.kept.add(r.Raw())
	return nil
}

// noteUnknown looks whether a reply says that the server does not know the script of its command. It does not move r.
func (s *rescue) noteUnknown(i int, r *resp.Reply) {
	if k := r.Kind(); k != resp.SimpleError && k != resp.BulkError {
		return
	}
	look := *r
	if e := look.ErrorReply(); e != nil && e.Code() == "NOSCRIPT" && s.q.AppendEval(&s.again, i) {
		s.holes = append(s.holes, i)
	}
}

func (s *rescue) handOver(i int, r *resp.Reply) error {
	if s.h != nil {
		return s.h.HandleReply(i, r)
	}
	if s.first == nil {
		s.first = r.Err()
	}
	return nil
}

// sendAgain sends the commands of the holes with their texts and hands everything that was kept over.
func (s *rescue) sendAgain(ctx context.Context, c *Conn) error {
	if s.q.Blocking() {
		s.again.MarkBlocking()
	}
	// Not idempotent, whatever the request is: nobody but this function sends it.
	err := c.roundTrip(ctx, &s.again, resp.HandlerFunc(s.fill), nil)
	var failure *Error
	if errors.As(err, &failure) && !failure.Sent && len(s.holes) < s.q.Len() {
		// Nothing of this part has left, but the rest of the caller's request was executed.
		partly := *failure
		partly.Sent = true
		return &partly
	}
	if err != nil {
		return err
	}
	return s.pass(s.kept.len())
}

// fill takes the answer to the command of the i-th hole, and hands over what lies before it.
func (s *rescue) fill(i int, r *resp.Reply) error {
	if err := s.pass(s.holes[i] - s.holes[0]); err != nil {
		return err
	}
	s.next++ // the refusal
	return s.handOver(s.holes[i], r)
}

// pass hands over what is kept, up to a position.
func (s *rescue) pass(until int) error {
	for s.next < until {
		i := s.next
		s.next++
		s.reply.Reset(s.kept.frame(i))
		if err := s.handOver(s.holes[0]+i, &s.reply); err != nil {
			return err
		}
	}
	return nil
}
