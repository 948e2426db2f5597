package pool

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Bounds of the wait between attempts that fail.
const (
	firstBackoff = 25 * time.Millisecond
	maxBackoff   = time.Second
	openAfter    = 8 * firstBackoff
	freeDrops    = 2 // a request has two attempts, and may have killed both connections itself
)

// A backoff is the memory of attempts that failed. The zero value has none.
type backoff struct {
	err      error     // of the last one
	since    time.Time // of the first one
	at       time.Time
	failures uint64
	wait     time.Duration
	until    time.Time
	slow     bool // it took so long to fail that others must not be made to wait for the next one
	drops    int  // connections in a row that died before they were of any use
}

// over reports whether it is time for the next attempt.
func (b *backoff) over() bool { return !time.Now().Before(b.until) }

// failed takes note of an attempt. One that began before the last one failed is part of the same volley and says nothing new.
func (b *backoff) failed(err error, began time.Time) {
	b.err = err
	if b.failures++; b.failures == 1 {
		b.since = time.Now()
	}
	if !began.After(b.at) {
		return
	}
	b.at = time.Now()
	b.slow = b.at.Sub(began) >= maxBackoff
	b.wait = min(max(2*b.wait, firstBackoff), maxBackoff)
	// Half of it at random, so that many processes do not come back in step.
	b.until = b.at.Add(b.wait/2 + rand.N(b.wait/2))
}

// dropped takes note of a connection that died before it was of any use.
func (b *backoff) dropped(err error, began time.Time) {
	if b.drops++; b.drops > freeDrops {
		b.failed(err, began)
	}
}

// open reports whether attempts have been failing for long enough that nobody but the one who makes the next should wait for it.
func (b *backoff) open() bool { return b.err != nil && (b.slow || b.wait >= openAfter) }

// connected takes note of an attempt that came as far as one can see. If it proves to be worth nothing, waits go on growing.
func (b *backoff) connected() { b.err, b.until, b.slow = nil, time.Time{}, false }

func (b *backoff) succeeded() { *b = backoff{} }

// forget makes way for the next attempt. That there were failures is still to be told of when it works.
func (b *backoff) forget() { *b = backoff{since: b.since, at: b.at, failures: b.failures} }

// A recovery is the end of an outage.
type recovery struct {
	took     time.Duration
	failures uint64
}

// workedLocked is told that a connection was of use. The first time ends an outage; later ones do not say that another connection could be had.
func (p *Pool) workedLocked(m *member) {
	if m.proven {
		return
	}
	m.proven = true
	if m.generation != p.generation || !p.made.Add(m.born).After(p.outage.at) {
		return // it is to another server, or older than the last failure, and says nothing of it
	}
	if p.outage.failures > 0 {
		p.recovery = &recovery{time.Since(p.outage.since), p.outage.failures}
	}
	p.outage.succeeded()
}

// explain returns the last failure, and how long nobody will try again.
func (b *backoff) explain() error {
	return fmt.Errorf("%w (no dial for another %v)", b.err, max(0, time.Until(b.until)).Round(time.Millisecond))
}
