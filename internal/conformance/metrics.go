package conformance

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"sync"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

var metricsTests = []test{
	{"counters are added to, in one step", metricsAdd},
	{"numbers are added as they are, and written as a node would", metricsNumbers},
	{"what is no number", metricsForeign},
	{"tables keep the newest", metricsTables},
	{"nobody sees half a table", metricsWholeTables},
	{"lifetimes", metricsTTL},
	{"many changes, one of them refused", metricsMany},
	{"names that hold anything", metricsNames},
	{"more than a page", metricsPages},
	{"what is deleted meanwhile", metricsMeanwhile},
	{"what has become another type meanwhile", metricsChangeMeanwhile},
	{"what is huge", metricsHuge},
	{"a sum that would be infinite", metricsInfinite},
	{"clear", metricsClear},
	{"one round trip each", metricsRoundTrips},
	{"bad arguments", metricsArguments},
}

func (f *fixture) metrics(cfg bwstate.MetricsConfig) *bwstate.Metrics {
	f.Helper()
	if cfg.Worker == "" {
		cfg.Worker = "go-1"
	}
	m, err := f.state.Metrics(cfg)
	require.NoError(f, err)
	return m
}

func (f *fixture) sums(plugin string) bwstate.MetricSums {
	f.Helper()
	sums, err := f.state.SumMetrics(f.ctx, bwstate.MetricsQuery{Plugin: plugin})
	require.NoError(f, err)
	return sums
}

func (f *fixture) requireCountError(reason bwstate.CountReason, index int, err error) {
	f.Helper()
	var e *bwstate.CountError
	require.ErrorAs(f, err, &e)
	require.Equal(f, reason, e.Reason)
	require.Equal(f, index, e.Index)
	var general *bwstate.ValueError
	foreign := reason != bwstate.CountOverflow && reason != bwstate.TokenUsed
	require.Equal(f, foreign, errors.As(err, &general))
}

func metricsAdd(f *fixture) {
	m := f.metrics(bwstate.MetricsConfig{})
	const callers, each = 8, 25
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range each {
				if _, err := m.Add(f.ctx, "errors", "404", 1); err != nil {
					f.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	f.requireKeys(map[string]record{"metrics:errors_counter_404:go-1": {"string", -1, "200"}})
	f.do("SET", "metrics:errors_counter_404:0", "5")
	require.Equal(f, map[string]float64{"404": 205}, f.sums("errors").Counters)
	total, err := m.Add(f.ctx, "errors", "404", -200)
	require.NoError(f, err)
	require.Zero(f, total)
}

func metricsNumbers(f *fixture) {
	m := f.metrics(bwstate.MetricsConfig{})
	for _, c := range []struct {
		old  string
		add  float64
		want string
	}{
		{"", 3, "3"},
		{"", 1.5, "1.5"},
		{"", -0.25, "-0.25"},
		{"", 0, "0"},
		{"", 1e-7, "1e-07"},
		{"0.1", 0.2, "0.30000000000000004"},
		{"3", 1, "4"},
		{"007", 1, "8"},
		{"1.", 1, "2"},
		{"99999999999999", 1, "1e+14"},
		{"1e+14", 1, "100000000000001"}, // a node would write 1e+14 again, and for ever
		{"100000000000001", 1, "100000000000002"},
		{"9007199254740991", 1, "9007199254740992"},
		{"1.2345678901235e+17", 0, "1.2345678901235e+17"},
		{"123456789012345678", 0, "1.2345678901234568e+17"},
		{"1e308", 1, "1e+308"},
		{"5e-324", 0, "4.9406564584125e-324"},
		{"-5", 5, "0"},
		{"1e-999", 1, "1"},
	} {
		f.do("FLUSHDB")
		if c.old != "" {
			f.do("SET", "metrics:errors_counter_404:go-1", c.old)
		}
		total, err := m.Add(f.ctx, "errors", "404", c.add)
		require.NoError(f, err, "%+v", c)
		require.Equal(f, c.want, f.text("GET", "metrics:errors_counter_404:go-1"), "%+v", c)
		want, err := strconv.ParseFloat(c.want, 64)
		require.NoError(f, err)
		require.Equal(f, want, total)
	}
}

func metricsForeign(f *fixture) {
	m := f.metrics(bwstate.MetricsConfig{})
	const key = "metrics:errors_counter_404:go-1"
	for _, value := range []string{
		"", " 1", "1 ", "x", "+1", ".5", "-", "-.5", "0x10", "inf", "-inf", "nan", "1e", "1e+", "1-1", "1.2.3", "1_0", "--1", "1\x00", "{}", "null", "true",
		strings.Repeat("1", 65),
	} {
		f.do("SET", key, value)
		total, err := m.Add(f.ctx, "errors", "404", 1)
		require.Zero(f, total)
		f.requireCountError(bwstate.CountForeign, 0, err)
		require.Equal(f, value, f.text("GET", key))
		sums := f.sums("errors")
		require.Empty(f, sums.Counters, "%q", value)
		require.Len(f, sums.Problems, 1)
		f.requireCountError(bwstate.CountForeign, 0, sums.Problems[0].Problem)
	}
	f.do("SET", key, "1e308")
	_, err := m.Add(f.ctx, "errors", "404", math.MaxFloat64)
	f.requireCountError(bwstate.CountOverflow, 0, err)
	f.do("SET", key, "1e999")
	_, err = m.Add(f.ctx, "errors", "404", 1)
	f.requireCountError(bwstate.CountOverflow, 0, err)
	require.Equal(f, "1e999", f.text("GET", key))

	f.do("DEL", key)
	f.do("RPUSH", key, "a")
	f.do("SET", "metrics:errors_table_t:go-1", "x")
	_, err = m.Add(f.ctx, "errors", "404", 1)
	f.requireCountError(bwstate.CountWrongType, 0, err)
	for _, elements := range [][]string{{"a"}, nil} {
		err = m.Write(f.ctx, bwstate.MetricWrite{Plugin: "errors", Name: "t", Action: bwstate.ReplaceTable, Elements: elements})
		f.requireCountError(bwstate.CountWrongType, 0, err)
		require.True(f, resp.IsCode(err, "WRONGTYPE"))
	}
	f.requireCountError(bwstate.CountWrongType, 0, m.Append(f.ctx, "errors", "t", "a"))
	f.requireKeys(map[string]record{key: {"list", -1, []any{"a"}}, "metrics:errors_table_t:go-1": {"string", -1, "x"}})
	sums := f.sums("errors")
	require.Empty(f, sums.Counters)
	require.Empty(f, sums.Tables)
	require.Len(f, sums.Problems, 2)
	for _, p := range sums.Problems {
		f.requireCountError(bwstate.CountWrongType, 0, p.Problem)
	}
	// A running total heals what is wrong, as a node's does.
	require.NoError(f, m.Set(f.ctx, "errors", "404", 7))
	require.Equal(f, map[string]float64{"404": 7}, f.sums("errors").Counters)
}
