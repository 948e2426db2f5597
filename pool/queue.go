package pool

import (
	"context"
	"time"
)

// A waiter is a caller for whom there is no connection yet.
type waiter struct {
	need
	ready chan handover // of size 1; sent to once, under Pool.mu, by whoever takes the waiter off the queue
	since time.Time     // when the wait began that is counted; zero: it is not
	tests bool          // a dial was begun for this waiter
	noted bool          // as one who waits because of MaxShare
}

// A queue holds waiters, oldest first. Pool.mu guards it.
type queue struct {
	waiters []*waiter
	tally
}

// A tally counts waiters.
type tally struct {
	alone   int // those that need a connection alone
	special int // those that have to be looked at one by one
	noted   int // those that are noted as waiting because of MaxShare
}

// special reports whether what is true of others that wait for the same need not be true of w.
func (w *waiter) special() bool { return w.after > 0 || w.tests }

// count adds w n times.
func (t *tally) count(w *waiter, n int) {
	if w.exclusive {
		t.alone += n
	}
	if w.special() {
		t.special += n
	}
	if w.noted {
		t.noted += n
	}
}

func (q *queue) push(w *waiter) {
	q.waiters = append(q.waiters, w)
	q.count(w, 1)
}

// keep puts waiters back who are behind all others and were not looked at.
func (q *queue) keep(rest []*waiter, t tally) {
	q.waiters = append(q.waiters, rest...)
	q.alone, q.special, q.noted = q.alone+t.alone, q.special+t.special, q.noted+t.noted
}

// remove takes a waiter out who leaves, unless he was served already.
func (q *queue) remove(w *waiter) (removed bool) {
	before := len(q.waiters)
	q.waiters = without(q.waiters, w)
	removed = len(q.waiters) < before
	if removed {
		q.count(w, -1)
	}
	return removed
}

// hasLike reports whether others wait for a connection of that sort.
func (q *queue) hasLike(n need) bool {
	if n.exclusive {
		return q.alone > 0
	}
	return len(q.waiters) > q.alone
}

// claims returns how many dials those in the queue wait for before one serves n: each who needs a connection alone for one of his own, the others together
// for one, which n would share.
func (q *queue) claims(n need) int {
	if n.exclusive && len(q.waiters) > q.alone {
		return q.alone + 1
	}
	return q.alone
}

// failLocked takes all waiters off the queue with an error.
func (p *Pool) failLocked(err error) {
	for _, w := range p.queue.waiters {
		p.sendLocked(w, handover{err: err})
	}
	p.queue = queue{}
}

// sendLocked ends a wait.
func (p *Pool) sendLocked(w *waiter, got handover) {
	since := w.since
	w.ready <- got // and from now on the waiter is its caller's
	switch {
	case since.IsZero():
	case got.err != nil:
		p.stats.WaitsFailed++
	default:
		p.stats.WaitsServed++
		p.stats.Wait.observe(time.Since(since))
	}
}

// newWaiter returns a waiter that somebody else was, or a new one.
func (p *Pool) newWaiter(n need) *waiter {
	w, ok := p.waiters.Get().(*waiter)
	if !ok {
		return &waiter{need: n, ready: make(chan handover, 1)}
	}
	w.need = n
	return w
}

// recycle makes a waiter available to another caller. It is in no queue, and nothing is in its channel.
func (p *Pool) recycle(w *waiter) {
	*w = waiter{ready: w.ready}
	p.waiters.Put(w)
}

// serveLocked looks at every waiter, oldest first: it is handed a connection that fits, or stays because one is on its way, or is told why there is none.
// Whatever changes what is available, and every dial that ends, is followed by it. When somebody has to stay for a reason that holds for all behind him who need the
// same, those are not looked at.
func (p *Pool) serveLocked() {
	if len(p.queue.waiters) == 0 {
		return
	}
	waiters, ahead := p.queue.waiters, p.queue.tally
	p.queue = queue{waiters: waiters[:0]} // who stays takes a place that was looked at already
	var alone, shared bool                // nothing is to be had for those
	for i, w := range waiters {
		if ahead.special == 0 && (alone || ahead.alone == 0) && (shared || ahead.alone == len(waiters)-i) {
			p.queue.keep(waiters[i:], ahead)
			break
		}
		ahead.count(w, -1)
		if !w.special() && (w.exclusive && alone || !w.exclusive && shared) {
			p.queue.push(w)
			continue
		}
		if m := p.bestLocked(w.need); m != nil {
			var got handover
			p.useLocked(m, w.need, &got)
			p.sendLocked(w, got)
			continue
		}
		same, err := p.expectLocked(w)
		if err != nil {
			p.sendLocked(w, handover{err: p.outage.explain()})
			continue
		}
		p.queue.push(w)
		if same && !w.special() {
			alone, shared = alone || w.exclusive, shared || !w.exclusive
		}
	}
	clear(waiters[len(p.queue.waiters):])
	p.noteShareLocked(p.queue.waiters...)
}

// wait waits for a connection to be handed over.
func (p *Pool) wait(ctx context.Context, w *waiter) handover {
	if p.cfg.Trace == nil || w.since.IsZero() {
		return p.waitUntold(ctx, w)
	}
	began, alone := w.since, w.exclusive
	got := p.waitUntold(ctx, w)
	p.cfg.Trace.wait(WaitTrace{Alone: alone, Took: time.Since(began), Err: got.err})
	return got
}

func (p *Pool) waitUntold(ctx context.Context, w *waiter) handover {
	defer p.recycle(w)
	select {
	case got := <-w.ready:
		return got
	case <-ctx.Done():
	}
	p.mu.Lock()
	if p.queue.remove(w) {
		p.stats.WaitsCancelled++
	}
	p.mu.Unlock()
	select {
	case got := <-w.ready: // handed over in the same moment
		if got.err == nil {
			p.giveBack(&got, true)
		}
	default:
	}
	return handover{err: left(ctx.Err())}
}
