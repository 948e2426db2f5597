package pool

// Stats is a snapshot. Open = Idle + InUse; what was dialled is open or was closed:
// Dials - DialErrors = Open + ClosedIdle + ClosedAged + ClosedDead + ClosedReset + ClosedSurplus + ClosedByUs;
// and whoever waited was served, told why not, or left: Waits = WaitsServed + WaitsFailed + WaitsCancelled + Waiting.
type Stats struct {
	Open     int // connections, those checked out alone and those that close once their callers are done included
	Idle     int // of them, without a caller
	InUse    int // of them, with at least one
	Dialling int // dials in flight
	Waiting  int // callers for whom there is no connection yet

	Dials          uint64 // dials that ended, well or not
	DialErrors     uint64 // of them, those that failed
	Waits          uint64 // callers that had to wait
	WaitsServed    uint64 // of them, those that got a connection
	WaitsFailed    uint64 // those that were told why there is none
	WaitsCancelled uint64 // those whose context ended

	Retries       uint64 // requests that had a second attempt
	ClosedIdle    uint64 // connections closed because they sat unused
	ClosedAged    uint64 // because they had lived for MaxLifetime
	ClosedDead    uint64 // because they were broken, or With's function failed
	ClosedReset   uint64 // because of Reset, or because the server is no master
	ClosedSurplus uint64 // because enough were kept already
	ClosedByUs    uint64 // by Close

	Wait      Histogram // of waits that were served
	Dial      Histogram // of dials that worked
	Hold      Histogram // of connections checked out alone: a sample, of about a hundred uses a second at most
	RoundTrip Histogram // of requests on shared connections, from the moment on when there was one; a sample as well
}

// closed returns the counter of connections closed for a reason.
func (s *Stats) closed(reason CloseReason) *uint64 {
	switch reason {
	case ClosedIdle:
		return &s.ClosedIdle
	case ClosedAged:
		return &s.ClosedAged
	case ClosedReset:
		return &s.ClosedReset
	case ClosedSurplus:
		return &s.ClosedSurplus
	case ClosedByUs:
		return &s.ClosedByUs
	}
	return &s.ClosedDead
}

// Stats returns a snapshot of the pool.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.Open = len(p.kept) + len(p.apart)
	s.InUse = len(p.apart)
	for _, m := range p.kept {
		if m.users > 0 {
			s.InUse++
		}
	}
	s.Idle = s.Open - s.InUse
	s.Dialling = p.dialling
	s.Waiting = len(p.queue.waiters)
	return s
}
