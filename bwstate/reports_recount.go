package bwstate

import (
	"context"
	"errors"
	"iter"

	"github.com/bwredis/bwredis/resp"
)

var recountReportsScript = newScript("reports_recount.lua", recountReportsTwin, "reports.lua")

// Recount counts the facets anew, from the list, without holding the server up: step by step, into keys of its own, which then take the place of the facets in one step. What is
// pushed and trimmed meanwhile is counted. Several programs may recount at the same time; they do it together. One that does not go on is forgotten after a minute, and what
// it has counted with it.
func (r *Reports) Recount(ctx context.Context) error { return r.recount(ctx, NewReportID()) }

// RecountSteps is Recount for those who want to see how it goes, or to give the server a rest between two steps: it gives how many elements are left after each of them, and
// ends with 0, or with an error.
func (r *Reports) RecountSteps(ctx context.Context) iter.Seq2[int64, error] {
	return r.recountSteps(ctx, NewReportID())
}

func (r *Reports) recount(ctx context.Context, id string) error {
	for _, err := range r.recountSteps(ctx, id) {
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Reports) recountSteps(ctx context.Context, id string) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		op := &reportsRecount{id: id}
		var counting progress
		for {
			err := op.run(ctx, r.state)
			if err == nil {
				err = counting.check(op.left)
			}
			if !yield(op.left, err) || err != nil || op.left == 0 {
				return
			}
		}
	}
}

// reportsRecount is one step of a recount.
type reportsRecount struct {
	q    resp.Request
	id   string
	left int64
	err  error
}

func (op *reportsRecount) run(ctx context.Context, s *State) error {
	op.q.Reset()
	op.q.MarkIdempotent()
	if err := s.run(ctx, &op.q, op); err != nil {
		return err
	}
	return op.err
}

func (op *reportsRecount) add(q *resp.Request) {
	op.left, op.err = 0, nil
	q.Script(recountReportsScript.Script, reportScriptKeys...).Str(op.id).Int(reportStep)
}

func (op *reportsRecount) reads() bool { return false }

func (op *reportsRecount) HandleReply(_ int, r *resp.Reply) error {
	v := r.Value()
	if op.err = v.Err(); op.err != nil {
		return nil
	}
	e := v.Elems()
	if len(e) != 2 {
		op.err = &ValueError{What: "answer of a script", Problem: "has another form"}
		return nil
	}
	var left, id error
	op.left, left = e[0].Int()
	op.id, id = e[1].Text()
	return errors.Join(left, id, r.Err())
}
