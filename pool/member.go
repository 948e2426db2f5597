package pool

import (
	"slices"
	"time"

	"github.com/bwredis/bwredis/conn"
)

// probeAfter is how long a connection may have been unused before it is probed: long enough that a busy one is never, short enough to notice a
// server that restarted.
const probeAfter = time.Second

// A member is a connection of the pool. Pool.mu guards what changes.
type member struct {
	c          *conn.Conn
	number     uint64 // of its dial
	generation uint64

	users     int       // callers that hold it
	alone     bool      // its one user has it alone
	probing   bool      // its one user finds out whether it lives; nobody joins until then
	idleSince time.Time // when users became 0
	failures  uint64    // the pool's count when it was last known to live
	retired   *uint64   // it is closed when users becomes 0; which counter that adds to
	buried    bool      // it was found dead, and is counted
	after     uint64    // dials begun until then: any that begins now has a higher number
}

// doubtful reports whether the server may have closed a connection that nobody uses.
func (m *member) doubtful(failures uint64) bool {
	return m.failures != failures || m.c.Left() > 0 || time.Since(m.idleSince) >= probeAfter
}

// retireLocked makes the member close when its last user is done. The first reason counts.
func (m *member) retireLocked(reason *uint64) {
	if m.retired == nil {
		m.retired = reason
	}
}

// useLocked counts a user of a member that fits.
func (p *Pool) useLocked(m *member, n need) handover {
	p.work.Add(1)
	m.probing = m.users == 0 && m.doubtful(p.failures)
	m.users++
	if n.exclusive {
		m.alone = true
		p.alone++
		p.kept = without(p.kept, m)
		p.apart = append(p.apart, m)
	}
	return handover{m: m, probe: m.probing}
}

// prove probes a member for its one user. When it is dead, it has been given back.
func (p *Pool) prove(m *member) (alive bool) {
	defer func() {
		if !alive { // or the handler of pushes panicked
			p.giveBack(m, false)
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
func (p *Pool) giveBack(m *member, clean bool) (after uint64) {
	defer p.work.Done()
	p.mu.Lock()
	defer p.unlock()
	m.users--
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
	case m.users > 0:
	case m.retired != nil:
		p.closeLocked(m, m.retired)
	case !m.probing: // else nothing new is known of it
		m.idleSince = time.Now()
	}
	m.probing = false
	p.settleLocked()
	return m.after
}

// returnLocked ends that a member is had alone.
func (p *Pool) returnLocked(m *member) {
	m.alone = false
	if m.generation == p.generation {
		p.alone--
	}
	p.apart = without(p.apart, m)
	p.kept = append(p.kept, m)
}

// dropLocked takes a kept member out: now when it is idle, else when its last user is done.
func (p *Pool) dropLocked(m *member, reason *uint64) {
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
	if m.c.Err() != nil {
		p.failures++
		m.after = p.dialled
	}
	m.buried = true
	p.closeLocked(m, &p.stats.ClosedDead)
}

// closeLocked takes a member out, counts it, and has it closed by unlock.
func (p *Pool) closeLocked(m *member, reason *uint64) {
	p.kept = without(p.kept, m)
	p.apart = without(p.apart, m)
	p.doomed = append(p.doomed, m)
	*reason++
}

// settleLocked follows every change in what is available: waiters are served, what is too many is closed, what is idle will be when its time has come.
func (p *Pool) settleLocked() {
	p.serveLocked()
	if len(p.kept) > p.cfg.Keep {
		for len(p.kept) > p.cfg.Keep {
			p.dropLocked(p.coldestLocked(), &p.stats.ClosedSurplus)
		}
		p.serveLocked() // there is room for another dial
	}
	p.armReaperLocked()
}

// coldestLocked returns the kept member that has been idle for longest. When none is idle, it is the oldest, and with none at all nil.
func (p *Pool) coldestLocked() (coldest *member) {
	for _, m := range p.kept {
		switch {
		case coldest == nil, m.users == 0 && coldest.users > 0:
			coldest = m
		case m.users > 0 && coldest.users == 0:
		case m.users == 0 && m.idleSince.Before(coldest.idleSince), m.users > 0 && m.number < coldest.number:
			coldest = m
		}
	}
	return coldest
}

// without removes one element; the order of the others stays.
func without[T comparable](list []T, one T) []T {
	if i := slices.Index(list, one); i >= 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}
