package bwstate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"time"

	"github.com/bwredis/bwredis/resp"
)

var (
	pushReportsScript    = newScript("reports_push.lua", pushReportsTwin, "reports.lua")
	recountReportsScript = newScript("reports_recount.lua", recountReportsTwin, "reports.lua")
)

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
// After an error Pushed says how many reports are there for sure; of the next ones it is not known when the connection was lost, see package conn. Push the same reports again, in
// the same order, within five minutes: what was pushed is not pushed twice. For the same reason a connection that is lost on the way costs no report: the request is sent
// again. What is pushed is remembered by its contents.
func (r *Reports) Push(ctx context.Context, reports ...Report) (PushedReports, error) {
	var done PushedReports
	for i := range reports {
		if err := reports[i].check(); err != nil {
			return done, err
		}
	}
	op := &reportsPush{limit: r.limit}
	for len(reports) > 0 {
		n, err := op.fill(reports)
		if err != nil {
			return done, err
		}
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
	op := &reportsPush{limit: r.limit}
	_, _ = op.fill(nil)
	if err := op.run(ctx, r.state); err != nil {
		return 0, err
	}
	err := r.settle(ctx, op)
	return op.length, err
}

// settle does what a push left to do.
func (r *Reports) settle(ctx context.Context, op *reportsPush) error {
	recount := op.recount
	for op.surplus > 0 {
		_, _ = op.fill(nil)
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

// reportsPush is one step of Push.
type reportsPush struct {
	q     resp.Request
	limit int64
	batch string // "": nothing is pushed
	id    string // of a recount that may have to begin
	// The elements one behind the other, and where each ends.
	text []byte
	ends []int

	fresh, length, surplus int64
	recount                string // that is to be gone on with; "": none
	err                    error
}

// fill takes as many reports as one step may push, and returns how many.
func (op *reportsPush) fill(reports []Report) (n int, err error) {
	op.text, op.ends, op.batch, op.id = op.text[:0], op.ends[:0], "", NewReportID()
	sum := sha256.New()
	for n < len(reports) && n < maxReportChunk {
		from := len(op.text)
		op.text = reports[n].encode(op.text)
		switch {
		case len(op.text)-from > maxReport:
			return 0, &ArgumentError{Name: "report", Problem: "is larger than 256 KiB"}
		case n > 0 && len(op.text) > maxReportChunkBytes:
			op.text = op.text[:from]
		default:
			op.ends = append(op.ends, len(op.text))
			_, _ = sum.Write(append(op.text[from:], 0)) // no element has a NUL
			op.text = op.text[:op.ends[n]]
			n++
			continue
		}
		break
	}
	if n > 0 {
		op.batch = hex.EncodeToString(sum.Sum(nil)[:16])
	}
	return n, nil
}

// run makes the step. It may be sent twice: a batch is pushed once, and the rest comes to the same.
func (op *reportsPush) run(ctx context.Context, s *State) error {
	op.q.Reset()
	op.q.MarkIdempotent()
	if err := s.run(ctx, &op.q, op); err != nil {
		return err
	}
	return op.err
}

// reportScriptKeys are those that all scripts of reports want.
var reportScriptKeys = func() (keys []string) {
	keys = []string{reportsKey, facetsMarkerKey}
	for _, f := range reportFields {
		keys = append(keys, facetKey(f))
	}
	keys = append(keys, recountKey)
	for _, f := range reportFields {
		keys = append(keys, recountFacetKey(f))
	}
	return append(keys, recountDoneKey)
}()

// reportPushKeys are the same, with room for the batch.
func reportPushKeys(batch string) []string {
	return append(reportScriptKeys[:len(reportScriptKeys):len(reportScriptKeys)], reportBatchKey(batch))
}

func (op *reportsPush) add(q *resp.Request) {
	op.fresh, op.length, op.surplus, op.recount, op.err = 0, 0, 0, "", nil
	q.Script(pushReportsScript.Script, reportPushKeys(op.batch)...)
	q.Int(op.limit).Int(reportStep).Int(reportBatchTime.Milliseconds()).Str(op.id)
	from := 0
	for _, end := range op.ends {
		q.Bytes(op.text[from:end])
		from = end
	}
}

func (op *reportsPush) reads() bool { return false }

func (op *reportsPush) HandleReply(_ int, r *resp.Reply) error {
	v := r.Value()
	if op.err = v.Err(); op.err != nil {
		return nil
	}
	e := v.Elems()
	if len(e) != 5 {
		op.err = &ValueError{What: "answer of a script", Problem: "has another form"}
		return nil
	}
	op.fresh, _ = e[0].Int()
	op.length, _ = e[1].Int()
	op.surplus, _ = e[2].Int()
	if left, _ := e[3].Int(); left > 0 {
		op.recount, _ = e[4].Text()
	}
	return r.Err()
}

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
		for {
			err := op.run(ctx, r.state)
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
	op.left, _ = e[0].Int()
	op.id, _ = e[1].Text()
	return r.Err()
}
