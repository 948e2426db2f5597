package bwstate

import "errors"

// A Pending is what an operation of a [Batch] will have as its result, when that has run. It is a small value: copy it freely.
type Pending[T any] struct {
	batch *Batch
	at    int    // among the outcomes
	turn  uint64 // of the batch
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
func (p Pending[T]) Result() (T, error) {
	var none T
	if p.batch == nil || p.turn != p.batch.turn {
		return none, errNotRun
	}
	o := &p.batch.outcomes[p.at]
	if err := o.check(); err != nil {
		return none, err
	}
	op, _ := o.op.(resulting[T]) // pend put it there
	return op.result(o.degraded)
}

// pend adds an operation to a batch; what is wrong with its arguments is its result, and nothing is added then.
func pend[T any](b *Batch, away WhenAway, op resulting[T], invalid error) Pending[T] {
	if invalid == nil {
		return Pending[T]{b, b.put(op, away), b.turn}
	}
	b.outcomes = append(b.outcomes, outcome{done: true, err: invalid})
	return Pending[T]{b, len(b.outcomes) - 1, b.turn}
}

// of refuses what is of another [State] than the batch.
func (b *Batch) of(s *State, name string) error {
	if b.state != s {
		return &ArgumentError{Name: name, Problem: "is of another State than the batch"}
	}
	return nil
}
