package bwstate

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/resp"
)

// Numbers look as BunkerWeb's own code writes them.
func TestNumbersOfMetricsAreThoseOfLua(t *testing.T) {
	text, err := os.ReadFile("../internal/conformance/testdata/cjson.json")
	require.NoError(t, err)
	var golden struct {
		Encode []struct{ Lua, Output string } `json:"encode"`
	}
	require.NoError(t, json.Unmarshal(text, &golden))
	numbers := 0
	for _, c := range golden.Encode {
		f, err := strconv.ParseFloat(c.Lua, 64)
		if c.Lua == "1/3" {
			f, err = 1.0/3, nil
		}
		if err == nil {
			require.Equal(t, c.Output, string(appendLuaNumber(nil, f)), c.Lua)
			numbers++
		}
	}
	require.Equal(t, 10, numbers)
	require.Equal(t, "1.2345678901235e+17", string(appendLuaNumber(nil, 123456789012345678)), "metrics.json")
}

func TestKeysOfMetrics(t *testing.T) {
	for _, c := range []struct {
		key, plugin string
		want        StoredMetric
		ok          bool
	}{
		{"metrics:p_counter_a:0", "", StoredMetric{Plugin: "p", Name: "a", Worker: "0"}, true},
		{"metrics:p_table_a:0", "p", StoredMetric{Plugin: "p", Name: "a", Worker: "0", Table: true}, true},
		{"metrics:badbehavior_counter_ip_2001:db8::1:12", "badbehavior", StoredMetric{Plugin: "badbehavior", Name: "ip_2001:db8::1", Worker: "12"}, true},
		{"metrics:p_counter_::", "", StoredMetric{Plugin: "p", Name: ":", Worker: ""}, true},
		{"metrics:p_table_x_counter_y:0", "", StoredMetric{Plugin: "p", Name: "x_counter_y", Worker: "0", Table: true}, true},
		{"metrics:p_counter_x_table_y:0", "p", StoredMetric{Plugin: "p", Name: "x_table_y", Worker: "0"}, true},
		{"metrics:p_counter_counter_x:0", "", StoredMetric{Plugin: "p", Name: "counter_x", Worker: "0"}, true},
		{"metrics:p_counter_a:0", "q", StoredMetric{}, false},
		{"metrics:p_q_counter_a:0", "p", StoredMetric{}, false},
		{"metrics:p_q_counter_a:0", "p_q", StoredMetric{Plugin: "p_q", Name: "a", Worker: "0"}, true},
		{"metrics:p_counter_a", "", StoredMetric{}, false},
		{"metrics:p:0", "", StoredMetric{}, false},
		{"metrics:", "", StoredMetric{}, false},
		{"requests", "", StoredMetric{}, false},
		{"", "", StoredMetric{}, false},
	} {
		got, ok := splitMetric(c.key, c.plugin)
		require.Equal(t, c.ok, ok, c.key)
		if ok {
			require.Equal(t, c.want, got, c.key)
		}
	}
}

// FuzzMetricKey: what a metric's key is made of comes out of it again, with and without knowing the plugin.
func FuzzMetricKey(f *testing.F) {
	f.Add("badbehavior", "ip_2001:db8::1", "go-1")
	f.Add("a_counter", "_table_:", "0")
	f.Add("a_table_b", "\x00*", "w:w")
	f.Fuzz(func(t *testing.T, plugin, name, worker string) {
		_, _ = splitMetric(plugin+name+worker, worker)
		if checkMetric(plugin, name) != nil || !isWorker(worker) {
			return
		}
		for _, kind := range []string{counterKind, tableKind} {
			key := metricKey(plugin, kind, name, worker)
			for _, known := range []string{"", plugin} {
				got, ok := splitMetric(key, known)
				require.True(t, ok)
				require.Equal(t, StoredMetric{Plugin: plugin, Name: name, Worker: worker, Table: kind == tableKind}, got)
			}
		}
	})
}

// FuzzMetricNumber: what is read is a number, and is written so that it is read again as the same; what is written is always read.
func FuzzMetricNumber(f *testing.F) {
	for _, text := range []string{"3", "1.5", "1.2345678901235e+17", "0.30000000000000004", "-0", "1e999", "0x10", "nan", "1e-400", "9007199254740993"} {
		f.Add(text, 1.5)
	}
	f.Fuzz(func(t *testing.T, text string, n float64) {
		if v, ok := parseMetric(text); ok {
			require.False(t, math.IsNaN(v) || math.IsInf(v, 0))
			require.False(t, strings.ContainsAny(text, " _xXnNiI+") && !strings.Contains(text, "e+") && !strings.Contains(text, "E+"), "%q", text)
			again, ok := parseMetric(exactNumber(v))
			require.True(t, ok)
			require.Equal(t, v, again)
		}
		if !math.IsNaN(n) && !math.IsInf(n, 0) {
			for _, text := range []string{exactNumber(n), string(appendLuaNumber(nil, n))} {
				back, ok := parseLuaNumber(text)
				require.True(t, ok, text)
				require.InDelta(t, n, back, math.Abs(n)*1e-13)
			}
		}
	})
}

// Whatever a server answers, a reader of metrics neither panics nor goes on for ever.
func TestWhatScanMayAnswer(t *testing.T) {
	for _, answer := range []string{"+OK\r\n", "*0\r\n", "*2\r\n+0\r\n+x\r\n", "*1\r\n+0\r\n", "_\r\n", "*2\r\n*0\r\n*0\r\n"} {
		_, err := New(replies{answer}).SumMetrics(t.Context(), MetricsQuery{Plugin: "p"})
		var mismatch *resp.TypeError
		require.ErrorAs(t, err, &mismatch, "%q", answer)
	}
	_, err := New(replies{"-NOPERM no\r\n"}).SumMetrics(t.Context(), MetricsQuery{Plugin: "p"})
	require.True(t, resp.IsCode(err, "NOPERM"))
	m, err := New(replies{"-READONLY no\r\n"}).Metrics(MetricsConfig{Worker: "w"})
	require.NoError(t, err)
	_, err = m.Clear(t.Context())
	require.True(t, resp.IsCode(err, "READONLY"))
	require.True(t, resp.IsCode(m.Append(t.Context(), "p", "t", "x"), "READONLY"))
	_, err = m.Add(t.Context(), "p", "c", 1)
	require.True(t, resp.IsCode(err, "READONLY"))
	for _, answer := range []string{"$1\r\nX\r\n", "$3\r\nnan\r\n", "$0\r\n\r\n"} {
		m, err = New(replies{answer}).Metrics(MetricsConfig{Worker: "w"})
		require.NoError(t, err)
		_, err = m.Add(t.Context(), "p", "c", 1)
		var wrong *ValueError
		require.True(t, errors.As(err, &wrong), "%q: %v", answer, err)
	}
}

// answers is a RoundTripper that gives each request the next of its answers.
type answers []replies

func (a *answers) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	next := (*a)[0]
	*a = (*a)[1:]
	return next.RoundTrip(ctx, q, h)
}

// A server may show a key twice while it grows, and counts once.
func TestMetricsThatScanShowsTwice(t *testing.T) {
	const key = "$21\r\nmetrics:p_counter_a:0\r\n"
	a := answers{{"*2\r\n$1\r\n7\r\n*2\r\n" + key + key}, {"*2\r\n$1\r\n5\r\n$1\r\n5\r\n", "*2\r\n$1\r\n0\r\n*1\r\n" + key}, {"*1\r\n$1\r\n5\r\n"}}
	sums, err := New(&a).SumMetrics(t.Context(), MetricsQuery{Plugin: "p"})
	require.NoError(t, err)
	require.Equal(t, map[string]float64{"a": 5}, sums.Counters)
	require.Empty(t, a)
}
