package bwstate

import "errors"

// A Pending is what an operation of a [Batch] will have as its result, when that has run.
type Pending[T any] struct {
	outcome
	op resulting[T]
}

// A resulting operation can be asked for its result after its round trip. degraded says that it was one in this process.
type resulting[T any] interface {
	operation
	result(degraded bool) (T, error)
}

var errNotRun = errors.New("bwstate: the batch has not run yet")

// check returns why there is no result, if there is none.
func (o *outcome) check() error {
	if o.err == nil && !o.done {
		return errNotRun
	}
	return o.err
}

// Result returns what the operation's own method would return. Before Run, and after Reset, it is an error.
func (p *Pending[T]) Result() (T, error) {
	if err := p.check(); err != nil {
		var none T
		return none, err
	}
	return p.op.result(p.degraded)
}

// pend adds an operation to a batch; what is wrong with its arguments is its result, and nothing is added then.
func pend[T any](b *Batch, away WhenAway, op resulting[T], invalid error) *Pending[T] {
	p := &Pending[T]{op: op}
	if invalid != nil {
		p.outcome = outcome{done: true, err: invalid}
		return p
	}
	b.put(op, away, &p.outcome)
	return p
}

// of refuses what is of another [State] than the batch.
func (b *Batch) of(s *State, name string) error {
	if b.state != s {
		return &ArgumentError{Name: name, Problem: "is of another State than the batch"}
	}
	return nil
}
