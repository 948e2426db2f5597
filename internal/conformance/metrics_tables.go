package conformance

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

func metricsTables(f *fixture) {
	m := f.metrics(bwstate.MetricsConfig{MaxTable: 3})
	const key = "metrics:authbasic_table_authentications:go-1"
	require.NoError(f, m.Append(f.ctx, "authbasic", "authentications", "a", "b"))
	f.requireKeys(map[string]record{key: {"list", -1, []any{"a", "b"}}})
	require.NoError(f, m.Append(f.ctx, "authbasic", "authentications", "c", "d"))
	f.requireKeys(map[string]record{key: {"list", -1, []any{"b", "c", "d"}}})
	require.NoError(f, m.Append(f.ctx, "authbasic", "authentications", "1", "2", "3", "4"))
	f.requireKeys(map[string]record{key: {"list", -1, []any{"2", "3", "4"}}})
	require.NoError(f, m.Replace(f.ctx, "authbasic", "authentications", "x", "", "x"))
	f.requireKeys(map[string]record{key: {"list", -1, []any{"x", "", "x"}}})
	require.NoError(f, m.Replace(f.ctx, "authbasic", "authentications", "y"))
	f.requireKeys(map[string]record{key: {"list", -1, []any{"y"}}})
	require.NoError(f, m.Replace(f.ctx, "authbasic", "authentications"))
	f.requireKeys(nil)
	require.NoError(f, m.Replace(f.ctx, "authbasic", "authentications"))
	f.requireKeys(nil)

	most, whole := f.metrics(bwstate.MetricsConfig{}), make([]string, 1200)
	for i := range whole {
		whole[i] = strconv.Itoa(i)
	}
	require.NoError(f, most.Replace(f.ctx, "authbasic", "authentications", whole...))
	require.Equal(f, whole[200:], f.sums("authbasic").Tables["authentications"])
	sums, err := f.state.SumMetrics(f.ctx, bwstate.MetricsQuery{Plugin: "authbasic", MaxTable: 2})
	require.NoError(f, err)
	require.Equal(f, whole[1198:], sums.Tables["authentications"])
}

func metricsWholeTables(f *fixture) {
	m := f.metrics(bwstate.MetricsConfig{})
	one, two := strings.Split(strings.Repeat("a", 50), ""), strings.Split(strings.Repeat("b", 50), "")
	require.NoError(f, m.Replace(f.ctx, "p", "t", one...))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 100 {
			if err := m.Replace(f.ctx, "p", "t", [][]string{one, two}[i%2]...); err != nil {
				f.Error(err)
			}
		}
	}()
	for over := false; !over; {
		select {
		case <-done:
			over = true
		default:
		}
		elements := f.sums("p").Tables["t"]
		require.Len(f, elements, 50)
		require.Len(f, slices.Compact(elements), 1)
	}
}

func metricsTTL(f *fixture) {
	short, none := f.metrics(bwstate.MetricsConfig{TTL: time.Hour}), f.metrics(bwstate.MetricsConfig{})
	for _, m := range []*bwstate.Metrics{short, none, short} {
		_, err := m.Add(f.ctx, "p", "a", 1)
		require.NoError(f, err)
		require.NoError(f, m.Set(f.ctx, "p", "s", 1))
		require.NoError(f, m.Append(f.ctx, "p", "t", "x"))
		for _, key := range []string{"metrics:p_counter_a:go-1", "metrics:p_counter_s:go-1", "metrics:p_table_t:go-1"} {
			want := int64(3600)
			if m == none {
				want = -1
			}
			f.requireTTL(key, want)
		}
	}
}

func metricsMany(f *fixture) {
	m := f.metrics(bwstate.MetricsConfig{})
	f.do("SET", "metrics:p_counter_bad:go-1", "x")
	f.do("SET", "metrics:p_table_bad:go-1", "x")
	err := m.Write(
		f.ctx,
		bwstate.MetricWrite{Plugin: "p", Name: "a", Value: 2},
		bwstate.MetricWrite{Plugin: "p", Name: "bad", Value: 2},
		bwstate.MetricWrite{Plugin: "p", Name: "bad", Action: bwstate.AppendToTable, Elements: []string{"x"}},
		bwstate.MetricWrite{Plugin: "q", Name: "a", Action: bwstate.SetCounter, Value: 2.5},
		bwstate.MetricWrite{Plugin: "q", Name: "a", Action: bwstate.AppendToTable, Elements: []string{"x"}},
	)
	f.requireCountError(bwstate.CountForeign, 1, err)
	f.requireKeys(map[string]record{
		"metrics:p_counter_a:go-1":   {"string", -1, "2"},
		"metrics:p_counter_bad:go-1": {"string", -1, "x"},
		"metrics:p_table_bad:go-1":   {"string", -1, "x"},
		"metrics:q_counter_a:go-1":   {"string", -1, "2.5"},
		"metrics:q_table_a:go-1":     {"list", -1, []any{"x"}},
	})
	require.NoError(f, m.Write(f.ctx))
}
