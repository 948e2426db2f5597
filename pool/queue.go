package pool

import (
	"context"
	"slices"
)

// A waiter is a caller for whom there is no connection yet.
type waiter struct {
	need
	ready chan handover // of size 1; sent to once, under Pool.mu, by whoever takes the waiter off the queue
}

// A queue holds waiters, oldest first. Pool.mu guards it.
type queue struct {
	waiters []*waiter
	alone   int // how many of them need a connection alone
}

func (q *queue) push(w *waiter) {
	q.waiters = append(q.waiters, w)
	if w.exclusive {
		q.alone++
	}
}

// remove takes a waiter out who leaves, unless he was served already.
func (q *queue) remove(w *waiter) {
	before := len(q.waiters)
	if q.waiters = without(q.waiters, w); len(q.waiters) < before && w.exclusive {
		q.alone--
	}
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

// fail takes all waiters off the queue with an error.
func (q *queue) fail(err error) {
	for _, w := range q.waiters {
		w.ready <- handover{err: err}
	}
	*q = queue{}
}

// serveLocked looks at every waiter, oldest first: it is handed a connection that fits, or stays because one is on its way, or is told why there is none.
// Whatever changes what is available, and every dial that ends, is followed by it.
func (p *Pool) serveLocked() {
	if len(p.queue.waiters) == 0 {
		return
	}
	waiters := p.queue.waiters
	p.queue = queue{waiters: slices.Grow([]*waiter(nil), len(waiters))}
	for _, w := range waiters {
		if m := p.bestLocked(w.need); m != nil {
			w.ready <- p.useLocked(m, w.need)
			continue
		}
		if err := p.expectLocked(w.need); err != nil {
			w.ready <- handover{err: err}
			continue
		}
		p.queue.push(w)
	}
}

// wait waits for a connection to be handed over.
func (p *Pool) wait(ctx context.Context, w *waiter) handover {
	select {
	case got := <-w.ready:
		return got
	case <-ctx.Done():
	}
	p.mu.Lock()
	p.queue.remove(w)
	p.mu.Unlock()
	select {
	case got := <-w.ready: // handed over in the same moment
		if got.err == nil {
			p.giveBack(got.m, true)
		}
	default:
	}
	return handover{err: left(ctx.Err())}
}
