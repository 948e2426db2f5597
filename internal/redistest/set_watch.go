package redistest

import (
	"fmt"
	"time"
)

// How long it takes sentinels to notice that a server answers again, and to hear what the others think.
const (
	noticeAfter = 100 * time.Millisecond
	agreeAfter  = 100 * time.Millisecond
)

// reachableLocked starts what an outage of the node, or its end, leads to.
func (n *Node) reachableLocked(reachable bool) {
	n.outages++
	outage := n.outages
	n.relinkLocked(reachable)
	d, f := n.set.cfg.DownAfter, n.downLocked
	if reachable {
		d, f = noticeAfter, n.upLocked
	}
	n.set.after(d, func() {
		if n.outages == outage {
			f()
		}
	})
}

func (n *Node) downLocked() {
	n.sdown = true
	for _, s := range n.set.usableLocked() {
		s.lookLocked()
	}
	if n == n.set.master {
		n.set.after(agreeAfter, n.set.agreeLocked)
	}
}

func (n *Node) upLocked() {
	n.sdown = false
	for _, s := range n.set.usableLocked() {
		s.lookLocked()
	}
	n.set.correctLocked(n)
}

// lookLocked publishes what has changed since the sentinel looked at the nodes last.
func (s *Sentinel) lookLocked() {
	if !s.reachable() {
		return
	}
	for _, n := range s.set.Nodes {
		if s.sdown[n] == n.sdown {
			continue
		}
		s.sdown[n] = n.sdown
		sign := "-"
		if n.sdown {
			sign = "+"
		}
		s.publishLocked(sign+"sdown", s.event(n))
		if !n.sdown && n.addr == s.known.addr && s.odown {
			s.odown = false
			s.publishLocked("-odown", s.masterEvent(n.addr))
		}
	}
}

// event is how events call a node.
func (s *Sentinel) event(n *Node) string {
	if n.addr == s.known.addr {
		return s.masterEvent(n.addr)
	}
	return s.slaveEvent(n.addr)
}

// reachableLocked is what it means for a sentinel to be alone, or no more.
func (s *Sentinel) reachableLocked(reachable bool) {
	s.returns++
	returns := s.returns
	if s.down {
		clear(s.sdown)
		s.odown = false
	}
	if !reachable {
		return
	}
	later := func(d time.Duration, f func()) {
		s.set.after(d, func() {
			if s.returns == returns {
				f()
			}
		})
	}
	later(s.set.cfg.Lag, s.learnLocked)
	later(s.set.cfg.DownAfter, func() {
		s.lookLocked()
		s.set.after(agreeAfter, s.set.agreeLocked)
	})
	for _, n := range s.set.Nodes {
		s.set.correctLocked(n)
	}
}

// agreeLocked starts a failover when enough sentinels find the master down.
func (s *Set) agreeLocked() {
	var agreed []*Sentinel
	for _, sentinel := range s.usableLocked() {
		if sentinel.sdown[s.master] && !sentinel.forgets {
			agreed = append(agreed, sentinel)
		}
	}
	if !s.master.sdown || s.failover != nil || len(agreed) < s.cfg.Quorum {
		return
	}
	for _, sentinel := range agreed {
		if !sentinel.odown && sentinel.known.addr == s.master.addr {
			sentinel.odown = true
			sentinel.publishLocked("+odown", fmt.Sprintf("%s #quorum %d/%d", sentinel.masterEvent(s.master.addr), len(agreed), s.cfg.Quorum))
		}
	}
	for _, sentinel := range agreed {
		if sentinel.canLead() {
			s.startLocked(sentinel, false)
			return
		}
	}
}

// canLead reports whether a sentinel knows enough to lead a failover.
func (s *Sentinel) canLead() bool {
	return s.reachable() && !s.stale && !s.forgets && s.known.addr == s.set.master.addr
}

// correctLocked lets the sentinels give a node the role that it should have, when it has had another one for a while.
func (s *Set) correctLocked(n *Node) {
	n.orders++
	order := n.orders
	s.after(s.cfg.DemoteAfter, func() {
		usable := s.usableLocked()
		if n.orders != order || len(usable) == 0 || !n.reachable() || n == s.master || n.master == s.master || s.inPromotion(n) {
			return
		}
		event := "+convert-to-slave"
		if n.master != nil {
			event = "+fix-slave-config"
		}
		usable[0].publishLocked(event, usable[0].slaveEvent(n.addr))
		n.followLocked(s.master)
	})
}

func (s *Set) inPromotion(n *Node) bool { return s.failover != nil && s.failover.promoted == n }
