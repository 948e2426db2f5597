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
)

// A backoff is the memory of attempts that failed. The zero value has none.
type backoff struct {
	err   error // of the last one
	at    time.Time
	wait  time.Duration
	until time.Time
}

// over reports whether it is time for the next attempt.
func (b *backoff) over() bool { return !time.Now().Before(b.until) }

// failed takes note of an attempt. One that began before the last one failed is part of the same volley and says nothing new.
func (b *backoff) failed(err error, began time.Time) {
	b.err = err
	if !began.After(b.at) {
		return
	}
	b.at = time.Now()
	b.wait = min(max(2*b.wait, firstBackoff), maxBackoff)
	// Half of it at random, so that many processes do not come back in step.
	b.until = b.at.Add(b.wait/2 + rand.N(b.wait/2))
}

func (b *backoff) succeeded() { *b = backoff{} }

// explain returns the last failure, and how long nobody will try again.
func (b *backoff) explain() error {
	return fmt.Errorf("%w (no dial for another %v)", b.err, time.Until(b.until).Round(time.Millisecond))
}
