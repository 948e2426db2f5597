package conformance

import (
	"sort"
	"strconv"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

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
	for _, query := range []bwstate.ReportQuery{{}, {Oldest: true}, {Duplicates: true}, {Oldest: true, Duplicates: true}} {
		for _, many := range []int{1, 7, 49, 50, 51, 60, 250} {
			f.do("FLUSHDB")
			r := f.reports(bwstate.ReportsConfig{Limit: strconv.Itoa(limit)})
			f.push(r, newReports(0, limit)...)
			next := limit
			query.PageSize = 50
			urls := f.urls(r, query, func(n int) {
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
				require.Equal(f, 1, seen["/"+strconv.Itoa(n)], "%d of %d, %d at a time, %+v", n, next, many, query)
			}
		}
	}
}

func reportsAllWhileGone(f *fixture) {
	for _, oldest := range []bool{false, true} {
		for _, with := range [][]string{{"DEL", "requests"}, {"RENAME", "requests", "elsewhere"}, {"LTRIM", "requests", "290", "-1"}, {"RPUSH", "elsewhere", "not ours"}} {
			for _, more := range []int{0, 1, 30} {
				f.do("FLUSHDB")
				r := f.reports(bwstate.ReportsConfig{})
				f.push(r, newReports(0, 300)...)
				urls := f.urls(r, bwstate.ReportQuery{Oldest: oldest, PageSize: 20}, func(n int) {
					if n == 100 {
						f.do(with...)
						f.push(r, newReports(300, more)...)
					}
				})
				require.GreaterOrEqual(f, len(urls), 100)
				require.LessOrEqual(f, len(urls), 300)
				seen := map[string]bool{}
				for _, url := range urls {
					require.False(f, seen[url], url)
					seen[url] = true
				}
				if with[0] == "RPUSH" {
					require.Len(f, urls, 300)
				}
			}
		}
	}
}

func reportsAllWhileRemoved(f *fixture) {
	for _, query := range []bwstate.ReportQuery{{}, {Oldest: true}, {Duplicates: true}, {Oldest: true, Duplicates: true}} {
		for at := range 4 { // the last that was read, the ones before it
			f.do("FLUSHDB")
			r := f.reports(bwstate.ReportsConfig{})
			f.push(r, newReports(0, 100)...)
			query.PageSize = 20
			urls := f.urls(r, query, func(n int) {
				if n == 40 {
					place := 60 + at
					if query.Oldest {
						place = 39 - at
					}
					require.EqualValues(f, 1, f.int("LREM", "requests", "1", f.text("LINDEX", "requests", strconv.Itoa(place))))
				}
			})
			require.Len(f, urls, 100)
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
