package bwstate

// PushReports is [Reports.Push] of as many reports as one round trip may push: 250, and half a megabyte. Of a list that is far longer than the limit it trims 500 elements, and
// Trimmed says whether there are more. Facets that nobody has counted yet it counts as far as one step goes; every further push counts on. A lost connection is an error here:
// push the same reports again.
func (b *Batch) PushReports(r *Reports, reports ...Report) Pending[PushedReports] {
	op := newReportsPush(r.limit)
	err := b.of(r.state, "r")
	for i := 0; i < len(reports) && err == nil; i++ {
		err = reports[i].check()
	}
	if err == nil && op.fill(reports) < len(reports) {
		err = &ArgumentError{Name: "reports", Problem: "are more than one round trip may push"}
	}
	return pend[PushedReports](b, FailWhenAway, op, err)
}

// result is what came of a push that is one step.
func (op *reportsPush) result(bool) (PushedReports, error) {
	if op.err != nil {
		return PushedReports{}, op.err
	}
	return PushedReports{Pushed: len(op.ends), Again: len(op.ends) - int(op.fresh), Len: op.length, Trimmed: op.surplus == 0}, nil
}
