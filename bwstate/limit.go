package bwstate

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// A LimitsConfig says how [Limits] count. The zero value is ready.
type LimitsConfig struct {
	// WhenAway is FailWhenAway or LocalWhenAway: whether each process counts for itself while the server is away, as nodes do.
	WhenAway WhenAway

	// Zone is the time zone of the nodes, where that is not UTC: their clock for limits depends on it, see [NodeShift]. Only what is counted together with them does.
	Zone *time.Location

	// Now is the clock of [PathLimit] and [ServiceLimit], which BunkerWeb leaves to whoever counts; nil: time.Now. A [Quota] goes by the server's clock.
	Now func() time.Time
}

// Limits decide which requests are too many. They are safe for concurrent use.
type Limits struct {
	state *State
	cfg   LimitsConfig
}

// Limits returns the limits that are counted in this state.
func (s *State) Limits(cfg LimitsConfig) (*Limits, error) {
	if cfg.WhenAway != FailWhenAway && cfg.WhenAway != LocalWhenAway {
		return nil, &ArgumentError{Name: "WhenAway", Problem: "is neither FailWhenAway nor LocalWhenAway"}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Limits{state: s, cfg: cfg}, nil
}

// A Limit is a [PathLimit], a [ServiceLimit] or a [Quota].
type Limit interface {
	// check returns what is asked of the server.
	check(l *Limits) (limitCheck, error)
}

// A LimitResult is what became of one request under one limit.
type LimitResult struct {
	// Limited says that the request is one too many.
	Limited bool

	// Skipped says that nothing was asked and nothing counted, because of a limit before this one; see [Limits.InOrder]. Everything else is zero then.
	Skipped bool

	// Count is how many requests there are in the window, this one included when it was counted; of a Quota, how much of Burst is used.
	Count int64

	// Limit is how many there may be; of a Quota, Burst.
	Limit int64

	// Remaining is how many more would be let through now.
	Remaining int64

	// Window is the time in which Limit requests are let through; of a Quota, that in which the whole Burst is earned.
	Window time.Duration

	// RetryAfter is when a request like this one will be let through if there are no others until then; 0 if this one was. Where the limit is 0 none ever will be:
	// it is Window.
	RetryAfter time.Duration

	// MoreAfter is when there will be more than Remaining if there are no more requests; 0 if there is all there can be. Where the limit is 0 it is Window.
	MoreAfter time.Duration

	// ResetAfter is when all of this will be forgotten if there are no more requests.
	ResetAfter time.Duration

	// Degraded says that the server is away, and that the count is this process's own; see [LocalWhenAway].
	Degraded bool
}

// Path counts a request of one client for one path.
func (l *Limits) Path(ctx context.Context, p PathLimit) (LimitResult, error) {
	c, err := p.check(l)
	return l.one(ctx, c, err)
}

// Service counts a request for a service.
func (l *Limits) Service(ctx context.Context, p ServiceLimit) (LimitResult, error) {
	c, err := p.check(l)
	return l.one(ctx, c, err)
}

// Quota takes what a request costs out of a quota, unless that is more than there is.
func (l *Limits) Quota(ctx context.Context, q Quota) (LimitResult, error) {
	c, err := q.check(l)
	return l.one(ctx, c, err)
}

func (l *Limits) one(ctx context.Context, c limitCheck, err error) (LimitResult, error) {
	if err != nil {
		return LimitResult{}, err
	}
	op := newLimitsOp()
	defer op.recycle()
	op.checks = append(op.checks, c)
	if err := l.run(ctx, op); err != nil {
		return LimitResult{}, err
	}
	return op.results[0], op.errs[0]
}

// All counts one request under several limits, in one round trip and in one step of the server. Every one of them counts it, also when another limits.
//
// Results are in the order of limits. The error joins those of single limits, each a [*LimitError], whose results are zero; the other results count.
func (l *Limits) All(ctx context.Context, limits ...Limit) ([]LimitResult, error) {
	return l.several(ctx, limits, false)
}

// InOrder is All, except that a limit behind one that is reached does not count the request, as on a node, where what is too much for the service does not count against
// the client: its result is Skipped. A limit that fails keeps none from counting.
func (l *Limits) InOrder(ctx context.Context, limits ...Limit) ([]LimitResult, error) {
	return l.several(ctx, limits, true)
}

// maxLimits is how many can be checked at once: a server serves nobody else meanwhile.
const maxLimits = 1000

func (l *Limits) several(ctx context.Context, limits []Limit, ordered bool) ([]LimitResult, error) {
	op := newLimitsOp()
	defer op.recycle()
	op.ordered = ordered
	if err := op.take(l, limits); err != nil || len(limits) == 0 {
		return nil, err
	}
	if err := l.run(ctx, op); err != nil {
		return nil, err
	}
	return op.all()
}

// take makes the operation one of these limits.
func (op *limitsOp) take(l *Limits, limits []Limit) error {
	if len(limits) > maxLimits {
		return &ArgumentError{Name: "limits", Problem: fmt.Sprintf("are more than %d", maxLimits)}
	}
	for i, limit := range limits {
		c, err := checkLimit(l, limit)
		if err != nil {
			return &LimitError{Index: i, Err: err}
		}
		op.checks = append(op.checks, c)
	}
	return nil
}

// checkLimit returns what is asked of the server. It calls no method of an interface, because a limit that such a call is made on escapes to the heap.
func checkLimit(l *Limits, limit Limit) (limitCheck, error) {
	switch p := limit.(type) {
	case PathLimit:
		return p.check(l)
	case ServiceLimit:
		return p.check(l)
	case Quota:
		return p.check(l)
	}
	return limitCheck{}, &ArgumentError{Name: "limit", Problem: "is neither a PathLimit nor a ServiceLimit nor a Quota"}
}

// A LimitError says which of several limits failed.
type LimitError struct {
	Index int // among those asked for
	Err   error
}

func (e *LimitError) Error() string { return fmt.Sprintf("limit %d: %v", e.Index, e.Err) }

// Unwrap returns what went wrong with it.
func (e *LimitError) Unwrap() error { return e.Err }

// all returns copies of the results, and the errors as one.
func (op *limitsOp) all() ([]LimitResult, error) {
	var failed []error
	for i, err := range op.errs {
		if err != nil {
			failed = append(failed, &LimitError{Index: i, Err: err})
		}
	}
	return append([]LimitResult(nil), op.results...), errors.Join(failed...)
}

func (l *Limits) run(ctx context.Context, op *limitsOp) error {
	degraded, err := l.state.runSomewhere(ctx, l.cfg.WhenAway, &op.q, op)
	if err != nil {
		return err
	}
	return op.settle(degraded)
}

// settle completes the results after a round trip, or returns why there are none.
func (op *limitsOp) settle(degraded bool) error {
	for i := range op.results {
		op.results[i].Degraded = degraded && !op.results[i].Skipped && op.errs[i] == nil
	}
	return op.err
}

// now is the time of a request by the nodes' clock: Unix seconds, and what is left of the second.
func (l *Limits) now() (seconds int64, rest time.Duration) {
	now := l.cfg.Now()
	at := now.Add(NodeShift(l.cfg.Zone, now))
	return at.Unix(), time.Duration(at.Nanosecond())
}

var limitsOps = sync.Pool{New: func() any { return new(limitsOp) }}

func newLimitsOp() *limitsOp { return limitsOps.Get().(*limitsOp) }
