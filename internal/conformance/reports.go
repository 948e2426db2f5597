package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

var reportTests = []test{
	{"are pushed, counted and read", reportsPushed},
	{"one push is one round trip", reportsRoundTrips},
	{"no more than the limit are kept", reportsTrimmed},
	{"a list far above the limit is trimmed step by step", reportsTrimmedInSteps},
	{"a limit of nothing", reportsLimitZero},
	{"a batch that is pushed again is pushed once", reportsAgain},
	{"large batches", reportsLargeBatch},
	{"without a marker the facets are counted", reportsWithoutMarker},
	{"a count that is none is counted anew", reportsBrokenCount},
	{"elements that scripts and readers take alike", reportsOddElements},
	{"a recount mends the facets", reportsRecount},
	{"a recount in steps, with pushes and trimming between them", reportsRecountInSteps},
	{"a recount in the middle of what is trimmed", reportsRecountTrimmedAcross},
	{"a recount in steps, with what nodes do between them", reportsRecountWithNodes},
	{"a list that goes while it is recounted", reportsRecountListGone},
	{"pages", reportsPages},
	{"all of them, in both directions", reportsAll},
	{"all of them, while others push and trim", reportsAllWhileTrimmed},
	{"duplicates are left out", reportsDuplicates},
	{"facets of many values", reportsManyValues},
	{"all of them, while the list goes", reportsAllWhileGone},
	{"all of them, while one is taken out of the middle", reportsAllWhileRemoved},
	{"a step ends early when elements are heavy", reportsHeavy},
	{"a recount of which a part was evicted", reportsRecountEvicted},
	{"a recount whose state is odd", reportsRecountOddState},
	{"two recounts at the same time", reportsTwoRecounts},
	{"nodes that trim while others push", reportsNodesTrim},
	{"nodes that count anew while others push", reportsNodesRebuild},
	{"a push of a batch", reportsBatch},
	{"a push of a batch that leaves something to do", reportsBatchLeaves},
	{"values of another type are left alone", reportsOtherTypes},
	{"bad arguments", reportsArguments},
}

// reports returns the reports of the store.
func (f *fixture) reports(cfg bwstate.ReportsConfig) *bwstate.Reports {
	f.Helper()
	r, err := f.state.Reports(cfg)
	require.NoError(f, err)
	return r
}

// reportOperations call each method that reaches the store.
func reportOperations(f *fixture) []operation {
	type state = *bwstate.State
	all, one := f.reports(bwstate.ReportsConfig{NoLimit: true}), f.reports(bwstate.ReportsConfig{Limit: "1"})
	return []operation{
		{"Reports.Push", func(ctx context.Context, _ state) error { return second(all.Push(ctx, newReports(0, 600)...)) }},
		{"Reports.Recount", func(ctx context.Context, _ state) error { return all.Recount(ctx) }},
		{"Reports.Push, which trims", func(ctx context.Context, _ state) error { return second(one.Push(ctx, newReport(0))) }},
		{"Reports.Trim", func(ctx context.Context, _ state) error { return second(one.Trim(ctx)) }},
		{"Reports.Len", func(ctx context.Context, _ state) error { return second(all.Len(ctx)) }},
		{"Reports.Page", func(ctx context.Context, _ state) error { return second(all.Page(ctx, 0, 1, false)) }},
		{"Reports.All", func(ctx context.Context, _ state) error { return second(all.Count(ctx, bwstate.ReportQuery{})) }},
		{"Reports.All, the oldest first", func(ctx context.Context, _ state) error {
			return second(all.Count(ctx, bwstate.ReportQuery{Oldest: true}))
		}},
		{"Reports.Facets", func(ctx context.Context, _ state) error { return second(all.Facets(ctx, 1)) }},
		{"Reports.Summary", func(ctx context.Context, _ state) error { return second(all.Summary(ctx)) }},
	}
}

// newReport returns a report that differs from others in its id, its address and its URL.
func newReport(n int) bwstate.Report {
	return bwstate.Report{
		ID: bwstate.NewReportID(), Date: time.UnixMilli(1795404591367 + int64(n)), IP: fmt.Sprintf("192.0.2.%d", n%200), Country: "FR", Method: "GET", URL: "/" + strconv.Itoa(n),
		Status: 403, UserAgent: "curl/8", Reason: "modsecurity", ServerName: "www.example.com", SecurityMode: "block",
	}
}

func newReports(from, n int) []bwstate.Report {
	reports := make([]bwstate.Report, n)
	for i := range reports {
		reports[i] = newReport(from + i)
	}
	return reports
}

func (f *fixture) push(r *bwstate.Reports, reports ...bwstate.Report) bwstate.PushedReports {
	f.Helper()
	done, err := r.Push(f.ctx, reports...)
	require.NoError(f, err)
	require.Equal(f, len(reports), done.Pushed)
	require.True(f, done.Trimmed)
	return done
}

func reportsPushed(f *fixture) {
	r := f.reports(bwstate.ReportsConfig{})
	full := newReport(1)
	full.Data = json.RawMessage(`{"id":"uri","n":[1,2]}`)
	full.URL, full.UserAgent = "/é?a=\"b\"&c=<d>\\", "\x00\x7f\n\tcurl"
	bare := bwstate.Report{ID: bwstate.NewReportID(), Date: time.UnixMilli(1)}
	broken := newReport(2)
	broken.URL = "/\xff\xfe"
	done := f.push(r, full, bare, broken)
	require.Equal(f, bwstate.PushedReports{Pushed: 3, Len: 3, Trimmed: true}, done)
	f.requireCounted(r)

	page, err := r.Page(f.ctx, 0, 10, true)
	require.NoError(f, err)
	require.EqualValues(f, 3, page.Total)
	require.Len(f, page.Reports, 3)
	require.Equal(f, full, page.Reports[0].Report)
	require.NoError(f, page.Reports[0].Problem)
	require.Equal(f, "/\uFFFD", page.Reports[2].URL)
	bare.Data = json.RawMessage("{}")
	require.Equal(f, bare, page.Reports[1].Report)
	for _, field := range bwstate.ReportFields() {
		require.Equal(f, bwstate.NoFacet, page.Reports[1].Facet(field))
	}
	var fields map[string]any
	require.NoError(f, json.Unmarshal([]byte(page.Reports[0].Element), &fields))
	require.Equal(f, 1795404591.368, fields["date"])
	require.Equal(f, false, fields["synced"])

	n, err := r.Len(f.ctx)
	require.NoError(f, err)
	require.EqualValues(f, 3, n)
}

func reportsRoundTrips(f *fixture) {
	r := f.reports(bwstate.ReportsConfig{Limit: "4"})
	f.push(r, newReports(0, 3)...) // the first push counts what there is
	for i, do := range []func() error{
		func() error { _, err := r.Push(f.ctx, newReports(3, 3)...); return err },
		func() error { _, err := r.Push(f.ctx, newReports(6, 250)...); return err },
		func() error { _, err := r.Page(f.ctx, 0, 10, false); return err },
		func() error { _, err := r.Facets(f.ctx, 10); return err },
		func() error { _, err := r.Summary(f.ctx); return err },
		func() error { return r.Recount(f.ctx) },
		func() error { _, err := r.Len(f.ctx); return err },
	} {
		before := f.state.RoundTrips()
		require.NoError(f, do())
		require.Equal(f, before+1, f.state.RoundTrips(), "operation %d", i)
	}
	before := f.state.RoundTrips()
	done, err := r.Push(f.ctx)
	require.NoError(f, err)
	require.Equal(f, bwstate.PushedReports{Trimmed: true}, done)
	require.Equal(f, before, f.state.RoundTrips())
}

func reportsTrimmed(f *fixture) {
	r := f.reports(bwstate.ReportsConfig{Limit: "5"})
	for i := range 12 {
		done := f.push(r, newReport(i))
		require.EqualValues(f, min(i+1, 5), done.Len)
		f.requireCounted(r)
	}
	f.push(r, newReports(20, 9)...) // more at once than the list may have
	f.requireCounted(r)
	page, err := r.Page(f.ctx, 0, 10, false)
	require.NoError(f, err)
	require.Len(f, page.Reports, 5)
	for i, s := range page.Reports {
		require.Equal(f, "/"+strconv.Itoa(28-i), s.URL)
	}
}

func reportsTrimmedInSteps(f *fixture) {
	r := f.reports(bwstate.ReportsConfig{NoLimit: true})
	for i := range 4 {
		f.push(r, newReports(i*700, 700)...)
	}
	f.requireCounted(r)
	small := f.reports(bwstate.ReportsConfig{Limit: "10"})
	before := f.state.RoundTrips()
	n, err := small.Trim(f.ctx)
	require.NoError(f, err)
	require.EqualValues(f, 10, n)
	require.EqualValues(f, 6, f.state.RoundTrips()-before, "500 at a time")
	f.requireCounted(r)
}

func reportsLimitZero(f *fixture) {
	r := f.reports(bwstate.ReportsConfig{})
	f.push(r, newReports(0, 10)...)
	none := f.reports(bwstate.ReportsConfig{Limit: "0"})
	done := f.push(none, newReport(11))
	require.Zero(f, done.Len)
	for _, key := range f.keys() {
		require.False(f, strings.HasPrefix(key, "requests") && key != "requests:facets:initialized", key)
	}
	f.requireCounted(none)
}

func reportsAgain(f *fixture) {
	r := f.reports(bwstate.ReportsConfig{})
	batch := newReports(0, 600)
	f.push(r, batch...)
	done := f.push(r, batch...)
	require.Equal(f, bwstate.PushedReports{Pushed: 600, Again: 600, Len: 600, Trimmed: true}, done)
	f.requireCounted(r)
	require.Len(f, f.elements(), 600)
	// Another batch, though with reports of the first, is one of its own.
	done = f.push(r, batch[:2]...)
	require.Zero(f, done.Again)
	for _, key := range f.keys() {
		if strings.HasPrefix(key, "bwredis:reports:batch:") {
			f.requireTTL(key, 300)
			f.do("DEL", key)
		}
	}
	// When it is forgotten it is another one. Facets count what is there, and readers see each report once.
	done = f.push(r, batch...)
	require.Zero(f, done.Again)
	require.EqualValues(f, 1202, done.Len)
	f.requireCounted(r)
	n, err := r.Count(f.ctx, bwstate.ReportQuery{})
	require.NoError(f, err)
	require.EqualValues(f, 600, n)
}

func reportsLargeBatch(f *fixture) {
	r := f.reports(bwstate.ReportsConfig{})
	large := newReports(0, 30)
	for i := range large {
		large[i].Data = json.RawMessage(`{"text":"` + strings.Repeat("x", 100_000) + `"}`)
	}
	f.push(r, large...)
	f.requireCounted(r)
	require.Len(f, f.elements(), 30)
	large[0].Data = json.RawMessage(`{"text":"` + strings.Repeat("x", 300_000) + `"}`)
	done, err := r.Push(f.ctx, large[0])
	f.requireArgumentError("report", err)
	require.Zero(f, done.Pushed)
}
