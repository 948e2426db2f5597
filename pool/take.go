package pool

import (
	"context"
	"runtime"
	"time"

	"github.com/bwredis/bwredis/conn"
)

// need says what a caller asks of a connection.
type need struct {
	exclusive bool
	after     uint64 // its dial has a higher number: it began after something failed
}

// handover is what a caller gets. It is filled in where it is wanted: to copy what was written a moment ago in smaller pieces stalls the processor.
type handover struct {
	m        *member
	err      error
	began    time.Duration // of this use, since the pool was made; 0: it is not to be timed
	probe    bool          // before use
	counted  bool          // as a caller
	yielded  bool          // others have had a chance to give one back
	answered bool          // the server did, during this use
	lease                  // when it has m from the front
}

// take finds a connection that fits, or returns why there is none. What it got without an error goes to giveBack.
func (p *Pool) take(ctx context.Context, n need, got *handover) error {
	for {
		if err := ctx.Err(); err != nil {
			return left(err)
		}
		if got.m, got.lease = p.front.take(n, got.counted); got.m != nil {
			if got.m.c.Err() == nil {
				return nil
			}
			p.giveBack(got, true)
			*got = handover{counted: true}
			continue
		}
		switch w := p.pick(n, got); {
		case w != nil:
			*got = p.wait(ctx, w)
		case got.m == nil && got.err == nil:
			// Whoever has a connection for no longer than others take to run is about to give it back. A queue would make everybody wait from then on: each
			// connection goes to the one in front, who has to be woken, and meanwhile the next one queues.
			runtime.Gosched()
			continue
		}
		if got.err != nil || !got.probe || p.prove(got) {
			return got.err
		}
		*got = handover{counted: true, yielded: true}
	}
}

// left is the error of a caller whose context ended before it had a connection.
func left(err error) error { return &conn.Error{Op: conn.OpQueue, Addr: "pool", Err: err} }

// pick takes the best connection there is. Where there is none it returns a waiter in the queue, or why waiting is of no use; or nothing, the first time, when it may be
// enough to let others run.
func (p *Pool) pick(n need, got *handover) *waiter {
	p.mu.Lock()
	defer p.unlock()
	if p.closed {
		got.err = ErrClosed
		return nil
	}
	if !got.counted {
		got.counted = true
		p.usage.requested(n)
	}
	best := p.bestLocked(n)
	if best != nil && !p.queue.hasLike(n) {
		if best.users > 0 {
			p.growLocked()
		}
		p.useLocked(best, n, got)
		return nil
	}
	if !got.yielded && p.inUse > 0 {
		got.yielded = true
		return nil
	}
	w := p.newWaiter(n)
	if best == nil {
		if _, err := p.expectLocked(w); err != nil {
			got.err = p.outage.explain()
			return nil
		}
		p.noteAloneLocked(n)
		p.queue.push(w)
		p.noteShareLocked(w)
	} else { // those who came earlier choose first
		p.queue.push(w)
		p.serveLocked()
	}
	if len(w.ready) == 0 {
		p.stats.Waits++
		w.since = time.Now()
	}
	return w
}

// bestLocked returns the best member that fits, or nil.
func (p *Pool) bestLocked(n need) *member {
	if n.exclusive && p.alone >= p.cfg.exclusive() {
		return nil
	}
	for {
		best := p.leastBusyLocked(n)
		if best == nil || best.c.Err() == nil {
			return best
		}
		p.buryLocked(best)
	}
}

// leastBusyLocked returns the member that fits with the fewest requests in flight, and among idle ones the one used last: it is the least likely to have
// been closed by the server, and the others may grow old. Where there are many requests, it looks at the two busiest members only.
func (p *Pool) leastBusyLocked(n need) *member {
	var seen spread
	busy := 0
	for _, m := range p.kept {
		if m.users > 0 {
			busy++
		}
		load := m.users + m.c.Left()
		switch {
		case m.number <= n.after, m.probing, n.exclusive && load > 0:
			continue
		case m.users > 0 && m.failures != p.failures: // another one has died since this was last known to live, and what killed it may be on its way to this
			continue
		case m.users > 0 && load >= p.cfg.MaxShare: // with no users, nobody would ever read the replies that callers left behind
			continue
		}
		seen.add(m, load)
	}
	best := seen.choose(n)
	if best != nil && best.users == 0 && !n.exclusive && busy >= p.cfg.Keep && p.usableLocked(n) {
		return nil // one more than is kept: it is for those who need it alone
	}
	return best
}

// growLocked dials one more connection to share, if there may be one: the caller who finds the others busy does not wait for it, a later one gains.
func (p *Pool) growLocked() {
	if len(p.kept)+len(p.dials) < p.cfg.Keep && p.roomLocked() && !p.crowdedLocked() && p.outage.over() {
		p.dialLocked()
	}
}

// expectLocked makes sure that a caller who finds no connection, and is about to queue, will be looked at again by serveLocked: because a dial is in flight,
// or a connection in use that will come back. Otherwise it says why there will be none. same reports that whoever else needs the same has to wait for that as well.
func (p *Pool) expectLocked(w *waiter) (same bool, err error) {
	n := w.need
	switch {
	case n.exclusive && p.alone+p.queue.alone >= p.cfg.exclusive():
		return true, nil // the limit is used up by others, who will come back
	case p.outage.err != nil && p.soonLocked(n):
		return true, nil // one is there, and nobody knows when there will be another
	case p.outage.open() && len(p.dials) > 0 && !w.tests:
		return false, p.outage.err // the server has been away for a while, and somebody else finds out whether it is back
	case p.fittingLocked(n) > p.queue.claims(n):
		return false, nil // one of the dials in flight will do
	case !n.exclusive && len(p.kept)+len(p.dials) >= p.cfg.Keep && p.usableLocked(n):
		return true, nil // one of those in use will
	case p.crowdedLocked():
		return true, nil // one of the dials in flight will end
	}
	if !n.exclusive && !p.roomLocked() && len(p.kept) >= p.cfg.Keep {
		p.dropLocked(p.coldestLocked(), ClosedSurplus) // none of them fits, and it takes the place of one that does
	}
	if !p.roomLocked() {
		return true, nil // one of those in use will come back, and leave
	}
	if !p.outage.over() {
		return false, p.outage.err
	}
	w.tests = true
	p.dialLocked()
	return false, nil
}

// fittingLocked returns how many dials in flight would serve n.
func (p *Pool) fittingLocked(n need) (fitting int) {
	for _, d := range p.dials {
		if d.number > n.after {
			fitting++
		}
	}
	return fitting
}

// soonLocked reports whether a kept connection would serve n as soon as somebody who has it now is done with it, or has found out that it lives.
func (p *Pool) soonLocked(n need) bool {
	for _, m := range p.kept {
		if m.number > n.after && m.users > 0 && (m.probing || !n.exclusive) && m.c.Err() == nil {
			return true
		}
	}
	return false
}

// usableLocked reports whether a kept connection would serve n if it were less busy.
func (p *Pool) usableLocked(n need) bool {
	for _, m := range p.kept {
		if m.number > n.after && m.users > 0 && m.c.Err() == nil {
			return true
		}
	}
	return false
}

// roomLocked reports whether one more connection may be opened.
func (p *Pool) roomLocked() bool { return p.openLocked()+len(p.dials) < p.cfg.MaxOpen }

// openLocked returns how many connections of the current generation are open.
func (p *Pool) openLocked() int {
	open := len(p.kept)
	for _, m := range p.apart {
		if m.generation == p.generation {
			open++
		}
	}
	return open
}
