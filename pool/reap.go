package pool

import (
	"slices"
	"time"
)

// armReaperLocked makes sure that connections which become too old while idle are closed. One timer serves them all; none runs while nothing is idle.
func (p *Pool) armReaperLocked() {
	if p.reaper != nil || p.closed {
		return
	}
	if coldest := p.coldestLocked(); coldest != nil && coldest.users == 0 {
		p.reaper = time.AfterFunc(time.Until(coldest.idleSince.Add(p.cfg.IdleTimeout)), p.reap)
	}
}

// reap closes what has been idle for too long.
func (p *Pool) reap() {
	p.mu.Lock()
	defer p.unlock()
	limit := time.Now().Add(-p.cfg.IdleTimeout)
	for _, m := range slices.Clone(p.kept) {
		if m.users == 0 && !m.idleSince.After(limit) {
			p.closeLocked(m, &p.stats.ClosedIdle)
		}
	}
	p.reaper = nil
	p.settleLocked()
}
