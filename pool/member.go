package pool

import (
	"time"

	"github.com/bwredis/bwredis/conn"
)

// probeAfter is how long a connection may have been unused, by the pool's clock, before it is probed: long enough that a busy one is never, short enough to notice
// a server that restarted.
const probeAfter = time.Second / 2

// A member is a connection of the pool. Pool.mu guards what changes.
type member struct {
	c          *conn.Conn
	number     uint64 // of its dial
	generation uint64

	users     int           // callers that hold it
	alone     bool          // its one user has it alone
	probing   bool          // its one user finds out whether it lives; nobody joins until then
	turn      uint64        // which one this was of all that were given back
	idleSince time.Time     // when users became 0, by the pool's clock: too early rather than too late
	endOfLife time.Time     // when it has lived for long enough
	aged      bool          // that moment has passed
	proven    bool          // it has answered, or somebody was done with it and it lived
	began     time.Time     // when its dial began
	born      time.Duration // when it ended, since the pool was made
	pause     time.Duration // how long it was unused before this use, as long as it has not proved to live
	failures  uint64        // the pool's count when it was last known to live
	retired   CloseReason   // why it is closed when users becomes 0; "": it is not
	callers   int           // how many had it when it was found dead
	buried    bool          // it was found dead, and is counted
	after     uint64        // dials begun until then: any that begins now has a higher number
}

// doubtfulLocked reports whether the server may have closed a connection that nobody uses.
func (p *Pool) doubtfulLocked(m *member) bool { return p.doubtfulAtLocked(m, p.nowLocked()) }

func (p *Pool) doubtfulAtLocked(m *member, now time.Time) bool {
	return m.failures != p.failures || m.c.Left() > 0 || now.Sub(m.idleSince) >= probeAfter
}

// retireLocked makes the member close when its last user is done. The first reason counts.
func (m *member) retireLocked(reason CloseReason) {
	if m.retired == "" {
		m.retired = reason
	}
}

// useLocked counts a user of a member that fits.
func (p *Pool) useLocked(m *member, n need, got *handover) {
	m.probing = m.users == 0 && p.doubtfulLocked(m)
	p.holdLocked(m, n.exclusive)
	got.m, got.probe, got.began = m, m.probing, p.sampleLocked()
}

// holdLocked counts one more caller who has a member, by the time that it is.
func (p *Pool) holdLocked(m *member, alone bool) {
	p.holders++
	if m.users == 0 {
		m.pause = p.clock.now.Sub(m.idleSince)
		p.inUse++
		p.usage.busiest = max(p.usage.busiest, p.inUse)
	}
	m.users++
	if alone {
		m.alone = true
		p.alone++
		p.kept = without(p.kept, m)
		p.apart = append(p.apart, m)
	}
}

// prove probes a member for its one user. When it is dead, it has been given back.
func (p *Pool) prove(got *handover) (alive bool) {
	m := got.m
	defer func() {
		if !alive { // or the handler of pushes panicked
			p.giveBack(got, false)
		}
	}()
	if m.c.Probe() != nil {
		return false
	}
	p.mu.Lock()
	defer p.unlock()
	m.probing, m.failures = false, p.failures
	p.serveLocked()
	return true
}

// giveBack ends one use of a member. When that is dead, giveBack returns the number above which dials began after the failure, else 0.
func (p *Pool) giveBack(got *handover, clean bool) (after uint64) {
	if got.seat != 0 && clean && p.front.giveBack(got.m, got.lease) {
		return 0
	}
	m := got.m
	p.mu.Lock()
	defer p.unlock()
	p.holders--
	m.users--
	if m.users == 0 {
		p.inUse--
	}
	if !m.probing {
		m.callers = m.users + 1
	}
	if m.pause >= probeAfter {
		p.noteEndOfPauseLocked(m, got.answered || clean && !m.probing && m.alone)
	}
	if got.answered {
		p.workedLocked(m)
	}
	if got.began > 0 {
		p.timeLocked(m, time.Since(p.made)-got.began)
	}
	dirty := !clean || m.alone && m.c.InFlight() > 0
	if m.alone {
		p.returnLocked(m)
	}
	switch {
	case m.buried:
	case p.closed && m.users == 0:
		p.closeLocked(m, m.retired)
	case dirty || m.c.Err() != nil:
		p.buryLocked(m)
	case m.probing && m.retired == "": // nothing new is known of it
	default:
		p.usedLocked(m)
	}
	m.probing = false
	p.settleLocked()
	return m.after
}

// noteEndOfPauseLocked takes note of whether a connection outlived a pause.
func (p *Pool) noteEndOfPauseLocked(m *member, answered bool) {
	switch {
	case m.c.Err() != nil:
		p.usage.paused(m.pause, false)
	case answered:
		p.usage.paused(m.pause, true)
	default:
		return // nobody knows yet
	}
	m.pause = 0
}

// usedLocked is told that somebody is done with a member that lives.
func (p *Pool) usedLocked(m *member) {
	p.workedLocked(m)
	if m.users > 0 {
		return
	}
	if m.retired != "" {
		p.closeLocked(m, m.retired)
		return
	}
	p.nowLocked()
	p.restLocked(m)
}

// restLocked takes note that a member has become idle.
func (p *Pool) restLocked(m *member) {
	p.turns++
	m.turn, m.idleSince = p.turns, p.clock.now
}

// returnLocked ends that a member is had alone.
func (p *Pool) returnLocked(m *member) {
	m.alone = false
	if m.generation == p.generation {
		p.alone--
	}
	p.apart = without(p.apart, m)
	p.kept = append(p.kept, m)
	p.aging = p.aging || m.aged
}

// dropLocked takes a kept member out: now when it is idle, else when its last user is done.
func (p *Pool) dropLocked(m *member, reason CloseReason) {
	if m.users == 0 {
		p.closeLocked(m, reason)
		return
	}
	m.retireLocked(reason)
	p.kept = without(p.kept, m)
	p.apart = append(p.apart, m)
}

// buryLocked takes a member out that is dead, or must be; others may hold it still, and will notice. What killed it may have killed the others, too.
func (p *Pool) buryLocked(m *member) {
	if err := m.c.Err(); err != nil {
		p.failures++
		m.after = p.dialled
		if !m.proven && m.generation == p.generation && (m.callers > 0 || p.nowLocked().Sub(m.idleSince) < probeAfter) {
			p.outage.dropped(err, m.began) // a server that takes connections and drops them is away as well, but not one that closes what is unused
		}
	}
	m.buried = true
	p.closeLocked(m, ClosedDead)
}

// closeLocked takes a member out, counts it, and has it closed by unlock.
func (p *Pool) closeLocked(m *member, reason CloseReason) {
	p.kept = without(p.kept, m)
	p.apart = without(p.apart, m)
	p.doomed = append(p.doomed, end{m.c, CloseTrace{Reason: reason, Err: m.c.Err()}, m.born, m.callers})
	*p.stats.closed(reason)++
	p.tellDialEndLocked() // there is room
	if reason != ClosedDead && m.c.Err() == nil {
		p.workedLocked(m) // it lived for as long as it was to
	}
}

// settleLocked follows every change in what is available: waiters are served, what is too many is closed, what is idle will be when its time has come.
func (p *Pool) settleLocked() {
	p.serveLocked()
	if p.aging {
		p.replaceAgedLocked()
	}
	if len(p.kept) > p.cfg.Keep {
		for len(p.kept) > p.cfg.Keep {
			p.usage.surplusClosed(p.openLocked() - p.cfg.Keep)
			p.dropLocked(p.coldestLocked(), ClosedSurplus)
		}
		p.serveLocked() // there is room for another dial
	}
}

// coldestLocked returns the kept member that has been idle for longest. When none is idle, it is the oldest, and with none at all nil.
func (p *Pool) coldestLocked() (coldest *member) {
	for _, m := range p.kept {
		switch {
		case coldest == nil, m.users == 0 && coldest.users > 0:
			coldest = m
		case m.users > 0 && coldest.users == 0:
		case m.users == 0 && m.turn < coldest.turn, m.users > 0 && m.number < coldest.number:
			coldest = m
		}
	}
	return coldest
}

// without removes one element; the order of the others stays.
func without[T comparable](list []T, one T) []T {
	for i := len(list) - 1; i >= 0; i-- { // mostly it is the last
		if list[i] == one {
			copy(list[i:], list[i+1:])
			list[len(list)-1] = *new(T)
			return list[:len(list)-1]
		}
	}
	return list
}
