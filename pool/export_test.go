package pool

import "math/bits"

// Front returns how many uses are on offer without the lock, and how many are had.
func (p *Pool) Front() (free, had int) {
	state := p.front.state.Load()
	return bits.OnesCount64(state & freeSeats), bits.OnesCount64(state >> takenShift & freeSeats &^ state)
}

// Books are what the pool counts and Stats does not show.
type Books struct {
	Requests, RequestsAlone uint64
	Busiest                 int
	Holders, InUse, Alone   int
	Rounds                  uint64 // of the front
}

// Books returns them.
func (p *Pool) Books() Books {
	p.mu.Lock()
	defer p.unlock()
	return Books{p.usage.requests, p.usage.requestsAlone, p.usage.busiest, p.holders, p.inUse, p.alone, p.rounds}
}

// WithoutLock calls f while nobody can lock the pool.
func (p *Pool) WithoutLock(f func()) {
	p.mu.Mutex.Lock()
	defer p.mu.Unlock()
	f()
}
