package conformance

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

// goldenMetrics are what BunkerWeb's metrics plugin wrote, and what its UI read.
func goldenMetrics() []test {
	var written struct {
		Cases []struct {
			Name  string            `json:"name"`
			After map[string]record `json:"after"`
		} `json:"cases"`
	}
	load("metrics.json", &written)
	var tests []test
	for _, c := range written.Cases {
		tests = append(tests, test{c.Name, func(f *fixture) { runMetricsWritten(f, c.After) }})
	}
	return append(tests, test{"as the UI reads them", metricsAsUI})
}

// cutMetric takes the key of a node's first worker apart, in the test's own way.
func cutMetric(key string) (plugin, name string, table, ok bool) {
	key, ok = strings.CutPrefix(key, "metrics:")
	if !ok {
		return "", "", false, false
	}
	key, ok = strings.CutSuffix(key, ":0")
	if plugin, name, ok := strings.Cut(key, "_counter_"); ok {
		return plugin, name, false, true
	}
	plugin, name, table = strings.Cut(key, "_table_")
	return plugin, name, table, ok && table
}

// runMetricsWritten writes what a node wrote under a name of its own: the same keys but for that, and the same values. Then both are read.
func runMetricsWritten(f *fixture, after map[string]record) {
	m := f.metrics(bwstate.MetricsConfig{})
	want, counters, tables := map[string]record{}, map[string]float64{}, map[string][]string{}
	var writes []bwstate.MetricWrite
	for key, r := range after {
		plugin, name, table, ok := cutMetric(key)
		if !ok {
			continue
		}
		own := bwstate.MetricWrite{Plugin: plugin, Name: name}
		if table {
			own.Action = bwstate.ReplaceTable
			args := []string{"RPUSH", key}
			for _, e := range r.Value.([]any) {
				own.Elements = append(own.Elements, e.(string))
				args = append(args, e.(string))
			}
			f.do(args...)
			tables[plugin+" "+name] = append(own.Elements, own.Elements...)
		} else {
			own.Action = bwstate.SetCounter
			f.do("SET", key, r.Value.(string))
			value, err := strconv.ParseFloat(r.Value.(string), 64)
			require.NoError(f, err)
			if own.Value = value; name == "big" {
				own.Value = 123456789012345678 // what the node had
			}
			counters[plugin+" "+name] = 2 * value
		}
		writes = append(writes, own)
		want[key], want[strings.TrimSuffix(key, "0")+"go-1"] = r, r
	}
	require.NoError(f, m.Write(f.ctx, writes...))
	f.requireKeys(want)

	plugins := map[string]bool{}
	for _, w := range writes {
		plugins[w.Plugin] = true
	}
	for plugin := range plugins {
		sums := f.sums(plugin)
		require.Empty(f, sums.Problems)
		for name, sum := range sums.Counters {
			require.Equal(f, counters[plugin+" "+name], sum, name)
			delete(counters, plugin+" "+name)
		}
		for name, elements := range sums.Tables {
			require.Equal(f, tables[plugin+" "+name], elements, name)
			delete(tables, plugin+" "+name)
		}
	}
	require.Empty(f, counters)
	require.Empty(f, tables)
}

func metricsAsUI(f *fixture) {
	var read struct {
		Metrics map[string]json.RawMessage `json:"metrics"`
	}
	load("python_metrics.json", &read)
	var stored map[string]record
	require.NoError(f, json.Unmarshal(read.Metrics["redis"], &stored))
	for key, r := range stored {
		switch value := r.Value.(type) {
		case string:
			f.do("SET", key, value)
		case []any:
			for _, e := range value {
				f.do("RPUSH", key, e.(string))
			}
		default:
			f.do("HSET", key, "a", "1")
		}
	}
	delete(read.Metrics, "redis")
	require.Len(f, read.Metrics, 3)
	for plugin, text := range read.Metrics {
		var ui struct {
			Returns map[string]any `json:"returns"`
		}
		require.NoError(f, json.Unmarshal(text, &ui))
		got := map[string]any{}
		sums := f.sums(plugin)
		for name, sum := range sums.Counters {
			got["counter_"+name] = sum
		}
		for name, elements := range sums.Tables {
			var all []any
			require.NoError(f, json.Unmarshal([]byte("["+strings.Join(elements, ",")+"]"), &all))
			got["table_"+name] = all
		}
		if plugin == "badbehavior" {
			// The UI cuts names at the first colon and so adds up all that are near; and what is no number comes as it is.
			require.Equal(f, 4.0, got["counter_ip_2001:db8::1"])
			require.Equal(f, 3.0, got["counter_ip_2001:db8::2"])
			delete(got, "counter_ip_2001:db8::1")
			delete(got, "counter_ip_2001:db8::2")
			got["counter_ip_2001"] = 7.0
			require.Len(f, sums.Problems, 1)
			require.Equal(f, "odd", sums.Problems[0].Name)
			got["counter_odd"] = "abc"
		}
		require.Equal(f, ui.Returns, got, plugin)
	}
}
