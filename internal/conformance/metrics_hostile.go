package conformance

import (
	"fmt"
	"math"
	"strings"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

// metricsChangeMeanwhile has every key become a value of another type between SCAN and read, which nobody can prevent.
func metricsChangeMeanwhile(f *fixture) {
	m := f.metrics(bwstate.MetricsConfig{})
	const tables = 40
	for i := range tables {
		require.NoError(f, m.Append(f.ctx, "p", fmt.Sprint(i), "x"))
	}
	problems := 0
	for stored, err := range f.state.StoredMetrics(f.ctx, bwstate.MetricsQuery{Plugin: "p"}) {
		require.NoError(f, err)
		if problems == 0 {
			for i := range tables {
				f.do("SET", fmt.Sprintf("metrics:p_table_%d:go-1", i), "5")
			}
		}
		if problems++; stored.Problem != nil {
			f.requireCountError(bwstate.CountWrongType, 0, stored.Problem)
			require.Empty(f, stored.Elements)
		}
	}
	require.Equal(f, tables, problems)
}

// huge makes a text longer than a reply may be, where the store takes that.
func (f *fixture) huge(key string) {
	f.Helper()
	_, err := f.control.Do(f.ctx, "SETRANGE", key, fmt.Sprint(70<<20), "1")
	if err != nil {
		f.do("SET", key, strings.Repeat("1", 8<<20))
	}
}

// metricsHuge: what somebody else wrote is never loaded whole, and disturbs nobody else.
func metricsHuge(f *fixture) {
	const mega = 1 << 20
	f.do("SET", "metrics:p_counter_a:0", "1")
	f.huge("metrics:p_counter_a:0")
	f.do("RPUSH", "metrics:p_table_a:0", "old", strings.Repeat("1", 5*mega), "x", "y")
	for i := range 6 {
		f.do("RPUSH", "metrics:p_table_b:0", strings.Repeat(fmt.Sprint(i), mega-16))
	}
	f.do("SET", "metrics:p_counter_b:0", "5")
	found := map[string]bwstate.StoredMetric{}
	for stored, err := range f.state.StoredMetrics(f.ctx, bwstate.MetricsQuery{Plugin: "p"}) {
		require.NoError(f, err)
		found[fmt.Sprint(stored.Name, stored.Table)] = stored
	}
	require.Len(f, found, 4)
	f.requireCountError(bwstate.CountForeign, 0, found["afalse"].Problem)
	require.Equal(f, 5.0, found["bfalse"].Value)
	require.Equal(f, []string{"x", "y"}, found["atrue"].Elements, "what is behind the huge one")
	require.Equal(f, 2, found["atrue"].Older)
	require.Len(f, found["btrue"].Elements, 4, "4 MiB")
	require.Equal(f, "5", found["btrue"].Elements[3][:1], "the newest is the last")
	require.Equal(f, 2, found["btrue"].Older)
	require.NoError(f, f.state.Ping(f.ctx))

	f.do("DEL", "metrics:p_table_a:0", "metrics:p_table_b:0")
	args := []string{"RPUSH", "metrics:p_table_c:0"}
	for i := range 1500 {
		args = append(args, fmt.Sprint(i))
	}
	f.do(args...)
	for _, c := range []struct{ query, want int }{{0, 1000}, {1, 1}, {31, 31}, {32, 32}, {33, 33}, {2000, 1500}, {math.MaxInt, 1500}} {
		for stored, err := range f.state.StoredMetrics(f.ctx, bwstate.MetricsQuery{Plugin: "p", MaxTable: c.query}) {
			require.NoError(f, err)
			if stored.Table {
				require.Equal(f, args[len(args)-c.want:], stored.Elements)
				require.Equal(f, 1500-c.want, stored.Older)
			}
		}
	}
}

func metricsInfinite(f *fixture) {
	f.do("SET", "metrics:p_counter_a:0", "1e308")
	f.do("SET", "metrics:p_counter_a:1", "1e308")
	sums := f.sums("p")
	require.Equal(f, map[string]float64{"a": 1e308}, sums.Counters)
	require.Len(f, sums.Problems, 1)
	f.requireCountError(bwstate.CountOverflow, 0, sums.Problems[0].Problem)
}
