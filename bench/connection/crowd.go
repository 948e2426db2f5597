package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// A crowd is callers that share operations out among themselves: each takes the next as soon as it is done with one.
type crowd struct {
	ctx     context.Context
	callers []caller
	want    int
	rec     *recorder // nil: latency is not recorded
	starts  []func()  // what is started by go without allocating

	left     atomic.Int64
	deadline time.Time // of a run that is bounded by time, which only a crowd with a recorder can have
	wg       sync.WaitGroup

	mu  sync.Mutex
	err error // of the run; guarded by mu
}

type caller struct {
	call call
	hist *histogram
}

var errUnable = errors.New("the client cannot do this")

func newCrowd(ctx context.Context, s session, j job, callers int, rec *recorder) (*crowd, error) {
	c := &crowd{ctx: ctx, want: j.want(), rec: rec, callers: make([]caller, callers)}
	for i := range c.callers {
		own := &c.callers[i]
		if own.call = s.call(j, i); own.call == nil {
			return nil, errUnable
		}
		if rec != nil {
			own.hist = &rec.callers[i]
		}
		c.starts = append(c.starts, func() {
			defer c.wg.Done()
			c.work(own)
		})
	}
	return c, nil
}

// runFor performs operations until the time is over, and those that are under way then.
func (c *crowd) runFor(d time.Duration) (n int, err error) {
	before := c.rec.calls()
	c.deadline = time.Now().Add(d)
	err = c.run(math.MaxInt)
	c.deadline = time.Time{}
	return c.rec.calls() - before, err
}

// run performs n operations. A lone caller works on the goroutine of whoever measures, as it would anywhere.
func (c *crowd) run(n int) error {
	c.left.Store(int64(n))
	c.err = nil
	if len(c.starts) == 1 {
		c.work(&c.callers[0])
		return c.err
	}
	c.wg.Add(len(c.starts))
	for _, start := range c.starts {
		go start()
	}
	c.wg.Wait()
	return c.err
}

func (c *crowd) work(own *caller) {
	for c.left.Add(-1) >= 0 {
		var start time.Time
		if own.hist != nil {
			start = time.Now()
		}
		got, err := own.call(c.ctx)
		if own.hist != nil {
			end := time.Now()
			own.hist.add(end.Sub(start))
			if !c.deadline.IsZero() && end.After(c.deadline) {
				c.left.Store(0)
			}
		}
		if err == nil && got != c.want && (c.want != 0 || got <= 0) {
			err = fmt.Errorf("the reply has mark %#x, want %#x", got, c.want)
		}
		if err != nil {
			c.fail(err)
			return
		}
	}
}

// fail ends the run.
func (c *crowd) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left.Store(0)
	if c.err == nil {
		c.err = err
	}
}
