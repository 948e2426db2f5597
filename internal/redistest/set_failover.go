package redistest

import (
	"errors"
	"strconv"
	"time"
)

// How a failover of real sentinels goes on, measured from one step to the next.
const (
	newsAfter      = 50 * time.Millisecond  // the other sentinels hear of the new epoch
	electedAfter   = 20 * time.Millisecond  // the leader has the votes
	selectedAfter  = 60 * time.Millisecond  // a replica is selected
	promotedAfter  = 100 * time.Millisecond // it is the master
	confirmedAfter = 600 * time.Millisecond // the leader sees that: it asks once a second
	endAfter       = 70 * time.Millisecond  // the other replicas have been told
	electionLimit  = 10 * time.Second       // to find a leader
)

// How a failover can end without a new master, for [Set.AbortNext].
const (
	AbortNotElected   = "-failover-abort-not-elected"
	AbortNoGoodSlave  = "-failover-abort-no-good-slave"
	AbortSlaveTimeout = "-failover-abort-slave-timeout"
)

// A failover is one that is under way. Its fields are guarded by Set.mu.
type failover struct {
	set       *Set
	leader    *Sentinel
	old       *Node
	promoted  *Node // nil: not selected yet
	epoch     int64
	forced    bool   // by SENTINEL FAILOVER
	state     string // as "failover-state" tells it
	confirmed bool   // the leader has seen the promoted node be a master, and names it
}

// Failover is SENTINEL FAILOVER at the first sentinel that can lead one.
func (s *Set) Failover() error {
	for _, sentinel := range s.Sentinels {
		s.mu.Lock()
		can := sentinel.canLead()
		s.mu.Unlock()
		if can {
			return sentinel.Failover()
		}
	}
	return errors.New("redistest: no sentinel can lead a failover")
}

// Failover is SENTINEL FAILOVER at this sentinel. It returns when that has begun.
func (s *Sentinel) Failover() error {
	s.set.mu.Lock()
	defer s.set.mu.Unlock()
	if msg := s.failoverLocked(); msg != "" {
		return errors.New(msg)
	}
	return nil
}

// failoverLocked returns the error with which the sentinel refuses.
func (s *Sentinel) failoverLocked() string {
	switch {
	case s.set.failover != nil && s.set.failover.leader == s:
		return "INPROG Failover already in progress"
	case s.set.candidateLocked() == nil:
		return "NOGOODSLAVE No suitable replica to promote"
	case s.set.failover != nil || !s.canLead():
		return "" // it tries in vain
	}
	s.set.startLocked(s, true)
	return ""
}

// AbortNext makes the next failover end with one of the events that mean it came to nothing.
func (s *Set) AbortNext(event string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.abort = event
}

// candidateLocked returns the replica that a failover would promote: the one that has most of the data.
func (s *Set) candidateLocked() (best *Node) {
	for _, n := range s.Nodes {
		if n.master == s.master && n.reachable() && !n.sdown && (best == nil || n.offset > best.offset) {
			best = n
		}
	}
	return best
}

func (s *Set) startLocked(leader *Sentinel, forced bool) {
	s.epoch++
	f := &failover{set: s, leader: leader, old: s.master, epoch: s.epoch, forced: forced, state: "wait_start"}
	s.failover = f
	f.leader.publishLocked("+new-epoch", strconv.FormatInt(f.epoch, 10))
	f.sayMaster("+try-failover")
	if !forced {
		f.leader.publishLocked("+vote-for-leader", f.vote())
	}
	s.after(newsAfter, f.spread)
	if !forced && len(s.usableLocked()) <= len(s.Sentinels)/2 || s.abort == AbortNotElected {
		f.step(electionLimit, func() { f.fail(AbortNotElected) })
		return
	}
	f.step(electedAfter, f.elected)
}

// spread tells the other sentinels of the epoch; those vote for the leader, unless it needs no votes.
func (f *failover) spread() {
	for _, s := range f.set.usableLocked() {
		if s == f.leader {
			continue
		}
		s.publishLocked("+new-epoch", strconv.FormatInt(f.epoch, 10))
		if !f.forced {
			s.publishLocked("+vote-for-leader", f.vote())
		}
	}
}

func (f *failover) vote() string { return f.leader.id + " " + strconv.FormatInt(f.epoch, 10) }

// step goes on after d, unless the failover has ended. It ends when its leader can do nothing more.
func (f *failover) step(d time.Duration, next func()) {
	f.set.after(d, func() {
		switch {
		case f.set.failover != f:
		case !f.leader.reachable():
			f.leave()
		default:
			next()
		}
	})
}

func (f *failover) sayMaster(event string) {
	f.leader.publishLocked(event, f.leader.masterEvent(f.old.addr))
}

func (f *failover) saySlave(event string, n *Node) {
	f.leader.publishLocked(event, f.leader.slaveEvent(n.addr))
}

func (f *failover) elected() {
	f.state = "select_slave"
	if f.forced {
		f.leader.publishLocked("+vote-for-leader", f.vote())
	}
	f.sayMaster("+elected-leader")
	f.sayMaster("+failover-state-select-slave")
	f.step(selectedAfter, f.selected)
}

func (f *failover) selected() {
	n := f.set.candidateLocked()
	if n == nil || f.set.abort == AbortNoGoodSlave {
		f.fail(AbortNoGoodSlave)
		return
	}
	f.promoted, f.state = n, "send_slaveof_noone"
	f.saySlave("+selected-slave", n)
	f.saySlave("+failover-state-send-slaveof-noone", n)
	f.step(promotedAfter, f.promote)
}

func (f *failover) promote() {
	if !f.promoted.reachable() {
		f.giveUp()
		return
	}
	f.state = "wait_promotion"
	f.saySlave("+failover-state-wait-promotion", f.promoted)
	if f.set.abort == AbortSlaveTimeout {
		f.giveUp()
		return
	}
	f.promoted.promoteLocked()
	f.step(confirmedAfter, f.confirm)
}

// giveUp is what becomes of a failover whose replica does not do what it is told.
func (f *failover) giveUp() { f.step(f.set.cfg.FailoverTimeout, func() { f.fail(AbortSlaveTimeout) }) }

// confirm makes the leader name the new master, though it says nothing of a switch before the end.
func (f *failover) confirm() {
	if !f.promoted.reachable() {
		f.giveUp()
		return
	}
	f.confirmed, f.state = true, "reconf_slaves"
	f.leader.publishLocked("-role-change", f.leader.slaveEvent(f.promoted.addr)+" new reported role is master")
	f.saySlave("+promoted-slave", f.promoted)
	f.sayMaster("+failover-state-reconf-slaves")
	for _, n := range f.set.Nodes {
		if n.master == f.old && n.reachable() {
			f.saySlave("+slave-reconf-sent", n)
			n.followLocked(f.promoted)
			f.saySlave("+slave-reconf-inprog", n)
			f.saySlave("+slave-reconf-done", n)
		}
	}
	f.step(endAfter, f.end)
}

func (f *failover) end() {
	s := f.set
	f.sayMaster("+failover-end")
	s.master, s.configEpoch, s.leader, s.failover = f.promoted, f.epoch, f.leader, nil
	f.leader.switchLocked()
	s.spreadLocked()
	for _, n := range s.Nodes {
		s.correctLocked(n)
	}
}

// fail ends the failover without a new master.
func (f *failover) fail(event string) {
	f.sayMaster(event)
	f.leave()
}

// leave ends the failover. If the master is still down, the sentinels try again when twice the timeout has passed.
func (f *failover) leave() {
	s := f.set
	s.failover, s.abort = nil, ""
	for _, n := range s.Nodes {
		s.correctLocked(n)
	}
	s.after(2*s.cfg.FailoverTimeout, s.agreeLocked)
}
