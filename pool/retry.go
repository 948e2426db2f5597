package pool

import (
	"context"
	"fmt"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/resp"
)

// try makes one attempt at g's request, on a connection whose dial has a number above the given one.
func (p *Pool) try(ctx context.Context, g *guard, after uint64) (err error) {
	var got handover
	if err := p.takeAtGate(ctx, g.q, need{exclusive: g.q.Blocking(), after: after}, &got); err != nil {
		g.m = nil
		return err
	}
	g.m = got.m
	defer func() { // also when the handler panics: the connection knows whether it is any good
		got.answered = g.answered
		g.after = p.giveBack(&got, true)
	}()
	return g.result(g.m.c.RoundTrip(ctx, g.q, g))
}

// again is the one rule for sending a request a second time.
func (g *guard) again(err error) bool {
	switch {
	case g.handed:
		return false // the caller has seen part of the answer
	case g.refused != nil:
		return true // nothing was executed
	case g.after == 0:
		return false // the connection is fine, or there was none: the caller left, or its handler refused
	}
	return conn.NotSent(err) || g.q.Idempotent()
}

// retry makes the second attempt.
func (p *Pool) retry(ctx context.Context, g *guard, first error) error {
	p.mu.Lock()
	p.stats.Retries++
	p.mu.Unlock()
	p.cfg.Trace.retry(RetryTrace{first})
	after := g.after
	g.prepareLast()
	err := p.try(ctx, g, after)
	if err != nil && !g.handed && (g.m == nil || conn.NotSent(err)) {
		return fmt.Errorf("%w; sending it again: %w", first, err) // the first attempt may have been executed
	}
	return err
}

// leave is told that the server of m is no master, as e says, and resets the pool unless that was done already. It reports whether another attempt would
// go to another connection. Where resetting does not help, because the configured server is a replica or takes long to load, it is done at intervals.
func (p *Pool) leave(m *member, e *resp.Error) bool {
	p.mu.Lock()
	another, reset := p.leaveLocked(m)
	p.unlock()
	if reset {
		code := refusalCode(e)
		p.reports.noMaster(code)
		p.cfg.Trace.reset(ResetTrace{Code: code})
	}
	return another
}

func (p *Pool) leaveLocked(m *member) (another, reset bool) {
	switch {
	case m.generation != p.generation:
		return true, false
	case p.closed || !p.refusals.over():
		return false, false
	case time.Since(p.refusals.until) > maxBackoff: // it helped
		p.refusals.succeeded()
	}
	p.refusals.failed(nil, time.Now())
	p.resetLocked()
	return true, true
}
