package conformance

import (
	"context"
	"fmt"
	"strings"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

func metricsNames(f *fixture) {
	m := f.metrics(bwstate.MetricsConfig{})
	names := []string{
		"ip_2001:db8::1", "ip_2001:db8::2", "ip_::", ":", "a:0", "a", "url_/a b?x=é:1", "https://www.example.com:8443/?q=*[a]",
		"x_counter_y", "x_table_y", "*", "\x00\xff\r\n",
		strings.Repeat("n", 16<<10),
	}
	for _, plugin := range []string{"p", "p_q", "p.q", "p-q"} {
		want := map[string]float64{}
		for i, name := range names {
			_, err := m.Add(f.ctx, plugin, name, float64(i+1))
			require.NoError(f, err)
			want[name] = float64(i + 1)
		}
		require.Equal(f, want, f.sums(plugin).Counters)
	}
	// Keys of others that a pattern or a prefix alone would take for those of p.
	for _, key := range []string{
		"metrics:p_x:0", "metrics:p_counter_x", "metrics:px_counter_x:0", "metrics:p__counter_x:0",
		"Metrics:p_counter_x:0", "metrics:p_counters:0",
	} {
		f.do("SET", key, "1000")
	}
	require.Len(f, f.sums("p").Counters, len(names))
	require.Empty(f, f.sums("p*").Counters)
	require.Empty(f, f.sums("[p]").Counters)
	f.do("SET", "metrics:p*_counter_x:0", "7")
	require.Equal(f, map[string]float64{"x": 7}, f.sums("p*").Counters)

	count := 0
	for stored, err := range f.state.StoredMetrics(f.ctx, bwstate.MetricsQuery{}) {
		require.NoError(f, err)
		if stored.Worker == "go-1" {
			require.Contains(f, names, stored.Name)
			require.Contains(f, []string{"p", "p_q", "p.q", "p-q"}, stored.Plugin)
			count++
		}
	}
	require.Equal(f, 4*len(names), count)
}

func metricsPages(f *fixture) {
	m := f.metrics(bwstate.MetricsConfig{})
	const counters, tables = 1300, 50
	var writes []bwstate.MetricWrite
	for i := range counters {
		writes = append(writes, bwstate.MetricWrite{Plugin: "p", Name: fmt.Sprint(i), Value: 1})
	}
	for i := range tables {
		writes = append(writes, bwstate.MetricWrite{Plugin: "p", Name: fmt.Sprint(i), Action: bwstate.AppendToTable, Elements: []string{fmt.Sprint(i)}})
	}
	require.NoError(f, m.Write(f.ctx, writes...))
	sums := f.sums("p")
	require.Len(f, sums.Counters, counters)
	require.Len(f, sums.Tables, tables)
	for name, sum := range sums.Counters {
		require.Equal(f, 1.0, sum, name)
	}
	for name, elements := range sums.Tables {
		require.Equal(f, []string{name}, elements)
	}
	before := f.state.RoundTrips()
	for _, err := range f.state.StoredMetrics(f.ctx, bwstate.MetricsQuery{Plugin: "p"}) {
		require.NoError(f, err)
		break
	}
	require.LessOrEqual(f, f.state.RoundTrips()-before, uint64(4), "who stops early reads no further")

	ctx, cancel := context.WithCancel(f.ctx)
	defer cancel()
	var last error
	for _, err := range f.state.StoredMetrics(ctx, bwstate.MetricsQuery{Plugin: "p"}) {
		cancel()
		last = err
	}
	require.ErrorIs(f, last, context.Canceled)
}

func metricsMeanwhile(f *fixture) {
	m := f.metrics(bwstate.MetricsConfig{})
	for i := range 40 {
		require.NoError(f, m.Append(f.ctx, "p", fmt.Sprint(i), "x"))
	}
	left := 0
	for _, err := range f.state.StoredMetrics(f.ctx, bwstate.MetricsQuery{Plugin: "p"}) {
		require.NoError(f, err)
		if left++; left == 1 {
			_, err := m.Clear(f.ctx)
			require.NoError(f, err)
		}
	}
	require.LessOrEqual(f, left, 16, "what is gone is left out")
	f.requireKeys(nil)
}

func metricsClear(f *fixture) {
	m, other := f.metrics(bwstate.MetricsConfig{}), f.metrics(bwstate.MetricsConfig{Worker: "go-10"})
	kept := map[string]record{
		"metrics:p_counter_a:go-10": {"string", -1, "1"},
		"metrics:p_counter_a:0":     {"string", -1, "1"},
		"metrics:p_x:go-1":          {"string", -1, "1"},
		"metrics:go-1":              {"string", -1, "1"},
	}
	for key := range kept {
		f.do("SET", key, "1")
	}
	require.NoError(f, other.Set(f.ctx, "p", "a", 1))
	var writes []bwstate.MetricWrite
	for i := range 1200 {
		writes = append(writes, bwstate.MetricWrite{Plugin: "p", Name: fmt.Sprintf("ip_2001:db8::%x", i), Value: 1})
	}
	require.NoError(f, m.Write(f.ctx, writes...))
	deleted, err := m.Clear(f.ctx)
	require.NoError(f, err)
	require.EqualValues(f, 1200, deleted)
	f.requireKeys(kept)
	deleted, err = m.Clear(f.ctx)
	require.NoError(f, err)
	require.Zero(f, deleted)
}
