package bwstate

import (
	"context"

	"github.com/bwredis/bwredis/resp"
)

// A Batch is several operations that make one round trip, such as all that a firewall asks for one request: is the address banned, is it within its limits, whose
// session is it. Its methods add operations and return where their results will be; Run sends them.
//
// The server executes the operations in the order they were added, with nothing of this request's own between them, but not as one step: operations of others may come
// between two of them. They are independent: what is refused to one, or cannot be read, is in its own result. When the server does not know a script, because it was
// started again, the operations that need it are sent once more, and so are done behind the others: do not count on the order where a wrong result would do harm.
//
// A Batch is for one goroutine. Reset makes it ready for the next request and keeps its memory; results hold until then.
type Batch struct {
	state *State
	q     resp.Request
	parts []part
	at    int // whose replies come now
	ran   bool

	outcomes []outcome // of the operations that were asked for, those with wrong arguments included
	turn     uint64    // grows with every Reset
}

// A part is an operation of a batch.
type part struct {
	op       operation
	away     WhenAway
	outcome  int // among those of the batch
	first, n int // its replies
}

// outcome is what became of an operation's round trip.
type outcome struct {
	op       operation // nil: there is none
	done     bool
	degraded bool
	err      error // of the round trip, or of a reply that is not what was asked for
}

// NewBatch returns an empty batch.
func (s *State) NewBatch() *Batch { return &Batch{state: s} }

// Len returns how many operations there are.
func (b *Batch) Len() int { return len(b.parts) }

// Reset empties the batch. There is nothing to be had from what its operations returned any more.
func (b *Batch) Reset() {
	for _, p := range b.parts {
		if op, ok := p.op.(interface{ recycle() }); ok {
			op.recycle()
		}
	}
	clear(b.parts)
	clear(b.outcomes)
	if len(b.q.Encoded()) > maxKeptRequest {
		b.q = resp.Request{}
	}
	b.q.Reset()
	b.parts, b.outcomes, b.at, b.ran = b.parts[:0], b.outcomes[:0], 0, false
	b.turn++
}

// put adds an operation, and returns which of the outcomes is its own.
func (b *Batch) put(op operation, away WhenAway) int {
	b.parts = append(b.parts, part{op: op, away: away, outcome: len(b.outcomes)})
	b.outcomes = append(b.outcomes, outcome{op: op})
	return len(b.outcomes) - 1
}

// Run sends all operations and takes their replies. It returns the error of the round trip, which is then also the result of every operation but those that
// go on in the process itself while the server is away (LocalWhenAway). What the server refuses to one operation is in its result alone. An empty batch sends nothing. A
// batch runs once: call Reset before the next.
//
// A batch that only reads is sent again like any other read; if anything in it writes, nothing is sent twice.
func (b *Batch) Run(ctx context.Context) error {
	if b.ran {
		return &ArgumentError{Name: "batch", Problem: "has run; Reset makes it ready for the next"}
	}
	b.ran = true
	if len(b.parts) == 0 {
		return nil
	}
	err := b.send(ctx, b.state)
	if err == nil {
		return nil
	}
	return b.runLocally(ctx, err)
}

// send makes a round trip of all parts.
func (b *Batch) send(ctx context.Context, s *State) error {
	b.q.Reset()
	b.at = 0
	reads := true
	for i := range b.parts {
		p := &b.parts[i]
		p.first = b.q.Len()
		p.op.add(&b.q)
		p.n = b.q.Len() - p.first
		reads = reads && p.op.reads()
		b.outcomes[p.outcome] = outcome{op: p.op}
	}
	if reads {
		b.q.MarkReadOnly()
	}
	err := s.roundTrip(ctx, &b.q, (*batchReplies)(b))
	for i := range b.parts {
		p := &b.parts[i]
		o := &b.outcomes[p.outcome]
		o.done = true
		if err == nil {
			continue
		}
		o.err = err
		if op, ok := p.op.(explaining); ok {
			o.err = op.explain(ctx, err)
		}
	}
	return err
}

// An explaining operation has errors of its own for round trips that fail.
type explaining interface {
	explain(ctx context.Context, err error) error
}

// batchReplies is a batch as the connection sees it.
type batchReplies Batch

// HandleReply gives a reply to the operation that it belongs to.
func (b *batchReplies) HandleReply(i int, r *resp.Reply) error {
	for i >= b.parts[b.at].first+b.parts[b.at].n {
		b.at++
	}
	p := &b.parts[b.at]
	if o := &b.outcomes[p.outcome]; o.err == nil {
		o.err = p.op.HandleReply(i-p.first, r)
	}
	return nil // the replies behind it are those of others
}

// runLocally lets those operations go on that may, when err says that the server is away. It returns err unless all could.
func (b *Batch) runLocally(ctx context.Context, err error) error {
	local := b.state.standIn(ctx, LocalWhenAway, err)
	if local == nil {
		return err
	}
	all := b.parts
	defer func() { b.parts = all }()
	b.parts = nil
	for _, p := range all {
		if p.away == LocalWhenAway {
			b.parts = append(b.parts, p)
		}
	}
	if len(b.parts) > 0 {
		if b.send(ctx, local) == nil {
			for i := range b.parts {
				b.outcomes[b.parts[i].outcome].degraded = true
			}
		}
	}
	if len(b.parts) < len(all) {
		return err
	}
	return b.outcomes[b.parts[0].outcome].err
}
