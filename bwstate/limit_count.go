package bwstate

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bwredis/bwredis/resp"
)

var limitCountScript = newScript("limitcount.lua", limitCountTwin)

// An HTTPRateCounter counts for the limiter of github.com/go-chi/httprate, whose interface LimitCounter it has, in the place of the one that counts in memory:
//
//	httprate.LimitBy(100, time.Minute, key, httprate.WithLimitCounter(&bwstate.HTTPRateCounter{State: state, Name: "api"}))
//
// Each of its questions is one round trip; the limiter asks twice for a request. All services with the same Name and window count together. The limiter asks first
// and counts afterwards, so several of them may together let a few requests too many through: a [Quota] does both in one step.
//
// Its methods may be called concurrently.
type HTTPRateCounter struct {
	State *State // required

	// Name says what is limited, such as "api": up to 64 letters, digits, dots, hyphens and underscores. Counters of different names do not meet.
	Name string

	// Timeout bounds each round trip, because the limiter passes no context; 0: DefaultCounterTimeout.
	Timeout time.Duration

	// WhenAway is FailWhenAway, with which the limiter refuses everything (428 or 500) while the server is away, or LocalWhenAway: each process counts for itself.
	WhenAway WhenAway

	window   time.Duration
	degraded atomic.Bool
}

// DefaultCounterTimeout bounds a round trip of an [HTTPRateCounter].
const DefaultCounterTimeout = time.Second

// Degraded reports whether the last answer was this process's own, because the server is away; see [LocalWhenAway].
func (c *HTTPRateCounter) Degraded() bool { return c.degraded.Load() }

// Config is called by the limiter, before everything else.
func (c *HTTPRateCounter) Config(_ int, window time.Duration) { c.window = window }

// Increment counts one request.
func (c *HTTPRateCounter) Increment(key string, window time.Time) error {
	return c.IncrementBy(key, window, 1)
}

// IncrementBy counts amount requests.
func (c *HTTPRateCounter) IncrementBy(key string, window time.Time, amount int) error {
	if amount < 0 {
		return &ArgumentError{Name: "amount", Problem: "is negative: " + strconv.Itoa(amount)}
	}
	op := limitCounts.Get().(*limitCount)
	defer op.recycle()
	op.keys[0], op.amount = limitCountKey(c.Name, window.UnixMilli(), key), int64(amount)
	op.lives = 3 * max(c.window, time.Millisecond).Milliseconds() // its own window and the next one, and clocks that differ
	return c.run(op)
}

// Get returns how many requests were counted in two windows.
func (c *HTTPRateCounter) Get(key string, current, previous time.Time) (inCurrent, inPrevious int, err error) {
	op := limitCounts.Get().(*limitCount)
	defer op.recycle()
	op.keys[0], op.keys[1] = limitCountKey(c.Name, current.UnixMilli(), key), limitCountKey(c.Name, previous.UnixMilli(), key)
	op.get = true
	if err := c.run(op); err != nil {
		return 0, 0, err
	}
	return int(op.counts[0]), int(op.counts[1]), nil
}

func (c *HTTPRateCounter) run(op *limitCount) error {
	switch {
	case c.State == nil:
		return &ArgumentError{Name: "State", Problem: "is missing"}
	case !isLimitName(c.Name):
		return &ArgumentError{Name: "Name", Problem: "is not of 1 to 64 letters, digits, dots, hyphens and underscores"}
	case c.WhenAway != FailWhenAway && c.WhenAway != LocalWhenAway:
		return &ArgumentError{Name: "WhenAway", Problem: "is neither FailWhenAway nor LocalWhenAway"}
	}
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = DefaultCounterTimeout
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	err := c.State.run(ctx, &op.q, op)
	// Unlike elsewhere a context that ended says that the server is away: it is not the caller's.
	local := c.State.standIn(context.Background(), c.WhenAway, err)
	c.degraded.Store(local != nil)
	if local != nil {
		op.q.Reset()
		err = local.run(context.Background(), &op.q, op)
	}
	if err == nil {
		err = op.err
	}
	return err
}

// A limitCount adds to a counter, or reads two.
type limitCount struct {
	q      resp.Request
	keys   [2]string
	get    bool
	amount int64
	lives  int64 // milliseconds
	counts [2]int64
	err    error
}

var limitCounts = sync.Pool{New: func() any { return new(limitCount) }}

func (op *limitCount) recycle() {
	op.q.Reset()
	*op = limitCount{q: op.q}
	limitCounts.Put(op)
}

func (op *limitCount) add(q *resp.Request) {
	op.counts, op.err = [2]int64{}, nil
	if !op.get {
		q.Script(limitCountScript.Script, op.keys[0]).Int(op.amount).Int(op.lives)
		return
	}
	q.Cmd("GET").Str(op.keys[0])
	q.Cmd("GET").Str(op.keys[1])
}

func (op *limitCount) reads() bool { return op.get }

// HandleReply takes the count, or one of two.
func (op *limitCount) HandleReply(i int, r *resp.Reply) error {
	if refused := r.ErrorReply(); refused != nil {
		if op.err == nil {
			op.err = refused
		}
		return nil
	}
	if r.Null() {
		return nil
	}
	if op.counts[i] = r.Int(); r.Err() != nil && op.err == nil {
		op.err = &ValueError{What: "count", Problem: "is none"}
	}
	return nil
}
