package pool

import (
	"slices"
	"time"
)

// How coarse the pool's clock is: to ask for the time with every request would cost as much as the rest of the pool's work.
const (
	coarsest = 250 * time.Millisecond
	finest   = time.Millisecond
)

// A clock tells the time as it was at the last tick. It ticks only while somebody asks.
type clock struct {
	tick    time.Duration
	now     time.Time
	ticking bool // now is at most a tick ago
	asked   bool // since the last tick
}

// tickOf returns how coarse a clock may be that measures idleTimeout.
func tickOf(idleTimeout time.Duration) time.Duration {
	return min(max(idleTimeout/8, finest), coarsest)
}

// nowLocked returns the time, or what it was up to a tick ago.
func (p *Pool) nowLocked() time.Time {
	p.clock.asked = true
	if !p.clock.ticking && !p.closed {
		p.clock.ticking = true
		p.clock.now, p.samples = time.Now(), maxSamples
		p.wakeAtLocked(p.clock.now.Add(p.clock.tick))
	}
	return p.clock.now
}

// wakeAtLocked sets the pool's only timer.
func (p *Pool) wakeAtLocked(at time.Time) {
	d := time.Until(at)
	if p.timer == nil {
		p.timer = time.AfterFunc(d, p.onTimer)
		return
	}
	p.timer.Reset(d)
}

// onTimer is the tick of the clock, and closes what has become too old. While the pool is not used, it is called when the next connection becomes so.
func (p *Pool) onTimer() {
	p.mu.Lock()
	defer p.unlock()
	if p.closed {
		return
	}
	p.clock.now, p.samples = time.Now(), maxSamples
	p.clock.ticking, p.clock.asked = p.clock.asked, false
	p.retireOldLocked(p.clock.now)
	p.settleLocked()
	switch at := p.nextEndLocked(); {
	case p.clock.ticking:
		p.wakeAtLocked(p.clock.now.Add(p.clock.tick))
	case !at.IsZero():
		p.wakeAtLocked(later(at, p.clock.now.Add(p.clock.tick))) // one that is to be replaced has ended already
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// retireOldLocked closes what has been idle for too long, and sees to what has lived for too long.
func (p *Pool) retireOldLocked(now time.Time) {
	for _, m := range slices.Clone(p.kept) {
		switch {
		case m.users == 0 && !now.Before(m.idleSince.Add(p.cfg.IdleTimeout)):
			p.closeLocked(m, ClosedIdle)
			p.usage.idleClosed(now)
		case !m.aged && !now.Before(m.endOfLife):
			m.aged, p.aging = true, true
		}
	}
	for _, m := range p.apart {
		m.aged = m.aged || !now.Before(m.endOfLife) // seen to when it comes back
	}
}

// replaceAgedLocked takes kept connections out that have lived for too long: those in use when there is another, so that nobody has to wait for one.
func (p *Pool) replaceAgedLocked() {
	fresh := slices.ContainsFunc(p.kept, func(m *member) bool { return !m.aged })
	p.aging = false
	for _, m := range slices.Clone(p.kept) {
		switch {
		case !m.aged:
		case fresh, m.users == 0 && !p.clock.ticking:
			p.dropLocked(m, ClosedAged)
		default:
			p.aging = true
		}
	}
	if p.aging && len(p.dials) == 0 && p.outage.over() && p.roomLocked() {
		p.dialLocked()
	}
}

// nextEndLocked returns when the next kept connection becomes too old; zero: none will.
func (p *Pool) nextEndLocked() (at time.Time) {
	for _, m := range p.kept {
		end := m.endOfLife
		if idle := m.idleSince.Add(p.cfg.IdleTimeout); m.users == 0 && idle.Before(end) {
			end = idle
		}
		if at.IsZero() || end.Before(at) {
			at = end
		}
	}
	return at
}
