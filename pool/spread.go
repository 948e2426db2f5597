package pool

// crowded is how many requests in flight are many. Fewer are spread over all connections, where none waits for another's reply. From there on a round trip is
// the cheaper the more requests share a write and a read, so fewer connections serve more of them. One would serve the most, but not where the program's own
// goroutines take every processor: there, whoever reads has to be scheduled first, and with two connections two can be. Large values take no harm.
// docs/pool.md has figures.
const crowded = 16

// A spread is what is known of the connections that a caller could have.
type spread struct {
	total       int // requests in flight
	least       *member
	leastLoad   int
	busiest     *member
	busiestLoad int
	second      *member // the busiest but one
	secondLoad  int
}

func (s *spread) add(m *member, load int) {
	s.total += load
	if s.least == nil || load < s.leastLoad || load == s.leastLoad && m.turn >= s.least.turn {
		s.least, s.leastLoad = m, load
	}
	switch {
	case load > s.busiestLoad:
		s.second, s.secondLoad = s.busiest, s.busiestLoad
		s.busiest, s.busiestLoad = m, load
	case load > s.secondLoad:
		s.second, s.secondLoad = m, load
	}
}

// choose returns the connection to use; nil: there is none.
func (s *spread) choose(n need) *member {
	if n.exclusive || s.total < crowded || s.second == nil {
		return s.least
	}
	return s.second
}
