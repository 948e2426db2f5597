package bwstate

import (
	"context"
	"time"
)

var pushReportsScript = newScript("reports_push.lua", pushReportsTwin, "reports.lua")

// What one step may do, so that nobody else waits for the server for long.
const (
	maxReportChunk      = 250       // reports that are pushed
	maxReportChunkBytes = 512 << 10 // bytes of them
	reportStep          = 500       // elements that are trimmed or counted
)

// reportBatchTime is how long a batch is remembered.
const reportBatchTime = 5 * time.Minute

// PushedReports is what came of [Reports.Push].
type PushedReports struct {
	Pushed  int   // of the reports, from the first: on the server, or pushed before
	Again   int   // of those the ones that had been pushed before, by the same call
	Len     int64 // elements of the list afterwards
	Trimmed bool  // the list was trimmed to the limit; false when an error came before
}

// Push appends reports to the list, books them in the facets, and trims the list. Up to 250 reports, and half a megabyte, are one step and one round trip; more are pushed one
// part after the other. A list that is far longer than the limit is trimmed in further steps, and facets that nobody has counted yet are counted by [Reports.Recount].
//
// A report that readers could not show is an [*ArgumentError], and nothing is pushed then. After another error Pushed says how many reports are there for sure; of the next
// ones it is not known when the connection was lost, see package conn. Push the same reports again, in the same order and with none in front of them or between them, within
// five minutes: what was pushed is not pushed twice. For the same reason a connection that is lost on the way costs no report: the request is sent again. What is
// pushed is remembered by its contents.
func (r *Reports) Push(ctx context.Context, reports ...Report) (PushedReports, error) {
	var done PushedReports
	for i := range reports {
		if err := reports[i].check(); err != nil {
			return done, err
		}
	}
	op := newReportsPush(r.limit)
	defer op.recycle()
	for len(reports) > 0 {
		n := op.fill(reports)
		if err := op.run(ctx, r.state); err != nil {
			return done, err
		}
		done.Pushed, done.Len = done.Pushed+n, op.length
		done.Again += n - int(op.fresh)
		reports = reports[n:]
		if err := r.settle(ctx, op); err != nil {
			return done, err
		}
		done.Len = op.length
	}
	done.Trimmed = true
	return done, nil
}

// Trim trims the list to the limit, as Push does. It returns how many elements the list has.
func (r *Reports) Trim(ctx context.Context) (int64, error) {
	op := newReportsPush(r.limit)
	defer op.recycle()
	op.fill(nil)
	if err := op.run(ctx, r.state); err != nil {
		return 0, err
	}
	err := r.settle(ctx, op)
	return op.length, err
}

// settle does what a push left to do.
func (r *Reports) settle(ctx context.Context, op *reportsPush) error {
	recount := op.recount
	var trimming progress
	for op.surplus > 0 {
		if err := trimming.check(op.surplus); err != nil {
			return err
		}
		op.fill(nil)
		if err := op.run(ctx, r.state); err != nil {
			return err
		}
		if op.recount != "" {
			recount = op.recount
		}
	}
	if recount == "" {
		return nil
	}
	return r.recount(ctx, recount)
}
