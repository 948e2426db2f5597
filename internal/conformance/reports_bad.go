package conformance

import (
	"encoding/json"
	"math"
	"sort"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

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
			got[key] = strings.Join(f.elements(), "\n")
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
		"report": func(r *bwstate.Report) { r.URL = strings.Repeat("/", 150_000) },
	} {
		bad := newReport(1)
		change(&bad)
		done, err := r.Push(f.ctx, append(newReports(0, 600), bad)...)
		f.requireArgumentError(name, err)
		require.Zero(f, done.Pushed)
	}
	for _, sec := range []int64{-1, math.MinInt64, -1 << 61, 253402300800, math.MaxInt64} {
		bad := newReport(1)
		bad.Date = time.Unix(sec, 0)
		_, err := r.Push(f.ctx, bad)
		f.requireArgumentError("Date", err)
	}
	for _, data := range []string{"", "null", "{", `{"a":1e400}`, `["\ud800"]`, "[\"\xff\"]", "{\"\xc3\x28\":1}", "{}\x00", "[1]2"} {
		bad := newReport(1)
		bad.Data = json.RawMessage(data)
		_, err := r.Push(f.ctx, bad)
		f.requireArgumentError("Data", err)
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
