package conformance

import (
	"strconv"
	"strings"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

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
	for _, marker := range []string{"0", "1 ", "", "01", "1\x00", "true"} {
		f.do("SET", "requests:facets:initialized", marker)
		f.do("DEL", "requests:facet:ip")
		f.push(r, newReport(1))
		f.requireCounted(r)
	}
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

// finish goes on with the recount that is under way, if it still is.
func (f *fixture) finish(r *bwstate.Reports) {
	f.Helper()
	if f.int("EXISTS", "bwredis:reports:recount") == 1 {
		require.NoError(f, r.Recount(f.ctx))
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
			if steps == 3 {
				require.NoError(f, r.Recount(f.ctx))
			} else {
				f.stop(r, steps)
				require.Contains(f, f.keys(), "bwredis:reports:recount")
				f.requireTTL("bwredis:reports:recount", 60)
			}
			if more > 0 {
				f.push(r, newReports(5000, more)...)
			}
			f.finish(r)
			f.requireCounted(r)
			require.Len(f, f.elements(), limit)
		}
	}
}

// What is trimmed at once is partly counted and partly not.
func reportsRecountTrimmedAcross(f *fixture) {
	for _, more := range []int{99, 100, 101, 250} {
		f.do("FLUSHDB")
		r := f.reports(bwstate.ReportsConfig{Limit: "600"})
		f.push(r, newReports(0, 600)...)
		f.stop(r, 1) // 100 are left
		f.push(r, newReports(5000, more)...)
		f.requireCounted(r)
	}
	// Who pushes meanwhile does a step of it, and leaves the rest to those who began.
	r := f.reports(bwstate.ReportsConfig{})
	f.push(r, newReports(0, 1100)...)
	f.stop(r, 1)
	before := f.state.RoundTrips()
	f.push(r, newReport(1))
	require.EqualValues(f, 1, f.state.RoundTrips()-before)
	f.finish(r)
	f.requireCounted(r)
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
		f.finish(r)
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
