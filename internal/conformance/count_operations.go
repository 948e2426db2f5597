package conformance

import (
	"context"
	"math"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

func metricsRoundTrips(f *fixture) {
	for _, op := range metricsOperations(f) {
		before := f.state.RoundTrips()
		require.NoError(f, op.call(f.ctx, f.state), op.name)
		most := before + 1
		if op.name == "Metrics.Clear" || op.name == "SumMetrics" {
			most += 2
		}
		require.LessOrEqual(f, f.state.RoundTrips(), most, op.name)
	}
}

// metricsOperations are one call of each operation on metrics.
func metricsOperations(f *fixture) []operation {
	type state = *bwstate.State
	m, err := f.state.Metrics(bwstate.MetricsConfig{Worker: "operations"})
	require.NoError(f, err)
	return []operation{
		{"Metrics.Add", func(ctx context.Context, _ state) error { return second(m.Add(ctx, "p", "a", 1)) }},
		{"Metrics.Set", func(ctx context.Context, _ state) error { return m.Set(ctx, "p", "s", 1) }},
		{"Metrics.Append", func(ctx context.Context, _ state) error { return m.Append(ctx, "p", "t", "x") }},
		{"Metrics.Write", func(ctx context.Context, _ state) error {
			return m.Write(ctx, bwstate.MetricWrite{Plugin: "p", Name: "a", Value: 1}, bwstate.MetricWrite{Plugin: "p", Name: "b", Value: 1})
		}},
		{"SumMetrics", func(ctx context.Context, s state) error {
			sums, err := s.SumMetrics(ctx, bwstate.MetricsQuery{Plugin: "p"})
			if err == nil && len(sums.Problems) > 0 {
				err = sums.Problems[0].Problem
			}
			return err
		}},
		{"Metrics.Replace", func(ctx context.Context, _ state) error { return m.Replace(ctx, "p", "t") }},
		{"Metrics.Clear", func(ctx context.Context, _ state) error { return second(m.Clear(ctx)) }},
	}
}

func metricsArguments(f *fixture) {
	for _, c := range []struct {
		name string
		cfg  bwstate.MetricsConfig
	}{
		{"Worker", bwstate.MetricsConfig{}},
		{"Worker", bwstate.MetricsConfig{Worker: "0"}},
		{"Worker", bwstate.MetricsConfig{Worker: "123"}},
		{"Worker", bwstate.MetricsConfig{Worker: "a:b"}},
		{"Worker", bwstate.MetricsConfig{Worker: strings.Repeat("a", 65)}},
		{"TTL", bwstate.MetricsConfig{Worker: "a", TTL: -1}},
		{"TTL", bwstate.MetricsConfig{Worker: "a", TTL: 1<<63 - 1}},
		{"MaxTable", bwstate.MetricsConfig{Worker: "a", MaxTable: 1001}},
		{"MaxTable", bwstate.MetricsConfig{Worker: "a", MaxTable: -1}},
	} {
		_, err := f.state.Metrics(c.cfg)
		f.requireArgumentError(c.name, err)
	}
	m := f.metrics(bwstate.MetricsConfig{})
	for _, c := range []struct {
		name string
		w    bwstate.MetricWrite
	}{
		{"Plugin", bwstate.MetricWrite{Name: "n"}},
		{"Plugin", bwstate.MetricWrite{Plugin: "a b", Name: "n"}},
		{"Plugin", bwstate.MetricWrite{Plugin: "a:b", Name: "n"}},
		{"Plugin", bwstate.MetricWrite{Plugin: "a_counter_b", Name: "n"}},
		{"Plugin", bwstate.MetricWrite{Plugin: "a_table", Name: "n"}},
		{"Plugin", bwstate.MetricWrite{Plugin: "a_counter", Name: "n"}},
		{"Name", bwstate.MetricWrite{Plugin: "p"}},
		{"Name", bwstate.MetricWrite{Plugin: "p", Name: strings.Repeat("n", 16<<10+1)}},
		{"Value", bwstate.MetricWrite{Plugin: "p", Name: "n", Value: math.NaN()}},
		{"Value", bwstate.MetricWrite{Plugin: "p", Name: "n", Action: bwstate.SetCounter, Value: math.Inf(1)}},
		{"Action", bwstate.MetricWrite{Plugin: "p", Name: "n", Action: 4}},
		{"Action", bwstate.MetricWrite{Plugin: "p", Name: "n", Elements: []string{"x"}}},
		{"Action", bwstate.MetricWrite{Plugin: "p", Name: "n", Action: bwstate.ReplaceTable, Value: 1}},
		{"Elements", bwstate.MetricWrite{Plugin: "p", Name: "n", Action: bwstate.AppendToTable}},
		{"Elements", bwstate.MetricWrite{Plugin: "p", Name: "n", Action: bwstate.ReplaceTable, Elements: []string{"x", strings.Repeat("x", 64<<10+1)}}},
	} {
		f.requireArgumentError(c.name, m.Write(f.ctx, c.w))
		err := m.Write(f.ctx, bwstate.MetricWrite{Plugin: "p", Name: "n", Value: 1}, c.w)
		f.requireArgumentError(c.name, err)
		require.Contains(f, err.Error(), "(change 2)")
	}
	_, err := f.state.SumMetrics(f.ctx, bwstate.MetricsQuery{})
	f.requireArgumentError("Plugin", err)
	_, err = f.state.SumMetrics(f.ctx, bwstate.MetricsQuery{Plugin: "p", MaxTable: -1})
	f.requireArgumentError("MaxTable", err)
	f.requireKeys(nil)
}

func countersRoundTrips(f *fixture) {
	for _, op := range countersOperations(f) {
		before := f.state.RoundTrips()
		require.NoError(f, op.call(f.ctx, f.state), op.name)
		require.Equal(f, before+1, f.state.RoundTrips(), op.name)
	}
}

// countersOperations are one call of each operation on counters and lists.
func countersOperations(f *fixture) []operation {
	type state = *bwstate.State
	plain, err := f.state.Counters(bwstate.CountersConfig{Name: "operations"})
	require.NoError(f, err)
	windows, err := f.state.Counters(bwstate.CountersConfig{Name: "operations", Window: time.Hour, Windows: 2})
	require.NoError(f, err)
	large, err := f.state.Tops(bwstate.TopConfig{Name: "operations", Size: 2})
	require.NoError(f, err)
	return []operation{
		{"Counters.Add", func(ctx context.Context, _ state) error { return second(plain.Add(ctx, "a", 1)) }},
		{"Counters.AddOnce", func(ctx context.Context, _ state) error { return second(plain.AddOnce(ctx, "token", "a", 1)) }},
		{"Counters.AddAll", func(ctx context.Context, _ state) error {
			return second(plain.AddAll(ctx, bwstate.Addition{Name: "a", N: 1}))
		}},
		{"Counters.AddAllOnce", func(ctx context.Context, _ state) error {
			return second(plain.AddAllOnce(ctx, "token 2", bwstate.Addition{Name: "a", N: 1}))
		}},
		{"Counters.Get", func(ctx context.Context, _ state) error { return second(plain.Get(ctx, "a")) }},
		{"Counters.GetAll", func(ctx context.Context, _ state) error { return second(plain.GetAll(ctx, "a", "b")) }},
		{"Counters.Delete", func(ctx context.Context, _ state) error { return second(plain.Delete(ctx, "a")) }},
		{"Counters.Add in windows", func(ctx context.Context, _ state) error { return second(windows.Add(ctx, "a", 1)) }},
		{"Counters.Get in windows", func(ctx context.Context, _ state) error { return second(windows.Get(ctx, "a")) }},
		{"Counters.History", func(ctx context.Context, _ state) error { return third(windows.History(ctx, "a")) }},
		{"Counters.Add of too much", func(ctx context.Context, _ state) error {
			_, err := windows.Add(ctx, "over", 1<<53)
			return unlessReason(err, bwstate.CountOverflow)
		}},
		{"Counters.Delete in windows", func(ctx context.Context, _ state) error { return second(windows.Delete(ctx, "a")) }},
		{"Tops.Add", func(ctx context.Context, _ state) error {
			return second(large.Add(ctx, "l", bwstate.TopEntry{Member: "a", Count: 1}, bwstate.TopEntry{Member: "b", Count: 1}))
		}},
		{"Tops.Add to a full list", func(ctx context.Context, _ state) error {
			return second(large.Add(ctx, "l", bwstate.TopEntry{Member: "c", Count: 1}))
		}},
		{"Tops.Top", func(ctx context.Context, _ state) error { return second(large.Top(ctx, "l", 1, 0)) }},
		{"Tops.Rank", func(ctx context.Context, _ state) error { return second(large.Rank(ctx, "l", "b", 0)) }},
		{"Tops.Delete", func(ctx context.Context, _ state) error { return second(large.Delete(ctx, "l")) }},
	}
}

func countersArguments(f *fixture) {
	for _, c := range []struct {
		name string
		cfg  bwstate.CountersConfig
	}{
		{"Name", bwstate.CountersConfig{}},
		{"Name", bwstate.CountersConfig{Name: "a:b"}},
		{"TTL", bwstate.CountersConfig{Name: "a", TTL: -1}},
		{"TTL", bwstate.CountersConfig{Name: "a", TTL: 1<<63 - 1}},
		{"TTL", bwstate.CountersConfig{Name: "a", TTL: time.Hour, Window: time.Hour}},
		{"Remember", bwstate.CountersConfig{Name: "a", Remember: time.Microsecond}},
		{"Window", bwstate.CountersConfig{Name: "a", Window: -1}},
		{"Window", bwstate.CountersConfig{Name: "a", Window: time.Microsecond}},
		{"Window", bwstate.CountersConfig{Name: "a", Window: 1<<63 - 1}},
		{"Windows", bwstate.CountersConfig{Name: "a", Windows: 2}},
		{"Windows", bwstate.CountersConfig{Name: "a", Window: time.Hour, Windows: 121}},
		{"Windows", bwstate.CountersConfig{Name: "a", Window: time.Hour, Windows: -1}},
		{"WhenAway", bwstate.CountersConfig{Name: "a", WhenAway: bwstate.CookieWhenAway}},
		{"WhenAway", bwstate.CountersConfig{Name: "a", WhenAway: 99}},
	} {
		_, err := f.state.Counters(c.cfg)
		f.requireArgumentError(c.name, err)
	}
	cs, long := f.counters(bwstate.CountersConfig{}), strings.Repeat("n", 1025)
	for _, name := range []string{"", long} {
		f.requireArgumentError("Name", second(cs.Add(f.ctx, name, 1)))
		f.requireArgumentError("Name", second(cs.Get(f.ctx, name)))
		f.requireArgumentError("Name", second(cs.Delete(f.ctx, name)))
		f.requireArgumentError("token", second(cs.AddOnce(f.ctx, name, "a", 1)))
		f.requireArgumentError("token", second(cs.AddAllOnce(f.ctx, name, bwstate.Addition{Name: "a"})))
	}
	f.requireArgumentError("N", second(cs.Add(f.ctx, "a", math.MinInt64)))
	f.requireArgumentError("Window", third(cs.History(f.ctx, "a")))
	f.requireArgumentError("additions", second(cs.AddAll(f.ctx)))
	f.requireArgumentError("additions", second(cs.AddAll(f.ctx, make([]bwstate.Addition, 1001)...)))
	f.requireArgumentError("names", second(cs.GetAll(f.ctx)))
	f.requireArgumentError("names", second(cs.Delete(f.ctx)))
	f.requireArgumentError("names", second(cs.GetAll(f.ctx, make([]string, 1001)...)))
	f.requireKeys(nil)
}
