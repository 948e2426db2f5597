package bwstate

import "errors"

// Limit is [Limits.Path], [Limits.Service] or [Limits.Quota], by the kind of limit.
func (b *Batch) Limit(l *Limits, limit Limit) Pending[LimitResult] {
	op := newLimitsOp()
	err := op.take(l, []Limit{limit})
	if which, ok := err.(*LimitError); ok {
		err = which.Err
	}
	return pend[LimitResult](b, l.cfg.WhenAway, oneLimit{op}, errors.Join(b.of(l.state, "l"), err))
}

// Limits is [Limits.All].
func (b *Batch) Limits(l *Limits, limits ...Limit) Pending[[]LimitResult] {
	return b.limits(l, limits, false)
}

// LimitsInOrder is [Limits.InOrder].
func (b *Batch) LimitsInOrder(l *Limits, limits ...Limit) Pending[[]LimitResult] {
	return b.limits(l, limits, true)
}

func (b *Batch) limits(l *Limits, limits []Limit, ordered bool) Pending[[]LimitResult] {
	op := newLimitsOp()
	op.ordered = ordered
	return pend[[]LimitResult](b, l.cfg.WhenAway, allLimits{op}, errors.Join(b.of(l.state, "l"), op.take(l, limits)))
}

// oneLimit is an operation of one limit.
type oneLimit struct{ *limitsOp }

func (op oneLimit) result(degraded bool) (LimitResult, error) {
	if err := op.settle(degraded); err != nil {
		return LimitResult{}, err
	}
	return op.results[0], op.errs[0]
}

// allLimits is an operation of several.
type allLimits struct{ *limitsOp }

func (op allLimits) result(degraded bool) ([]LimitResult, error) {
	if err := op.settle(degraded); err != nil {
		return nil, err
	}
	return op.all()
}
