package pool

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

// seats is how many uses of connections can be on offer at a time.
const seats = 8

// What front.state has, from its lowest bit on: for each seat, whether it is free, whether who has it has the connection alone, and whether somebody had it in this
// round; then whether the connections are to be shared only; then the number of the round, 39 bits of it: who has something for so long that it comes again would
// have to give it back in just that round.
const (
	freeSeats  = 1<<seats - 1
	aloneShift = seats
	takenShift = 2 * seats
	sharedOnly = 1 << (3 * seats)
	oneRound   = sharedOnly << 1
)

// A front is where callers take connections and give them back without Pool.mu, which they would wait for more than for anything else. The pool offers there what
// whoever comes next would get in any case. Whoever locks Pool.mu ends the round: he calls in what is left of the offer, and books what is in use. So behind the lock
// all is as if there were no front, and what was taken before is given back to the pool, which serves those who wait.
type front struct {
	_ [64]byte // apart from what others write

	state atomic.Uint64
	uses  atomic.Uint64 // that are not booked yet, those of callers who are alone counted by aloneUse and one more
	seats [seats]atomic.Pointer[member]

	_ [64]byte
}

const aloneUse = 1 << 32

// A lease is what somebody has from the front.
type lease struct {
	seat  uint64 // its bit; 0: there is none
	round uint64 // after which it is the pool that it is given back to
	alone bool
}

// offer begins a round with the first n seats.
func (f *front) offer(round uint64, n int, shared bool) {
	state := round*oneRound | (1<<n - 1)
	if shared {
		state |= sharedOnly
	}
	f.state.Store(state)
}

// take takes the first connection that is free; nil: none is.
func (f *front) take(n need, counted bool) (*member, lease) {
	for {
		was := f.state.Load()
		seat := was & -was & freeSeats
		if seat == 0 || n.after > 0 || n.exclusive && was&sharedOnly != 0 {
			return nil, lease{}
		}
		m := f.seats[bits.TrailingZeros64(seat)].Load() // it stays there until the round ends, and then the exchange fails
		now, use := was&^seat|seat<<takenShift, uint64(1)
		if n.exclusive {
			now, use = now|seat<<aloneShift, use+aloneUse
		}
		if f.state.CompareAndSwap(was, now) {
			if !counted {
				f.uses.Add(use)
			}
			return m, lease{seat, was / oneRound, n.exclusive}
		}
	}
}

// giveBack makes a connection free again. It reports false when it did not: because the round is over, or there is something to see to.
func (f *front) giveBack(m *member, l lease) bool {
	if m.c.Err() != nil || m.c.Left() > 0 || l.alone && m.c.InFlight() > 0 {
		return false
	}
	for {
		was := f.state.Load()
		if was/oneRound != l.round {
			return false
		}
		if f.state.CompareAndSwap(was, was&^(l.seat<<aloneShift)|l.seat) {
			return true
		}
	}
}

// A lock is a mutex that ends the front's round.
type lock struct {
	sync.Mutex
	pool *Pool
}

func (l *lock) Lock() {
	l.Mutex.Lock()
	if l.pool.offered > 0 {
		l.pool.callInLocked()
	}
}

// callInLocked ends a round.
func (p *Pool) callInLocked() {
	f := &p.front
	p.rounds++
	was := f.state.Swap(p.rounds * oneRound)
	for i := p.offered - 1; i >= 0; i-- { // the first is taken first, so it was used last
		m, seat := f.seats[i].Load(), uint64(1)<<i
		switch {
		case was&(seat<<takenShift) == 0: // nobody had it
		case was&seat == 0:
			p.holdLocked(m, was&(seat<<aloneShift) != 0)
		case m.users == 0:
			p.restLocked(m)
		}
	}
	p.offered = 0
	if uses := f.uses.Swap(0); uses > 0 {
		p.usage.requests += uses % aloneUse
		p.usage.requestsAlone += uses / aloneUse
	}
}

// offerLocked begins a round, when it makes no difference to anybody: no use is to be timed before the next tick, which ends the round, and nobody waits.
func (p *Pool) offerLocked() {
	if !p.clock.ticking || p.samples > 0 || len(p.queue.waiters) > 0 {
		return
	}
	var best lineup
	total := 0
	for _, m := range p.kept {
		load := m.users + m.c.Left()
		total += load
		best.add(m, load)
	}
	for _, m := range best.members[:min(best.n, p.roomInFrontLocked(best.load, total))] {
		if !p.plainLocked(m) {
			break
		}
		p.front.seats[p.offered].Store(m)
		p.offered++
	}
	if p.offered > 0 {
		p.front.offer(p.rounds, p.offered, best.load > 0)
	}
}

// roomInFrontLocked returns how many callers may take a connection unseen, with load in flight on each and total in all. The next one would set a record, or get a
// connection alone who has to wait, or should share the busiest, or is why the pool grows.
func (p *Pool) roomInFrontLocked(load, total int) int {
	room := crowded - total
	switch {
	case load == 0:
		room = min(room, p.usage.busiest-p.inUse, p.cfg.exclusive()-p.alone)
	case load >= p.cfg.MaxShare, len(p.kept)+len(p.dials) < p.cfg.Keep:
		return 0
	}
	return max(room, 0)
}

// plainLocked reports whether a connection can be used without a look at it: it has worked, and nothing has happened since that may have ended it.
func (p *Pool) plainLocked(m *member) bool {
	return m.proven && !m.probing && m.failures == p.failures && (m.users > 0 || !p.doubtfulAtLocked(m, p.clock.now))
}

// A lineup is the connections with the fewest requests in flight, those used last first.
type lineup struct {
	members [seats]*member
	n       int
	load    int // of each
}

func (l *lineup) add(m *member, load int) {
	switch {
	case l.n == 0 || load < l.load:
		l.n, l.load = 0, load
	case load > l.load:
		return
	}
	at := l.n
	for at > 0 && l.members[at-1].turn < m.turn {
		at--
	}
	if at == seats {
		return
	}
	l.n = min(l.n+1, seats)
	copy(l.members[at+1:l.n], l.members[at:])
	l.members[at] = m
}
