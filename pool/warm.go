package pool

import (
	"context"
	"slices"
)

// Warm opens the connections that are kept, so that the first callers need not wait for them, and looks whether those that are there have been closed by the
// server. It returns when they are there, or when a dial has failed, or ctx has ended; what was opened until then stays.
func (p *Pool) Warm(ctx context.Context) error {
	p.proveIdle()
	p.mu.Lock()
	begun, failures, generation := 0, p.dialFails, p.generation
	for {
		if p.generation != generation {
			begun, generation = 0, p.generation
		}
		switch {
		case p.closed:
			p.unlock()
			return ErrClosed
		case len(p.kept) >= p.cfg.Keep:
			p.unlock()
			return nil
		case p.dialFails > failures:
			defer p.unlock()
			return p.dialErr
		case begun >= p.cfg.Keep && len(p.dials) == 0: // the first of many may be too old again already
			p.unlock()
			return nil
		case !p.outage.over() && len(p.dials) == 0:
			defer p.unlock()
			return p.outage.explain()
		}
		for len(p.kept)+len(p.dials) < p.cfg.Keep && begun < p.cfg.Keep && p.roomLocked() && !p.crowdedLocked() {
			p.dialLocked()
			begun++
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

// proveIdle probes idle connections that may have been closed.
func (p *Pool) proveIdle() {
	p.mu.Lock()
	kept := slices.Clone(p.kept)
	p.unlock()
	for _, m := range kept {
		var got handover
		p.mu.Lock()
		if m.users == 0 && slices.Contains(p.kept, m) && p.doubtfulLocked(m) {
			p.useLocked(m, need{}, &got)
		}
		p.unlock()
		if got.m != nil && p.prove(&got) {
			p.giveBack(&got, true)
		}
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
