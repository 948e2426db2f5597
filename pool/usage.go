package pool

import "time"

const (
	maxExcess   = 128 // how many connections above Keep are told apart
	maxIdleEnds = 32  // how many idle closes are remembered
)

// A usage is what a pool measures only to give advice. The zero value has seen nothing. Pool.mu guards it; but for the first three fields it changes where a
// request did not just find its connection.
type usage struct {
	requests      uint64 // requests and checkouts
	requestsAlone uint64 // of them, those that need a connection alone
	busiest       int    // most connections that had a caller at once

	shareWaits   uint64 // callers that queued because each kept connection had MaxShare requests in flight
	longestShare int    // most callers without a need of their own in the queue, when one of these joined it
	aloneWaits   uint64 // callers that queued because MaxOpen allows no more checkouts
	longestAlone int    // most callers with that need in the queue, when one of these joined it

	// surplus[i] counts connections closed because enough were kept while i+1 more than Keep were open: with a Keep that much higher they would have stayed.
	surplus [maxExcess]uint64

	idleCloses uint64        // connections closed because they sat unused for IdleTimeout
	redials    uint64        // of them, those after which another was dialled before IdleTimeout had passed once more: twice that would have kept them
	longestGap time.Duration // longest time from the last use of one of these to the dial
	idleEnds   [maxIdleEnds]time.Time
	nIdleEnds  int // of idleEnds, oldest first: idle closes that no dial has followed yet

	ended         uint64        // connections that were wanted after a pause of probeAfter or more, and had been closed, or did not answer
	shortestEnded time.Duration // shortest pause of one of these
	longestSpared time.Duration // longest pause after which a connection answered
}

// requested is told of a caller.
func (u *usage) requested(n need) {
	u.requests++
	if n.exclusive {
		u.requestsAlone++
	}
}

// noteAloneLocked is told of a caller who is about to queue.
func (p *Pool) noteAloneLocked(n need) {
	if over := p.alone + p.queue.alone + 1 - p.cfg.exclusive(); n.exclusive && over > 0 {
		p.usage.aloneWait(over)
	}
}

// noteShareLocked looks whether some in the queue wait because of MaxShare.
func (p *Pool) noteShareLocked(waiters ...*waiter) {
	if p.queue.noted == len(p.queue.waiters)-p.queue.alone || !p.fullLocked() {
		return
	}
	for _, w := range waiters {
		if !w.exclusive && !w.noted {
			w.noted = true
			p.queue.noted++
			p.usage.sharedWait(len(p.queue.waiters) - p.queue.alone)
		}
	}
}

// fullLocked reports whether every connection that may be shared is in use as much as it may be.
func (p *Pool) fullLocked() bool {
	for _, m := range p.kept {
		if m.users+m.c.Left() < p.cfg.MaxShare {
			return false
		}
	}
	return len(p.kept) >= p.cfg.Keep
}

// sharedWait is told of a caller who is in the queue because of MaxShare, and how many there are with him.
func (u *usage) sharedWait(queued int) {
	u.shareWaits++
	u.longestShare = max(u.longestShare, queued)
}

// aloneWait is told of a caller who joins the queue because of MaxOpen, and how many there are with him.
func (u *usage) aloneWait(queued int) {
	u.aloneWaits++
	u.longestAlone = max(u.longestAlone, queued)
}

// surplusClosed is told of a connection that is closed because enough are kept, and how many more than Keep were open with it. Where there were none, it had
// to make room, which is nothing that Keep changes.
func (u *usage) surplusClosed(excess int) {
	if excess > 0 {
		u.surplus[min(excess, maxExcess)-1]++
	}
}

// idleClosed is told of a connection that had sat unused for too long.
func (u *usage) idleClosed(at time.Time) {
	u.idleCloses++
	if u.nIdleEnds == maxIdleEnds {
		copy(u.idleEnds[:], u.idleEnds[1:])
		u.nIdleEnds--
	}
	u.idleEnds[u.nIdleEnds] = at
	u.nIdleEnds++
}

// dialled is told of a dial that worked, and of Config.IdleTimeout. It takes the place of the connection that was closed last: that one was used last, too.
func (u *usage) dialled(began time.Time, idleTimeout time.Duration) {
	if u.nIdleEnds == 0 {
		return
	}
	since := began.Sub(u.idleEnds[u.nIdleEnds-1])
	switch {
	case since < 0: // it was not to replace anything
	case since >= idleTimeout:
		u.nIdleEnds = 0 // nor will any later one
	default:
		u.nIdleEnds--
		u.redials++
		u.longestGap = max(u.longestGap, since+idleTimeout)
	}
}

// reset is told that all connections are given up: those that were closed before would not have lived on.
func (u *usage) reset() { u.nIdleEnds = 0 }

// paused is told of a connection that was unused for a while, and whether it then answered whoever came first.
func (u *usage) paused(pause time.Duration, answered bool) {
	switch {
	case pause < probeAfter:
	case answered:
		u.longestSpared = max(u.longestSpared, pause)
	default:
		if u.ended == 0 || pause < u.shortestEnded {
			u.shortestEnded = pause
		}
		u.ended++
	}
}
