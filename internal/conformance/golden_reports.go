package conformance

import (
	"encoding/json"
	"math"
	"strconv"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

// goldenReports are lists and facets as nodes left them, and what BunkerWeb's Python made of them.
type goldenReports struct {
	Step1 map[string]record `json:"step1"` // three reports
	Step2 struct {          // five more, with a cap of six
		After map[string]record `json:"after"`
	} `json:"step2"`
	Step3 struct { // the marker was deleted, and a facet changed
		After map[string]record `json:"after"`
	} `json:"step3"`
	Step4 struct { // what others put into the list
		List  []string          `json:"list"`
		After map[string]record `json:"after"`
	} `json:"step4"`
	Readers map[string]map[string]json.RawMessage `json:"readers"`
}

func loadReports() (g goldenReports) {
	load("reports.json", &g)
	return g
}

// list returns the elements of the list.
func (g *goldenReports) list(step map[string]record) (elements []string) {
	for _, e := range step["requests"].Value.([]any) {
		elements = append(elements, e.(string))
	}
	return elements
}

// goldenReport makes a Report of an element that a node wrote.
func goldenReport(f *fixture, element string) bwstate.Report {
	var e struct {
		ID           string          `json:"id"`
		Date         float64         `json:"date"`
		IP           string          `json:"ip"`
		Country      string          `json:"country"`
		Method       string          `json:"method"`
		URL          string          `json:"url"`
		Status       int             `json:"status"`
		UserAgent    string          `json:"user_agent"`
		Reason       string          `json:"reason"`
		ServerName   string          `json:"server_name"`
		Data         json.RawMessage `json:"data"`
		SecurityMode string          `json:"security_mode"`
		Synced       bool            `json:"synced"`
	}
	require.NoError(f, json.Unmarshal([]byte(element), &e))
	return bwstate.Report{
		ID: e.ID, Date: time.UnixMilli(int64(math.Round(e.Date * 1000))), IP: e.IP, Country: e.Country, Method: e.Method, URL: e.URL, Status: e.Status,
		UserAgent: e.UserAgent, Reason: e.Reason, ServerName: e.ServerName, Data: e.Data, SecurityMode: e.SecurityMode, Synced: e.Synced,
	}
}

func goldenReportTests() []test {
	g := loadReports()
	return []test{
		{"blocked requests", func(f *fixture) {
			r := f.reports(bwstate.ReportsConfig{Limit: "6"})
			f.push(r, goldenReportsOf(f, g.list(g.Step1))...)
			f.requireReports(g.Step1)
		}},
		{"trimmed to the cap", func(f *fixture) {
			r := f.reports(bwstate.ReportsConfig{Limit: "6"})
			f.storeReports(g.Step1)
			f.push(r, goldenReportsOf(f, g.list(g.Step2.After)[1:])...)
			f.requireReports(g.Step2.After)
		}},
		{"facets are rebuilt", func(f *fixture) {
			r := f.reports(bwstate.ReportsConfig{Limit: "6"})
			f.storeReports(g.Step2.After)
			f.do("DEL", "requests:facets:initialized")
			f.do("HSET", "requests:facet:ip", "9.9.9.9", "7")
			require.NoError(f, r.Recount(f.ctx))
			f.requireReports(g.Step3.After)
		}},
		{"foreign elements", func(f *fixture) {
			r := f.reports(bwstate.ReportsConfig{Limit: "6"})
			for _, element := range g.Step4.List {
				f.do("RPUSH", "requests", element)
			}
			require.NoError(f, r.Recount(f.ctx))
			f.requireReports(g.Step4.After)
			// What is trimmed takes back what was counted, and nothing else.
			last := newReport(1)
			one := f.reports(bwstate.ReportsConfig{Limit: "1"})
			f.push(one, last)
			f.requireFacets(map[string]int64{
				"ip " + last.IP: 1, "status 403": 1, "method GET": 1, "country FR": 1, "url /1": 1, "reason modsecurity": 1,
				"server_name www.example.com": 1, "security_mode block": 1,
			})
		}},
		{"as the UI reads it", func(f *fixture) { goldenReaders(f, &g) }},
		{"as the UI reads foreign elements", func(f *fixture) { goldenForeignReaders(f, &g) }},
	}
}

func goldenReportsOf(f *fixture, elements []string) []bwstate.Report {
	reports := make([]bwstate.Report, len(elements))
	for i, element := range elements {
		reports[i] = goldenReport(f, element)
	}
	return reports
}

// A readerPage is a page as the UI's code returns it.
type readerPage struct {
	Total    int64             `json:"total"`
	Filtered int               `json:"filtered"`
	Data     []json.RawMessage `json:"data"`
}

func (g *goldenReports) page(f *fixture, reader, name string) (page readerPage) {
	require.NoError(f, json.Unmarshal(g.Readers[reader][name], &page))
	require.NotEmpty(f, page.Data)
	return page
}

func (f *fixture) requireSameReports(want []json.RawMessage, got []bwstate.StoredReport) {
	f.Helper()
	require.Len(f, got, len(want))
	for i := range want {
		require.JSONEq(f, string(want[i]), got[i].Element)
	}
}

func goldenReaders(f *fixture, g *goldenReports) {
	r := f.reports(bwstate.ReportsConfig{})
	f.storeReports(g.Step3.After)

	want := g.page(f, "requests", "page_desc")
	page, err := r.Page(f.ctx, 0, 3, false)
	require.NoError(f, err)
	require.Equal(f, want.Total, page.Total)
	f.requireSameReports(want.Data, page.Reports)
	for _, s := range page.Reports {
		require.NoError(f, s.Problem)
		require.Equal(f, goldenReport(f, s.Element), s.Report)
	}

	want = g.page(f, "requests", "page_asc_no_panes")
	page, err = r.Page(f.ctx, 1, int64(len(want.Data)), true)
	require.NoError(f, err)
	f.requireSameReports(want.Data, page.Reports)

	want = g.page(f, "requests", "pane_filter")
	var got []bwstate.StoredReport
	for s, err := range r.All(f.ctx, bwstate.ReportQuery{Where: bwstate.FieldIs(bwstate.FieldReason, "blacklist")}) {
		require.NoError(f, err)
		got = append(got, s)
	}
	require.Len(f, got, want.Filtered)
	f.requireSameReports(want.Data, got)

	var panes map[bwstate.ReportField]map[string]struct {
		Total int64 `json:"total"`
	}
	require.NoError(f, json.Unmarshal(g.Readers["requests"]["pane_counts"], &panes))
	require.Len(f, panes, len(bwstate.ReportFields()))
	facets, err := r.Facets(f.ctx, 200)
	require.NoError(f, err)
	for field, values := range panes {
		require.Len(f, facets[field], len(values))
		for _, c := range facets[field] {
			require.Equal(f, values[c.Value].Total, c.Count, "%s %s", field, c.Value)
		}
	}

	var statuses map[string]int64 = map[string]int64{}
	for _, c := range facets[bwstate.FieldStatus] {
		statuses[c.Value] = c.Count
	}
	summary, err := r.Summary(f.ctx)
	require.NoError(f, err)
	require.EqualValues(f, 6, summary.Total)
	require.EqualValues(f, 6, summary.Blocked)
	for status, n := range summary.ByStatus {
		require.Equal(f, statuses[strconv.Itoa(status)], n)
	}
}

func goldenForeignReaders(f *fixture, g *goldenReports) {
	r := f.reports(bwstate.ReportsConfig{})
	for _, element := range g.Step4.List {
		f.do("RPUSH", "requests", element)
	}
	want := g.page(f, "requests_foreign_entries", "page_desc")
	page, err := r.Page(f.ctx, 0, 10, false)
	require.NoError(f, err)
	require.Equal(f, want.Total, page.Total)
	f.requireSameReports(want.Data, page.Reports)
	for _, s := range page.Reports {
		var problem *bwstate.ValueError
		require.ErrorAs(f, s.Problem, &problem, s.Element)
	}
	require.Equal(f, 403, page.Reports[0].Status)
	require.Equal(f, "true", page.Reports[0].IP)
	require.Equal(f, 403, page.Reports[1].Status)
	require.Equal(f, "GET", page.Reports[2].Method)
	require.Equal(f, "x", page.Reports[3].ID)

	foreign := 0
	for s, err := range r.All(f.ctx, bwstate.ReportQuery{Foreign: true, Oldest: true}) {
		require.NoError(f, err)
		if s.Foreign {
			require.Equal(f, g.Step4.List[foreign], s.Element)
			foreign++
		}
	}
	require.Equal(f, 2, foreign)
}
