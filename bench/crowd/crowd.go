// Package crowd is callers that work at the same time, and how long each of their calls took.
package crowd

import (
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// A Call is one operation of one caller, who waits for the reply and returns its mark, which tells a right reply from a wrong one.
type Call func(ctx context.Context) (mark int, err error)

// A Crowd is callers that share operations out among themselves: each takes the next as soon as it is done with one.
type Crowd struct {
	ctx     context.Context
	callers []caller
	want    int
	rec     *Recorder // nil: latency is not recorded
	starts  []func()  // what is started by go without allocating

	left     atomic.Int64
	deadline time.Time // of a run that is bounded by time, which only a crowd with a recorder can have
	wg       sync.WaitGroup

	mu  sync.Mutex
	err error // of the run; guarded by mu
}

type caller struct {
	call Call
	hist *Histogram
}

// New makes a crowd of one caller for each call. want is the mark of a right reply, 0: any above 0 will do. With a recorder, which may be nil, calls are timed.
func New(ctx context.Context, calls []Call, want int, rec *Recorder) *Crowd {
	c := &Crowd{ctx: ctx, want: want, rec: rec, callers: make([]caller, len(calls))}
	for i, call := range calls {
		own := &c.callers[i]
		own.call = call
		if rec != nil {
			own.hist = rec.Caller(i)
		}
		c.starts = append(c.starts, func() {
			defer c.wg.Done()
			c.work(own)
		})
	}
	return c
}

// RunFor performs operations until the time is over, and those that are under way then.
func (c *Crowd) RunFor(d time.Duration) (n int, err error) {
	before := c.rec.Calls()
	c.deadline = time.Now().Add(d)
	err = c.Run(math.MaxInt)
	c.deadline = time.Time{}
	return c.rec.Calls() - before, err
}

// Run performs n operations. A lone caller works on the goroutine of whoever measures, as it would anywhere.
func (c *Crowd) Run(n int) error {
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

func (c *Crowd) work(own *caller) {
	for c.left.Add(-1) >= 0 {
		var start time.Time
		if own.hist != nil {
			start = time.Now()
		}
		got, err := own.call(c.ctx)
		if own.hist != nil {
			end := time.Now()
			own.hist.Add(end.Sub(start))
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
func (c *Crowd) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left.Store(0)
	if c.err == nil {
		c.err = err
	}
}
