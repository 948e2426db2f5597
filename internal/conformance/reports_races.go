package conformance

import (
	"encoding/json"
	"iter"
	"strconv"
	"strings"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

func reportsHeavy(f *fixture) {
	r := f.reports(bwstate.ReportsConfig{NoLimit: true})
	heavy := func(n int) []bwstate.Report {
		reports := newReports(0, n)
		for i := range reports {
			reports[i].Data = json.RawMessage(`{"text":"` + strings.Repeat("x", 60_000) + `"}`)
		}
		return reports
	}
	f.push(r, heavy(70)...)
	f.requireCounted(r)

	f.do("DEL", "requests:facet:ip")
	before := f.state.RoundTrips()
	require.NoError(f, r.Recount(f.ctx))
	require.EqualValues(f, 4, f.state.RoundTrips()-before, "a megabyte and a little more at a time")
	f.requireCounted(r)

	before = f.state.RoundTrips()
	few := f.reports(bwstate.ReportsConfig{Limit: "10"})
	f.push(few, newReports(100, 3)...)
	require.EqualValues(f, 4, f.state.RoundTrips()-before, "a megabyte and a little more at a time")
	f.requireCounted(r)
	require.Len(f, f.elements(), 10)

	// What is heavy is trimmed in the middle of a recount.
	f.push(r, heavy(40)...)
	f.stop(r, 1)
	f.push(f.reports(bwstate.ReportsConfig{Limit: "30"}), newReports(200, 3)...)
	f.finish(r)
	f.requireCounted(r)
}

// A server that is short of memory evicts what has a lifetime, as the keys of a recount have.
func reportsRecountEvicted(f *fixture) {
	for _, evicted := range []string{"facet:ip", "facet:security_mode", "recount"} {
		f.do("FLUSHDB")
		r := f.reports(bwstate.ReportsConfig{NoLimit: true})
		f.push(r, newReports(0, 1500)...)
		f.stop(r, 1)
		require.EqualValues(f, 1, f.int("DEL", "bwredis:reports:"+evicted))
		f.push(r, newReports(2000, 5)...)
		require.NoError(f, r.Recount(f.ctx))
		f.requireCounted(r)
	}
}

// Whatever is in the state of a recount, unless it could be true, nothing is lost.
func reportsRecountOddState(f *fixture) {
	r := f.reports(bwstate.ReportsConfig{NoLimit: true})
	n := 510
	f.push(r, newReports(0, n)...)
	for _, field := range []string{"id", "uncounted", "length", "last", "facets"} {
		for _, value := range []string{"", "x", "-1", "1.5", "nan", "1e300", "1000000"} {
			f.stop(r, 1)
			f.do("HSET", "bwredis:reports:recount", field, value)
			f.push(r, newReport(2000))
			f.finish(r)
			n++
			require.EqualValues(f, n, f.int("LLEN", "requests"), "%s %s", field, value)
			require.Equal(f, strconv.Itoa(n), f.text("HGET", "requests:facet:status", "403"), "%s %s", field, value)
		}
	}
	f.requireCounted(r)
}

func reportsTwoRecounts(f *fixture) {
	r := f.reports(bwstate.ReportsConfig{NoLimit: true})
	f.push(r, newReports(0, 2600)...)
	f.do("HSET", "requests:facet:ip", "9.9.9.9", "7")
	one, stopOne := iter.Pull2(r.RecountSteps(f.ctx))
	defer stopOne()
	two, stopTwo := iter.Pull2(r.RecountSteps(f.ctx))
	defer stopTwo()
	before := f.state.RoundTrips()
	for steps := int64(1); ; steps++ {
		next := one
		if steps%2 == 0 {
			next = two
		}
		left, err, ok := next()
		require.True(f, ok)
		require.NoError(f, err)
		require.Equal(f, max(0, 2600-500*steps), left)
		if left == 0 {
			break
		}
	}
	require.EqualValues(f, 6, f.state.RoundTrips()-before)
	f.requireCounted(r)
	before = f.state.RoundTrips()
	left, err, ok := one() // it was the other that ended it
	require.True(f, ok)
	require.NoError(f, err)
	require.Zero(f, left)
	_, _, ok = one()
	require.False(f, ok)
	require.EqualValues(f, 1, f.state.RoundTrips()-before, "nothing is counted twice")
	f.requireCounted(r)
}

// A node trims: it asks for the length, takes out what is too much one by one, and takes each out of the facets afterwards.
func reportsNodesTrim(f *fixture) {
	r := f.reports(bwstate.ReportsConfig{Limit: "50"})
	f.push(r, newReports(0, 40)...)
	for round := range 20 {
		over := f.int("LLEN", "requests") - 30
		f.push(r, newReports(100*round, 4)...)
		for range over {
			element := f.text("LPOP", "requests")
			f.push(r, newReports(100*round+50, round%3)...)
			f.bookAsNodes(element, -1)
		}
		f.requireCounted(r)
	}
}

// bookAsNodes does to the facets what a node does, with one command for each.
func (f *fixture) bookAsNodes(element string, by int) {
	f.Helper()
	var fields map[string]any
	require.NoError(f, json.Unmarshal([]byte(element), &fields))
	for _, field := range bwstate.ReportFields() {
		value := bwstate.NoFacet
		switch v := fields[string(field)].(type) {
		case string:
			value = v
		case float64:
			value = strconv.Itoa(int(v))
		}
		key := "requests:facet:" + string(field)
		if f.int("HINCRBY", key, value, strconv.Itoa(by)) <= 0 {
			f.do("HDEL", key, value)
		}
	}
}

// A node finds no marker, deletes the facets and counts the list, while others push. A recount mends whatever comes of it.
func reportsNodesRebuild(f *fixture) {
	for pushAt := range 4 {
		for _, n := range []int{60, 1100} {
			f.do("FLUSHDB")
			r := f.reports(bwstate.ReportsConfig{Limit: strconv.Itoa(n)})
			f.push(r, newReports(0, n)...)
			f.do("DEL", "requests:facets:initialized")
			var elements []string
			for i, step := range []func(){
				func() {
					for _, field := range bwstate.ReportFields() {
						f.do("DEL", "requests:facet:"+string(field))
					}
				},
				func() { elements = f.elements() },
				func() {
					for _, element := range elements[:20] {
						f.bookAsNodes(element, 1)
					}
				},
				func() { f.do("SET", "requests:facets:initialized", "1") },
			} {
				if i == pushAt {
					f.push(r, newReports(5000, 7)...)
				}
				step()
			}
			require.Len(f, f.elements(), n)
			require.NoError(f, r.Recount(f.ctx))
			f.requireCounted(r)
		}
	}
}

// What a node sends in 36 round trips.
func reportsBatch(f *fixture) {
	r := f.reports(bwstate.ReportsConfig{Limit: "4"})
	f.push(r, newReports(0, 3)...)
	reports := newReports(10, 3)
	b := f.state.NewBatch()
	for round := range 2 {
		before := f.state.RoundTrips()
		first := b.PushReports(r, reports...)
		banned := b.CheckBan(client, bwstate.BanLookup{})
		none := b.PushReports(r)
		require.Equal(f, 3, b.Len())
		require.NoError(f, b.Run(f.ctx))
		require.Equal(f, before+1, f.state.RoundTrips())
		require.Equal(f, bwstate.PushedReports{Pushed: 3, Again: 3 * round, Len: 4, Trimmed: true}, result(f, first))
		require.False(f, result(f, banned).Banned)
		require.Equal(f, bwstate.PushedReports{Len: 4, Trimmed: true}, result(f, none))
		f.requireCounted(r)
		b.Reset()
	}
	require.Equal(f, []string{"/12", "/11", "/10", "/2"}, f.urls(r, bwstate.ReportQuery{}, nil))

	elsewhere, err := bwstate.New(nil).Reports(bwstate.ReportsConfig{})
	require.NoError(f, err)
	_, err = b.PushReports(elsewhere, newReport(1)).Result()
	f.requireArgumentError("r", err)
	_, err = b.PushReports(r, newReport(1), bwstate.Report{}).Result()
	f.requireArgumentError("ID", err)
	_, err = b.PushReports(r, newReports(0, 251)...).Result()
	f.requireArgumentError("reports", err)
	heavy := newReports(0, 5)
	for i := range heavy {
		heavy[i].Data = json.RawMessage(`["` + strings.Repeat("x", 120_000) + `"]`)
	}
	_, err = b.PushReports(r, heavy...).Result()
	f.requireArgumentError("reports", err)
	require.Zero(f, b.Len())

	f.do("DEL", "requests:facet:url")
	f.do("SET", "requests:facet:url", "other")
	refused, fine := b.PushReports(r, newReport(1)), b.CheckBan(client, bwstate.BanLookup{})
	require.NoError(f, b.Run(f.ctx))
	_, err = refused.Result()
	f.requireReply("WRONGTYPE", err)
	result(f, fine)
}

func reportsBatchLeaves(f *fixture) {
	all, few := f.reports(bwstate.ReportsConfig{NoLimit: true}), f.reports(bwstate.ReportsConfig{Limit: "100"})
	f.push(all, newReports(0, 1700)...)
	f.do("DEL", "requests:facets:initialized", "requests:facet:ip")
	b := f.state.NewBatch()
	for i, left := range []int64{1201, 702, 203, 100} {
		b.Reset()
		pushed := b.PushReports(few, newReport(2000+i))
		require.NoError(f, b.Run(f.ctx))
		require.Equal(f, bwstate.PushedReports{Pushed: 1, Len: left, Trimmed: left == 100}, result(f, pushed))
	}
	f.requireCounted(all)
}
