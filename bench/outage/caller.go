package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/bwredis/bwredis/bench/clients"
)

// A mind is how a caller of a storm ends its contexts.
type mind int

const (
	steady    mind = iota // not at all
	cancels               // by cancelling
	outOfTime             // by a deadline
)

// A caller asks for a key of its own again and again.
type caller struct {
	ask   clients.Ask
	value string
	mind  mind

	mu      sync.Mutex
	records []record // guarded by mu
	waits   bool     // in a call, which is current. Guarded by mu
	current record   // guarded by mu
}

func keyOf(i int) string { return fmt.Sprint("outage:", i) }

// valueOf is 64 bytes that no other caller's key has.
func valueOf(i int) string {
	text := fmt.Sprintf("what caller %d asked for", i)
	return text + strings.Repeat(".", 64-len(text))
}

// call asks once, and reports whether the next call may follow at once.
func (c *caller) call(epoch time.Time, bound time.Duration, storming bool) bool {
	ctx, cancel, bound := c.context(bound, storming)
	defer cancel()
	begin := time.Since(epoch)
	c.mu.Lock()
	c.waits, c.current = true, record{begin: begin, due: begin + bound}
	c.mu.Unlock()
	replies, err := c.ask(ctx)
	end, got := time.Since(epoch), failed
	if err == nil {
		got = c.judge(&replies[0])
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waits, c.current.end, c.current.outcome = false, end, got
	c.records = append(c.records, c.current)
	return err == nil || ctx.Err() != nil
}

// context is that of a call, which holds for so long.
func (c *caller) context(bound time.Duration, storming bool) (context.Context, context.CancelFunc, time.Duration) {
	if !storming || c.mind == steady {
		ctx, cancel := context.WithTimeout(context.Background(), bound)
		return ctx, cancel, bound
	}
	bound = rand.N(stormMost)
	if c.mind == outOfTime {
		ctx, cancel := context.WithTimeout(context.Background(), bound)
		return ctx, cancel, bound
	}
	ctx, cancel := context.WithCancel(context.Background())
	timer := time.AfterFunc(bound, cancel)
	return ctx, func() { timer.Stop(); cancel() }, bound
}

// judge tells whose reply it is. A null is that of a server which came back with nothing in it.
func (c *caller) judge(r *clients.Reply) outcome {
	if r.Null || r.Text == c.value || len(r.Text) == 0 && string(r.Bytes) == c.value {
		return served
	}
	return strayed
}

// taken is a copy of what there is. A call that has not returned yet is a failure that ends now.
func (c *caller) taken(now time.Duration) []record {
	c.mu.Lock()
	defer c.mu.Unlock()
	records := append([]record(nil), c.records...)
	if c.waits {
		r := c.current
		r.end = now
		records = append(records, r)
	}
	return records
}

// servedSince reports whether there was a success at or after a time.
func (c *caller) servedSince(from time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := len(c.records) - 1; i >= 0 && c.records[i].end >= from; i-- {
		if c.records[i].outcome == served {
			return true
		}
	}
	return false
}
