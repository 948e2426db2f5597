package conformance

import (
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

// batchOfCounts counts in every way there is, twice; each operation sees what those before it did.
func batchOfCounts(f *fixture) {
	f.knowScripts()
	m := f.metrics(bwstate.MetricsConfig{TTL: time.Hour})
	cs, windows := f.counters(bwstate.CountersConfig{}), f.counters(bwstate.CountersConfig{Window: 24 * time.Hour, Windows: 2})
	ts := f.tops(bwstate.TopConfig{})
	b := f.state.NewBatch()
	for round := range int64(2) {
		b.Reset()
		one := b.AddCount(cs, "a", 1)
		once := b.AddCountOnce(cs, "token", "a", 10)
		several := b.AddCounts(windows, addition("a", 2), addition("b", 3))
		allOnce := b.AddCountsOnce(windows, "token of windows", addition("a", 20), addition("c", 30))
		got := b.GetCount(cs, "a")
		all := b.GetCounts(windows, "c", "none", "a")
		metric := b.AddMetric(m, "errors", "404", 1.5)
		written := b.WriteMetrics(
			m, bwstate.MetricWrite{Plugin: "errors", Name: "500", Value: 1},
			bwstate.MetricWrite{Plugin: "authbasic", Name: "authentications", Action: bwstate.AppendToTable, Elements: []string{"{}", "x"}},
		)
		nothing := b.WriteMetrics(m)
		counted := b.AddToTop(ts, "l", entry("x", 1), entry("y", 2))
		top := b.Top(ts, "l", 1, 0)
		require.Equal(f, 11, b.Len())

		before := f.state.RoundTrips()
		require.NoError(f, b.Run(f.ctx))
		require.Equal(f, before+1, f.state.RoundTrips())

		again := round > 0
		require.Equal(f, bwstate.Count{Total: 1 + 10*round + round, Found: true}, result(f, one))
		require.Equal(f, bwstate.Count{Total: 11 + round, Found: true, Before: again}, result(f, once))
		require.Equal(f, []bwstate.Count{{Total: 2 + 22*round, Found: true}, {Total: 3 + 3*round, Found: true}}, result(f, several))
		require.Equal(f, []bwstate.Count{{Total: 22 + 2*round, Found: true, Before: again}, {Total: 30, Found: true, Before: again}}, result(f, allOnce))
		require.Equal(f, bwstate.Count{Total: 11 + round, Found: true}, result(f, got))
		require.Equal(f, []bwstate.Count{{Total: 30, Found: true}, {}, {Total: 22 + 2*round, Found: true}}, result(f, all))
		require.Equal(f, 1.5+1.5*float64(round), result(f, metric))
		result(f, written)
		result(f, nothing)
		require.Equal(f, []bwstate.TopEntry{entry("x", 1+round), entry("y", 2+2*round)}, result(f, counted).Entries)
		require.Equal(f, bwstate.TopList{Entries: []bwstate.TopEntry{entry("y", 2+2*round)}}, result(f, top))
		require.Equal(f, result(f, all), result(f, all), "a result can be asked for again")
	}
	require.Equal(f, map[string]float64{"404": 3, "500": 2}, f.sums("errors").Counters)
	require.Equal(f, map[string][]string{"authentications": {"{}", "x", "{}", "x"}}, f.sums("authbasic").Tables)
	for _, key := range f.keys() {
		require.Positive(f, f.int("PTTL", key), "%s has no end", key)
	}
}

// batchCountsRefused has what is refused between what is not.
func batchCountsRefused(f *fixture) {
	m, cs, ts := f.metrics(bwstate.MetricsConfig{}), f.counters(bwstate.CountersConfig{}), f.tops(bwstate.TopConfig{})
	f.do("SET", "bwredis:count:app:n:bad", "x")
	f.do("SET", "metrics:p_counter_bad:go-1", "x")
	_, err := cs.AddOnce(f.ctx, "used", "a", 1)
	require.NoError(f, err)
	_, err = ts.Add(f.ctx, "bad", entry("a", 1<<53-1))
	require.NoError(f, err)

	b := f.state.NewBatch()
	first := b.AddCount(cs, "a", 1)
	foreign := b.AddCount(cs, "bad", 1)
	none := b.AddCounts(cs, addition("a", 1), addition("bad", 1))
	used := b.AddCountOnce(cs, "used", "a", 2)
	one, several := b.GetCount(cs, "bad"), b.GetCounts(cs, "a", "bad")
	metric := b.AddMetric(m, "p", "bad", 1)
	writes := b.WriteMetrics(m, bwstate.MetricWrite{Plugin: "p", Name: "a", Value: 1}, bwstate.MetricWrite{Plugin: "p", Name: "bad", Value: 1})
	top := b.AddToTop(ts, "bad", entry("b", 1))
	last := b.AddCount(cs, "a", 1)
	require.NoError(f, b.Run(f.ctx))
	require.EqualValues(f, 2, result(f, first).Total)
	require.EqualValues(f, 3, result(f, last).Total)
	f.requireCountError(bwstate.CountForeign, 0, second(foreign.Result()))
	f.requireCountError(bwstate.CountForeign, 1, second(none.Result()))
	f.requireCountError(bwstate.TokenUsed, 0, second(used.Result()))
	f.requireCountError(bwstate.CountForeign, 0, second(one.Result()))
	counts, err := several.Result()
	f.requireCountError(bwstate.CountForeign, 1, err)
	require.Equal(f, []bwstate.Count{{Total: 2, Found: true}, {}}, counts, "the others are there")
	f.requireCountError(bwstate.CountForeign, 0, second(metric.Result()))
	f.requireCountError(bwstate.CountForeign, 1, second(writes.Result()))
	f.requireCountError(bwstate.CountOverflow, 0, second(top.Result()))
	require.Equal(f, map[string]float64{"a": 1}, f.sums("p").Counters)
}

func batchCountsArguments(f *fixture) {
	m, cs, ts := f.metrics(bwstate.MetricsConfig{}), f.counters(bwstate.CountersConfig{}), f.tops(bwstate.TopConfig{})
	other := bwstate.New(nil)
	otherMetrics, err := other.Metrics(bwstate.MetricsConfig{Worker: "w"})
	require.NoError(f, err)
	otherCounters, err := other.Counters(bwstate.CountersConfig{Name: "app"})
	require.NoError(f, err)
	otherTops, err := other.Tops(bwstate.TopConfig{Name: "app"})
	require.NoError(f, err)
	b := f.state.NewBatch()
	for _, c := range []struct {
		name string
		err  error
	}{
		{"Name", second(b.AddCount(cs, "", 1).Result())},
		{"token", second(b.AddCountOnce(cs, "", "a", 1).Result())},
		{"additions", second(b.AddCounts(cs).Result())},
		{"token", second(b.AddCountsOnce(cs, "", addition("a", 1)).Result())},
		{"Name", second(b.GetCount(cs, "").Result())},
		{"names", second(b.GetCounts(cs).Result())},
		{"Plugin", second(b.AddMetric(m, "a:b", "n", 1).Result())},
		{"Action", second(b.WriteMetrics(m, bwstate.MetricWrite{Plugin: "p", Name: "n", Action: 99}).Result())},
		{"entries", second(b.AddToTop(ts, "l").Result())},
		{"n", second(b.Top(ts, "l", 0, 0).Result())},
		{"windows", second(b.Top(ts, "l", 1, 2).Result())},
		{"cs", second(b.AddCount(otherCounters, "a", 1).Result())},
		{"cs", second(b.AddCounts(otherCounters, addition("a", 1)).Result())},
		{"cs", second(b.GetCount(otherCounters, "a").Result())},
		{"cs", second(b.GetCounts(otherCounters, "a").Result())},
		{"m", second(b.AddMetric(otherMetrics, "p", "n", 1).Result())},
		{"m", second(b.WriteMetrics(otherMetrics).Result())},
		{"ts", second(b.AddToTop(otherTops, "l", entry("a", 1)).Result())},
		{"ts", second(b.Top(otherTops, "l", 1, 0).Result())},
	} {
		f.requireArgumentError(c.name, c.err)
	}
	require.Zero(f, b.Len())
	nothing := b.WriteMetrics(m)
	require.NoError(f, b.Run(f.ctx), "there is nothing to send")
	result(f, nothing)
	f.requireKeys(nil)
}

// batchKeepsWhatItIsGiven: whoever fills one slice again and again for the operations of a batch gets what each was given.
func batchKeepsWhatItIsGiven(f *fixture) {
	m, cs, ts := f.metrics(bwstate.MetricsConfig{}), f.counters(bwstate.CountersConfig{}), f.tops(bwstate.TopConfig{})
	b := f.state.NewBatch()
	additions, names, entries, writes := make([]bwstate.Addition, 1), make([]string, 1), make([]bwstate.TopEntry, 1), make([]bwstate.MetricWrite, 1)
	var counts []bwstate.Pending[[]bwstate.Count]
	var tops []bwstate.Pending[bwstate.TopList]
	for i, name := range []string{"a", "b"} {
		additions[0], names[0], entries[0] = addition(name, int64(i+1)), name, entry(name, int64(i+1))
		writes[0] = bwstate.MetricWrite{Plugin: "p", Name: name, Value: float64(i + 1)}
		b.AddCounts(cs, additions...)
		counts = append(counts, b.GetCounts(cs, names...))
		tops = append(tops, b.AddToTop(ts, "l", entries...))
		b.WriteMetrics(m, writes...)
	}
	require.NoError(f, b.Run(f.ctx))
	for i, name := range []string{"a", "b"} {
		require.EqualValues(f, i+1, result(f, counts[i])[0].Total)
		require.Equal(f, []bwstate.TopEntry{entry(name, int64(i+1))}, result(f, tops[i]).Entries)
	}
	require.Equal(f, map[string]float64{"a": 1, "b": 2}, f.sums("p").Counters)
}

// batchMetricsCycle is what a node sends every few seconds, 36 round trips for three reports and five counters.
func batchMetricsCycle(f *fixture) {
	m, r := f.metrics(bwstate.MetricsConfig{}), f.reports(bwstate.ReportsConfig{})
	b := f.state.NewBatch()
	for round := range 2 {
		b.Reset()
		var writes []bwstate.MetricWrite
		for _, name := range []string{"400", "403", "404", "429", "500"} {
			writes = append(writes, bwstate.MetricWrite{Plugin: "errors", Name: name, Value: 1})
		}
		pushed, written := b.PushReports(r, newReports(3*round, 3)...), b.WriteMetrics(m, writes...)
		before := f.state.RoundTrips()
		require.NoError(f, b.Run(f.ctx))
		require.Equal(f, before+1, f.state.RoundTrips())
		result(f, pushed)
		result(f, written)
	}
	require.Equal(f, map[string]float64{"400": 2, "403": 2, "404": 2, "429": 2, "500": 2}, f.sums("errors").Counters)
	require.EqualValues(f, 6, f.int("LLEN", "requests"))
}
