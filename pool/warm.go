package pool

import "context"

// Warm opens the connections that are kept, so that the first callers need not wait for them. It returns when they are there, or when a dial has failed, or ctx has
// ended; what was opened until then stays.
func (p *Pool) Warm(ctx context.Context) error {
	p.mu.Lock()
	failures := p.stats.DialErrors
	for {
		switch {
		case p.closed:
			p.unlock()
			return ErrClosed
		case p.stats.DialErrors > failures && p.outage.err != nil:
			defer p.unlock()
			return p.outage.err
		case len(p.kept) >= p.cfg.Keep:
			p.unlock()
			return nil
		case !p.outage.over() && len(p.dials) == 0:
			defer p.unlock()
			return p.outage.explain()
		}
		for len(p.kept)+len(p.dials) < p.cfg.Keep && p.roomLocked() && !p.crowdedLocked() {
			p.dialLocked()
		}
		ended := p.dialEndLocked()
		p.unlock()
		select {
		case <-ended:
		case <-ctx.Done():
			return left(ctx.Err())
		}
		p.mu.Lock()
	}
}

// dialEndLocked returns what is closed when a dial ends, or the pool is closed.
func (p *Pool) dialEndLocked() <-chan struct{} {
	if p.dialEnd == nil {
		p.dialEnd = make(chan struct{})
	}
	return p.dialEnd
}

// tellDialEndLocked lets everybody look again who waits for a dial to end.
func (p *Pool) tellDialEndLocked() {
	if p.dialEnd != nil {
		close(p.dialEnd)
		p.dialEnd = nil
	}
}
