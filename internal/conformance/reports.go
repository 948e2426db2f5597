package conformance

import (
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/resp"
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
	{"a recount in steps, with what nodes do between them", reportsRecountWithNodes},
	{"a list that goes while it is recounted", reportsRecountListGone},
	{"pages", reportsPages},
	{"all of them, in both directions", reportsAll},
	{"all of them, while others push and trim", reportsAllWhileTrimmed},
	{"duplicates are left out", reportsDuplicates},
	{"facets of many values", reportsManyValues},
	{"values of another type are left alone", reportsOtherTypes},
	{"bad arguments", reportsArguments},
}

// reports skips the test when the store has no lists or no hashes.
func (f *fixture) reports(cfg bwstate.ReportsConfig) *bwstate.Reports {
	f.Helper()
	f.needsLists()
	_, err := f.control.Do(f.ctx, "HSET", "conformance:hash", "a", "b")
	if resp.IsCode(err, "ERR") {
		f.Skip("the store has no hashes")
	}
	require.NoError(f, err)
	f.do("DEL", "conformance:hash")
	r, err := f.state.Reports(cfg)
	require.NoError(f, err)
	return r
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

// storeReports puts a list and its facets into the store.
func (f *fixture) storeReports(step map[string]record) {
	f.Helper()
	for key, r := range step {
		switch value := r.Value.(type) {
		case string:
			f.do("SET", key, value)
		case []any:
			for _, e := range value {
				f.do("RPUSH", key, e.(string))
			}
		case map[string]any:
			for field, count := range value {
				f.do("HSET", key, field, count.(string))
			}
		}
	}
}

// requireReports checks list, facets and marker, and that they live for ever.
func (f *fixture) requireReports(want map[string]record) {
	f.Helper()
	facets := map[string]int64{}
	for key, r := range want {
		switch value := r.Value.(type) {
		case string:
			require.Equal(f, value, f.text("GET", key))
		case []any:
			got := f.list()
			require.Len(f, got, len(value))
			for i, e := range value {
				f.requireSameValue(e.(string), got[i])
			}
		case map[string]any:
			for field, count := range value {
				n, err := strconv.ParseInt(count.(string), 10, 64)
				require.NoError(f, err)
				facets[strings.TrimPrefix(key, "requests:facet:")+" "+field] = n
			}
		}
		require.EqualValues(f, -1, f.int("PTTL", key), key)
	}
	f.requireFacets(facets)
}

// list returns the elements of the list.
func (f *fixture) list() []string {
	f.Helper()
	var got []string
	for _, e := range f.do("LRANGE", "requests", "0", "-1").Elems() {
		text, err := e.Text()
		require.NoError(f, err)
		got = append(got, text)
	}
	return got
}

// facets returns all counts there are, by field and value.
func (f *fixture) facets() map[string]int64 {
	f.Helper()
	got := map[string]int64{}
	for _, field := range bwstate.ReportFields() {
		for value, count := range f.do("HGETALL", "requests:facet:"+string(field)).Pairs() {
			text, err := value.Text()
			require.NoError(f, err)
			digits, err := count.Text()
			require.NoError(f, err)
			n, err := strconv.ParseInt(digits, 10, 64)
			require.NoError(f, err)
			got[string(field)+" "+text] = n
		}
	}
	return got
}

func (f *fixture) requireFacets(want map[string]int64) {
	f.Helper()
	require.Equal(f, want, f.facets())
}

// requireCounted checks that the facets are what the list says, that the marker is there, and that nothing is left of a recount.
func (f *fixture) requireCounted(r *bwstate.Reports) {
	f.Helper()
	want := map[string]int64{}
	for s, err := range r.All(f.ctx, bwstate.ReportQuery{Foreign: true, Duplicates: true}) {
		require.NoError(f, err)
		if s.Foreign {
			continue
		}
		for _, field := range bwstate.ReportFields() {
			want[string(field)+" "+s.Facet(field)]++
		}
	}
	f.requireFacets(want)
	require.Equal(f, "1", f.text("GET", "requests:facets:initialized"))
	for _, key := range f.keys() {
		require.False(f, strings.HasPrefix(key, "bwredis:reports:facet:") || key == "bwredis:reports:recount", key)
	}
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
	require.Len(f, f.list(), 600)
	// Another batch, though with reports of the first, is one of its own.
	done = f.push(r, batch[:2]...)
	require.Zero(f, done.Again)
	for _, key := range f.keys() {
		if strings.HasPrefix(key, "bwredis:reports:batch:") {
			f.requireTTL(key, 300)
		}
	}
}

func reportsLargeBatch(f *fixture) {
	r := f.reports(bwstate.ReportsConfig{})
	large := newReports(0, 30)
	for i := range large {
		large[i].Data = json.RawMessage(`{"text":"` + strings.Repeat("x", 100_000) + `"}`)
	}
	f.push(r, large...)
	f.requireCounted(r)
	require.Len(f, f.list(), 30)
	large[0].Data = json.RawMessage(`{"text":"` + strings.Repeat("x", 300_000) + `"}`)
	done, err := r.Push(f.ctx, large[0])
	f.requireArgumentError("report", err)
	require.Zero(f, done.Pushed)
}

func reportsWithoutMarker(f *fixture) {
	r := f.reports(bwstate.ReportsConfig{})
	for i, n := range []int{3, 499, 501, 1800} {
		f.push(r, newReports(0, n)...)
		f.do("DEL", "requests:facets:initialized")
		f.do("HSET", "requests:facet:ip", "9.9.9.9", "7")
		f.do("HSET", "requests:facet:url", "/gone", "-7")
		f.push(r, newReport(i))
		f.requireCounted(r)
	}
	// A marker that says something else is none, as for nodes.
	f.do("SET", "requests:facets:initialized", "0")
	f.do("DEL", "requests:facet:ip")
	f.push(r, newReport(1))
	f.requireCounted(r)
}

func reportsBrokenCount(f *fixture) {
	r := f.reports(bwstate.ReportsConfig{NoLimit: true})
	for _, count := range []string{"many", "1.5", "9223372036854775807", ""} {
		f.push(r, newReports(0, 2)...)
		f.do("HSET", "requests:facet:country", "FR", count)
		f.push(r, newReport(0))
		f.requireCounted(r)
	}
}

// oddElements are what a list may have that nobody of ours wrote.
var oddElements = []string{
	"", "not json", "42", `"x"`, "null", "[]", `[{"ip":"1.2.3.4"}]`, "{}", " \t\r\n{ \"ip\" : \"1.2.3.4\" } ", "\v{}", "{", `{"ip":"1.2.3.4"`, `{"ip":"1.2.3.4",}`, `{"ip":"1.2.3.4"}x`,
	"{\"ip\":\"1.2.3.4\"}\x00x", "\x00{}", "{\x00}", `{"ip":"a","ip":"b"}`, `{"ip":null,"country":true,"method":false,"url":{},"status":[1],"reason":""}`,
	`{"status":403.0}`, `{"status":4.03e2}`, `{"status":"403"}`, `{"status":-0}`, `{"status":0}`, `{"status":1e300}`, `{"status":100000000000000}`, `{"status":99999999999999}`,
	`{"status":1234567890.12345678}`, `{"status":0.00001234}`, `{"status":0.0001234}`, `{"status":-1.5}`, `{"status":01}`, `{"status":+1}`, `{"status":1.}`, `{"status":.5}`, `{"status":0x1F}`,
	`{"status":0x1.8p1}`, `{"status":inf}`, `{"status":-Infinity}`, `{"status":1e999}`, `{"status":1e}`, `{"status":-}`, `{"status":--1}`, `{"status":123456789012345678901234567890}`,
	`{"url":"\u00e9\ud83d\ude00\/\b\f\n\r\t\"\\"}`, `{"url":"\ud800"}`, `{"url":"\udc00\ud800"}`, `{"url":"\ud800\u0041"}`, `{"url":"\x"}`, `{"url":"\u00g0"}`, `{"url":"\u00"}`, `{"url":"\`,
	"{\"url\":\"a\tb\x01\xff\"}", "{\"url\":\"a\x00b\"}", `{"url":"\u0000"}`, `{"\u0075rl":"/escaped name"}`, "{\"url\":\"\xc3\x28\"}", `{'url':'x'}`, `{url:"x"}`, `{"url":tru}`, `{"url":truex}`,
	`{"url" "x"}`, `{"url":}`, `{"url":"x" "ip":"y"}`, `{"a":` + strings.Repeat("[", 990) + strings.Repeat("]", 990) + `,"ip":"deep"}`, `{"a":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `,"ip":"too deep"}`,
	"\ufeff{}", `{"ip":"N/A"}`, `{"ip":"` + strings.Repeat("1", 5000) + `"}`,
}

func reportsOddElements(f *fixture) {
	all := f.reports(bwstate.ReportsConfig{})
	one := f.reports(bwstate.ReportsConfig{Limit: "1"})
	for _, element := range oddElements {
		f.do("RPUSH", "requests", element)
		require.NoError(f, all.Recount(f.ctx))
		f.requireCounted(all)
		f.push(one, newReport(1)) // which trims it
		f.requireCounted(all)
		f.do("DEL", "requests")
	}
	for _, element := range oddElements {
		f.do("RPUSH", "requests", element)
	}
	require.NoError(f, all.Recount(f.ctx))
	f.requireCounted(all)
	f.push(all, newReports(0, 3)...)
	f.requireCounted(all)
}

func reportsRecount(f *fixture) {
	r := f.reports(bwstate.ReportsConfig{})
	require.NoError(f, r.Recount(f.ctx)) // of nothing
	f.requireCounted(r)
	f.push(r, newReports(0, 2300)...)
	f.do("HSET", "requests:facet:ip", "9.9.9.9", "7")
	f.do("DEL", "requests:facet:url")
	f.do("HSET", "requests:facet:status", "403", "5")
	before := f.state.RoundTrips()
	require.NoError(f, r.Recount(f.ctx))
	require.EqualValues(f, 5, f.state.RoundTrips()-before, "500 at a time")
	f.requireCounted(r)
}

// stop begins a recount and does not go on with it.
func (f *fixture) stop(r *bwstate.Reports, steps int) {
	f.Helper()
	for left, err := range r.RecountSteps(f.ctx) {
		require.NoError(f, err)
		require.Positive(f, left)
		if steps--; steps == 0 {
			return
		}
	}
}

func reportsRecountInSteps(f *fixture) {
	const limit = 1500
	for steps := 1; steps <= 3; steps++ {
		for _, more := range []int{0, 1, 400, 900, 1400, 1600} {
			f.do("FLUSHDB")
			r := f.reports(bwstate.ReportsConfig{Limit: strconv.Itoa(limit)})
			f.push(r, newReports(0, limit)...)
			f.do("HSET", "requests:facet:ip", "9.9.9.9", "7")
			if steps < 3 {
				f.stop(r, steps)
				require.Contains(f, f.keys(), "bwredis:reports:recount")
				f.requireTTL("bwredis:reports:recount", 60)
			}
			if more > 0 {
				f.push(r, newReports(5000, more)...)
			}
			require.NoError(f, r.Recount(f.ctx))
			f.requireCounted(r)
			require.Len(f, f.list(), limit)
		}
	}
}

// What nodes do to the list: each step alone, and no script of ours.
func reportsRecountWithNodes(f *fixture) {
	element := func(n int) string {
		return `{"id":"` + bwstate.NewReportID() + `","date":1,"ip":"198.51.100.` + strconv.Itoa(n%100) + `"}`
	}
	for _, c := range []struct{ pushed, popped int }{{1, 0}, {0, 1}, {5, 5}, {300, 700}, {10, 1495}, {1500, 0}, {0, 1500}} {
		f.do("FLUSHDB")
		r := f.reports(bwstate.ReportsConfig{NoLimit: true})
		f.push(r, newReports(0, 1500)...)
		f.stop(r, 1)
		for i := range c.pushed {
			f.do("RPUSH", "requests", element(i))
		}
		for range c.popped {
			f.do("LPOP", "requests")
		}
		if c.popped < 1500 {
			f.push(r, newReports(3000, 7)...)
		}
		require.NoError(f, r.Recount(f.ctx))
		f.requireCounted(r)
	}
}

func reportsRecountListGone(f *fixture) {
	r := f.reports(bwstate.ReportsConfig{})
	f.push(r, newReports(0, 1500)...)
	f.stop(r, 1)
	f.do("DEL", "requests")
	f.push(r, newReports(0, 3)...)
	require.NoError(f, r.Recount(f.ctx))
	f.requireCounted(r)

	f.push(r, newReports(10, 1500)...)
	f.stop(r, 1)
	none := f.reports(bwstate.ReportsConfig{Limit: "0"})
	f.push(none, newReport(1))
	f.requireCounted(r)
	require.NoError(f, r.Recount(f.ctx))
	f.requireCounted(r)
}

func reportsPages(f *fixture) {
	r := f.reports(bwstate.ReportsConfig{})
	page, err := r.Page(f.ctx, 0, 10, false)
	require.NoError(f, err)
	require.Zero(f, page.Total)
	require.Empty(f, page.Reports)
	f.push(r, newReports(0, 25)...)
	for first, want := range map[int64]int{0: 10, 10: 10, 20: 5, 25: 0, 1000: 0} {
		for _, oldest := range []bool{false, true} {
			page, err := r.Page(f.ctx, first, 10, oldest)
			require.NoError(f, err)
			require.EqualValues(f, 25, page.Total)
			require.Len(f, page.Reports, want, "%d", first)
			for i, s := range page.Reports {
				at := int(first) + i
				if !oldest {
					at = 24 - at
				}
				require.Equal(f, "/"+strconv.Itoa(at), s.URL)
			}
		}
	}
}

// urls returns the URLs of all reports.
func (f *fixture) urls(r *bwstate.Reports, query bwstate.ReportQuery, each func(n int)) (urls []string) {
	f.Helper()
	for s, err := range r.All(f.ctx, query) {
		require.NoError(f, err)
		urls = append(urls, s.URL)
		if each != nil {
			each(len(urls))
		}
	}
	return urls
}

func reportsAll(f *fixture) {
	r := f.reports(bwstate.ReportsConfig{})
	require.Empty(f, f.urls(r, bwstate.ReportQuery{}, nil))
	require.Empty(f, f.urls(r, bwstate.ReportQuery{Oldest: true}, nil))
	const n = 1003
	f.push(r, newReports(0, n)...)
	var want []string
	for i := range n {
		want = append(want, "/"+strconv.Itoa(i))
	}
	reversed := append([]string(nil), want...)
	sort.SliceStable(reversed, func(i, j int) bool {
		return len(reversed[i]) > len(reversed[j]) || len(reversed[i]) == len(reversed[j]) && reversed[i] > reversed[j]
	})
	for _, size := range []int{0, 17, 500, 1003, 5000} {
		require.Equal(f, want, f.urls(r, bwstate.ReportQuery{Oldest: true, PageSize: size}, nil))
		require.Equal(f, reversed, f.urls(r, bwstate.ReportQuery{PageSize: size}, nil))
	}
	odd := func(s *bwstate.StoredReport) bool { return s.Date.UnixMilli()%2 == 0 }
	count, err := r.Count(f.ctx, bwstate.ReportQuery{Where: bwstate.AllOf(odd, bwstate.FieldIs(bwstate.FieldIP, "192.0.2.1", "192.0.2.2", "192.0.2.3"))})
	require.NoError(f, err)
	require.EqualValues(f, 11, count)
	for range r.All(f.ctx, bwstate.ReportQuery{}) {
		break // a caller that leaves is no error
	}
}

func reportsAllWhileTrimmed(f *fixture) {
	const limit = 400
	for _, oldest := range []bool{false, true} {
		for _, many := range []int{1, 7, 60, 250} {
			f.do("FLUSHDB")
			r := f.reports(bwstate.ReportsConfig{Limit: strconv.Itoa(limit)})
			f.push(r, newReports(0, limit)...)
			next := limit
			urls := f.urls(r, bwstate.ReportQuery{Oldest: oldest, PageSize: 50}, func(n int) {
				require.LessOrEqual(f, n, limit, "those that push must not keep it")
				if n%50 == 0 {
					f.push(r, newReports(next, many)...)
					next += many
				}
			})
			seen := map[string]int{}
			for _, url := range urls {
				seen[url]++
				require.Equal(f, 1, seen[url], url)
			}
			// What was there at the beginning and is there at the end was seen.
			for n := next - limit; n < limit; n++ {
				require.Equal(f, 1, seen["/"+strconv.Itoa(n)], "%d of %d, %d at a time, oldest %v", n, next, many, oldest)
			}
		}
	}
}

func reportsDuplicates(f *fixture) {
	r := f.reports(bwstate.ReportsConfig{})
	twice := newReport(1)
	f.push(r, twice)
	again := twice
	again.URL = "/again"
	f.push(r, again, newReport(2))
	require.Equal(f, []string{"/2", "/again"}, f.urls(r, bwstate.ReportQuery{}, nil))
	require.Equal(f, []string{"/1", "/2"}, f.urls(r, bwstate.ReportQuery{Oldest: true}, nil))
	require.Equal(f, []string{"/2", "/again", "/1"}, f.urls(r, bwstate.ReportQuery{Duplicates: true}, nil))
	f.requireCounted(r) // facets count what is in the list
}

func reportsManyValues(f *fixture) {
	r := f.reports(bwstate.ReportsConfig{})
	const values = 5000
	for i := 0; i < values; i += 500 {
		args := []string{"HSET", "requests:facet:url"}
		for n := i; n < i+500; n++ {
			args = append(args, "/"+strconv.Itoa(n), strconv.Itoa(n))
		}
		f.do(args...)
	}
	f.do("HSET", "requests:facet:url", "/none", "x", "/negative", "-5", "/float", "1.5", "/tie", "4999")
	top, err := r.Top(f.ctx, bwstate.FieldURL, 3)
	require.NoError(f, err)
	require.Equal(f, []bwstate.FacetCount{{Value: "/4999", Count: 4999}, {Value: "/tie", Count: 4999}, {Value: "/4998", Count: 4998}}, top)
	seen := map[string]int64{}
	for c, err := range r.Facet(f.ctx, bwstate.FieldURL) {
		require.NoError(f, err)
		seen[c.Value] = c.Count
	}
	require.Len(f, seen, values) // without /0, and with /tie
	top, err = r.Top(f.ctx, bwstate.FieldIP, 3)
	require.NoError(f, err)
	require.Empty(f, top)
}

func reportsOtherTypes(f *fixture) {
	r := f.reports(bwstate.ReportsConfig{Limit: "2"})
	for _, key := range []string{
		"requests", "requests:facets:initialized", "requests:facet:ip", "requests:facet:security_mode", "bwredis:reports:recount", "bwredis:reports:recounted",
		"bwredis:reports:facet:url",
	} {
		f.push(r, newReports(0, 2)...)
		f.do("DEL", key)
		if key == "requests" || strings.Contains(key, ":facet:") || strings.HasSuffix(key, "recount") {
			f.do("SET", key, "other")
		} else {
			f.do("RPUSH", key, "other")
		}
		before := f.facetsOf(key)
		done, err := r.Push(f.ctx, newReports(5, 3)...)
		f.requireReply("WRONGTYPE", err)
		require.Zero(f, done.Pushed)
		f.requireReply("WRONGTYPE", r.Recount(f.ctx))
		require.Equal(f, before, f.facetsOf(key))
		f.do("DEL", key)
	}
	f.do("DEL", "requests", "requests:facet:status")
	f.do("SET", "requests", "x")
	f.do("SET", "requests:facet:status", "x")
	_, err := r.Page(f.ctx, 0, 1, false)
	f.requireReply("WRONGTYPE", err)
	_, err = r.Len(f.ctx)
	f.requireReply("WRONGTYPE", err)
	_, err = r.Count(f.ctx, bwstate.ReportQuery{})
	f.requireReply("WRONGTYPE", err)
	_, err = r.Count(f.ctx, bwstate.ReportQuery{Oldest: true})
	f.requireReply("WRONGTYPE", err)
	_, err = r.Summary(f.ctx)
	f.requireReply("WRONGTYPE", err)
	_, err = r.Facets(f.ctx, 5)
	f.requireReply("WRONGTYPE", err)
	for _, err := range r.Facet(f.ctx, bwstate.FieldStatus) {
		f.requireReply("WRONGTYPE", err)
	}
}

// facetsOf returns everything there is of reports, but for one key.
func (f *fixture) facetsOf(but string) map[string]string {
	f.Helper()
	got := map[string]string{}
	for _, key := range f.keys() {
		if key == but || strings.HasPrefix(key, "bwredis:reports:batch:") || strings.HasPrefix(key, "bwredis:reports:recount") {
			continue
		}
		switch f.text("TYPE", key) {
		case "list":
			got[key] = strings.Join(f.list(), "\n")
		case "hash":
			pairs := []string{}
			for k, v := range f.do("HGETALL", key).Pairs() {
				field, _ := k.Text()
				count, _ := v.Text()
				pairs = append(pairs, field+"="+count)
			}
			sort.Strings(pairs)
			got[key] = strings.Join(pairs, " ")
		case "string":
			got[key] = f.text("GET", key)
		}
	}
	return got
}

func reportsArguments(f *fixture) {
	r := f.reports(bwstate.ReportsConfig{})
	for name, change := range map[string]func(*bwstate.Report){
		"ID":     func(r *bwstate.Report) { r.ID = "x" },
		"Date":   func(r *bwstate.Report) { r.Date = time.Time{} },
		"Status": func(r *bwstate.Report) { r.Status = -1 },
		"Data":   func(r *bwstate.Report) { r.Data = json.RawMessage("1") },
	} {
		bad := newReport(1)
		change(&bad)
		done, err := r.Push(f.ctx, newReport(0), bad)
		f.requireArgumentError(name, err)
		require.Zero(f, done.Pushed)
	}
	deep := newReport(1)
	deep.Data = json.RawMessage(strings.Repeat("[", 999) + strings.Repeat("]", 999))
	_, err := r.Push(f.ctx, deep)
	f.requireArgumentError("Data", err)
	_, err = r.Page(f.ctx, -1, 1, false)
	f.requireArgumentError("first", err)
	_, err = r.Page(f.ctx, 0, 0, false)
	f.requireArgumentError("count", err)
	_, err = r.Top(f.ctx, "user_agent", 1)
	f.requireArgumentError("field", err)
	_, err = r.Top(f.ctx, bwstate.FieldIP, 0)
	f.requireArgumentError("n", err)
	for _, err := range r.Facet(f.ctx, "user_agent") {
		f.requireArgumentError("field", err)
	}
	_, err = r.Count(f.ctx, bwstate.ReportQuery{PageSize: -1})
	f.requireArgumentError("PageSize", err)
	for _, limit := range []string{"x", "-1", "1.5", "10kk", "k", "10g", "1 k", "99999m"} {
		_, err = f.state.Reports(bwstate.ReportsConfig{Limit: limit})
		f.requireArgumentError("Limit", err)
	}
	_, err = f.state.Reports(bwstate.ReportsConfig{Limit: "1", NoLimit: true})
	f.requireArgumentError("Limit", err)
	f.requireKeys(nil)
}
