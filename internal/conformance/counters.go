package conformance

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

var counterTests = []test{
	{"added to, read, deleted", countersLife},
	{"a lifetime that somebody took away", countersTTL},
	{"several at once", countersMany},
	{"what would overflow", countersOverflow},
	{"what is no counter", countersForeign},
	{"all or none", countersAtomic},
	{"callers at the same time lose nothing", countersTogether},
	{"one round trip each", countersRoundTrips},
	{"bad arguments", countersArguments},
}

func (f *fixture) counters(cfg bwstate.CountersConfig) *bwstate.Counters {
	f.Helper()
	if cfg.Name == "" {
		cfg.Name = "app"
	}
	cs, err := f.state.Counters(cfg)
	require.NoError(f, err)
	return cs
}

func (f *fixture) added(cs *bwstate.Counters, name string, n int64) int64 {
	f.Helper()
	c, err := cs.Add(f.ctx, name, n)
	require.NoError(f, err)
	require.Equal(f, bwstate.Count{Total: c.Total, Found: true}, c)
	return c.Total
}

func (f *fixture) total(cs *bwstate.Counters, name string) int64 {
	f.Helper()
	c, err := cs.Get(f.ctx, name)
	require.NoError(f, err)
	require.Equal(f, c.Total != 0, c.Found)
	return c.Total
}

func countersLife(f *fixture) {
	for _, cfg := range []bwstate.CountersConfig{{}, {Window: time.Hour}, {Window: time.Hour, Windows: 24}} {
		cs, other := f.counters(cfg), f.counters(bwstate.CountersConfig{Name: "other", Window: cfg.Window})
		for _, name := range []string{"a", "a:b", "é \x00\r\n", strings.Repeat("n", 1024)} {
			require.Zero(f, f.total(cs, name))
			require.EqualValues(f, 5, f.added(cs, name, 5))
			require.EqualValues(f, 5, f.total(cs, name))
			require.EqualValues(f, -2, f.added(cs, name, -7))
			require.EqualValues(f, -2, f.total(cs, name))
			require.EqualValues(f, 1, f.added(cs, name, 3))
			require.Zero(f, f.total(other, name))
			c, err := cs.Add(f.ctx, name, -1)
			require.NoError(f, err)
			require.Equal(f, bwstate.Count{Found: true}, c)
			c, err = cs.Get(f.ctx, name)
			require.NoError(f, err)
			require.Equal(f, bwstate.Count{Found: true}, c, "a counter that is 0 is there")
			deleted, err := cs.Delete(f.ctx, name, "none")
			require.NoError(f, err)
			require.EqualValues(f, 1, deleted)
		}
		f.requireKeys(nil)
	}
}

func countersTTL(f *fixture) {
	for _, c := range []struct {
		cfg  bwstate.CountersConfig
		key  string
		want int64
	}{
		{bwstate.CountersConfig{}, "bwredis:count:app:n:a", 86400},
		{bwstate.CountersConfig{TTL: 90 * time.Second}, "bwredis:count:app:n:a", 90},
		{bwstate.CountersConfig{Window: time.Hour}, "bwredis:count:app:w3600000x1:a", 7200},
		{bwstate.CountersConfig{Window: time.Minute, Windows: 5}, "bwredis:count:app:w60000x5:a", 360},
	} {
		cs := f.counters(c.cfg)
		f.added(cs, "a", 1)
		f.requireTTL(c.key, c.want)
		f.do("PERSIST", c.key)
		f.added(cs, "a", 1)
		f.requireTTL(c.key, c.want)
		f.do("EXPIRE", c.key, "5")
		f.added(cs, "a", 1)
		f.requireTTL(c.key, c.want)
		require.Equal(f, []string{c.key}, f.keys())
		f.do("DEL", c.key)
	}
	cs := f.counters(bwstate.CountersConfig{})
	f.do("SET", "bwredis:count:app:n:a", "41") // of somebody who does not know that counters end
	require.EqualValues(f, 42, f.added(cs, "a", 1))
	f.requireTTL("bwredis:count:app:n:a", 86400)
}

func countersMany(f *fixture) {
	for _, cfg := range []bwstate.CountersConfig{{}, {Window: time.Hour, Windows: 2}} {
		cs := f.counters(cfg)
		counts, err := cs.AddAll(f.ctx, bwstate.Addition{Name: "a", N: 1}, bwstate.Addition{Name: "b", N: 10}, bwstate.Addition{Name: "a", N: 2})
		require.NoError(f, err)
		require.Equal(f, []bwstate.Count{{Total: 3, Found: true}, {Total: 10, Found: true}, {Total: 3, Found: true}}, counts)
		counts, err = cs.GetAll(f.ctx, "b", "none", "a", "b")
		require.NoError(f, err)
		require.Equal(f, []bwstate.Count{{Total: 10, Found: true}, {}, {Total: 3, Found: true}, {Total: 10, Found: true}}, counts)

		all, names := make([]bwstate.Addition, 1000), make([]string, 1000)
		for i := range all {
			names[i] = fmt.Sprint("many", i)
			all[i] = bwstate.Addition{Name: names[i], N: int64(i)}
		}
		_, err = cs.AddAll(f.ctx, all...)
		require.NoError(f, err)
		counts, err = cs.GetAll(f.ctx, names...)
		require.NoError(f, err)
		for i, c := range counts {
			require.Equal(f, bwstate.Count{Total: int64(i), Found: true}, c)
		}
		deleted, err := cs.Delete(f.ctx, names...)
		require.NoError(f, err)
		require.EqualValues(f, 1000, deleted)
	}
}

func countersOverflow(f *fixture) {
	cs := f.counters(bwstate.CountersConfig{})
	const key = "bwredis:count:app:n:a"
	for _, c := range []struct {
		old    string
		n      int64
		reason bwstate.CountReason
	}{
		{"9223372036854775807", 1, bwstate.CountOverflow},
		{"1", math.MaxInt64, bwstate.CountOverflow},
		{"-9223372036854775808", -1, bwstate.CountOverflow},
		{"-2", -math.MaxInt64, bwstate.CountOverflow},
		{"9223372036854775808", 0, bwstate.CountForeign},
		{"-9223372036854775809", 1, bwstate.CountForeign},
	} {
		f.do("SET", key, c.old)
		count, err := cs.Add(f.ctx, "a", c.n)
		f.requireCountError(c.reason, 0, err)
		require.Zero(f, count)
		_, err = cs.AddOnce(f.ctx, "token", "a", c.n)
		f.requireCountError(c.reason, 0, err)
		f.requireKeys(map[string]record{key: {"string", -1, c.old}})
	}
	// Every value there is comes out whole.
	for _, n := range []int64{math.MaxInt64, math.MinInt64, 1<<53 + 1, -1<<53 - 1, 1 << 53, 1<<53 - 1} {
		f.do("SET", key, strconv.FormatInt(n, 10))
		require.Equal(f, n, f.total(cs, "a"))
		require.Equal(f, n, f.added(cs, "a", 0))
	}

	windows := f.counters(bwstate.CountersConfig{Window: time.Hour, Windows: 3})
	const most = 1<<53 - 1
	require.EqualValues(f, most, f.added(windows, "w", most))
	for _, n := range []int64{1, 2, most, math.MaxInt64 - most, math.MaxInt64} {
		_, err := windows.Add(f.ctx, "w", n)
		f.requireCountError(bwstate.CountOverflow, 0, err)
		require.EqualValues(f, most, f.total(windows, "w"))
	}
	for _, n := range []int64{most + 1, most + 2, math.MaxInt64, -most - 1, -math.MaxInt64} {
		_, err := windows.Add(f.ctx, "fresh", n)
		f.requireCountError(bwstate.CountOverflow, 0, err)
		require.Zero(f, f.total(windows, "fresh"))
	}
	require.EqualValues(f, most-1, f.added(windows, "w", -1))
}

func countersForeign(f *fixture) {
	cs := f.counters(bwstate.CountersConfig{})
	const key = "bwredis:count:app:n:a"
	for _, value := range []string{"", "x", "1.5", " 1", "1 ", "01", "-0", "+1", "1e3", "\x00", "99999999999999999999"} {
		f.do("SET", key, value)
		_, err := cs.Add(f.ctx, "a", 1)
		f.requireCountError(bwstate.CountForeign, 0, err)
		_, err = cs.AddOnce(f.ctx, "token", "a", 1)
		f.requireCountError(bwstate.CountForeign, 0, err)
		c, err := cs.Get(f.ctx, "a")
		require.Zero(f, c)
		if value != "" {
			f.requireCountError(bwstate.CountForeign, 0, err)
		}
		f.requireKeys(map[string]record{key: {"string", -1, value}})
	}
	counts, err := cs.GetAll(f.ctx, "none", "a")
	f.requireCountError(bwstate.CountForeign, 1, err)
	require.Equal(f, make([]bwstate.Count, 2), counts)

	windows := f.counters(bwstate.CountersConfig{Window: time.Hour})
	f.do("SET", "bwredis:count:app:w3600000x1:a", "1")
	for _, call := range []func() error{
		func() error { return second(windows.Add(f.ctx, "a", 1)) },
		func() error { return second(windows.AddOnce(f.ctx, "token", "a", 1)) },
		func() error { return second(windows.Get(f.ctx, "a")) },
		func() error { return third(windows.History(f.ctx, "a")) },
	} {
		f.requireCountError(bwstate.CountWrongType, 0, call())
	}
	require.EqualValues(f, 1, f.added(windows, "b", 1))
	counts, err = windows.GetAll(f.ctx, "b", "a")
	f.requireCountError(bwstate.CountWrongType, 1, err)
	require.Equal(f, []bwstate.Count{{Total: 1, Found: true}, {}}, counts)
	require.Equal(f, "1", f.text("GET", "bwredis:count:app:w3600000x1:a"))

	window := f.do("HKEYS", "bwredis:count:app:w3600000x1:b").Elems()
	require.Len(f, window, 1)
	field, err := window[0].Text()
	require.NoError(f, err)
	for _, value := range []string{"x", "", "1.5", "99999999999999999999", "01", "-0"} {
		f.do("HSET", "bwredis:count:app:w3600000x1:b", field, value)
		_, err = windows.Add(f.ctx, "b", 1)
		f.requireCountError(bwstate.CountForeign, 0, err)
		_, err = windows.Get(f.ctx, "b")
		f.requireCountError(bwstate.CountForeign, 0, err)
		require.Equal(f, value, f.text("HGET", "bwredis:count:app:w3600000x1:b", field))
	}
	f.do("DEL", key)
	f.do("HSET", key, "x", "1")
	_, err = cs.Add(f.ctx, "a", 1)
	f.requireCountError(bwstate.CountWrongType, 0, err)
	_, err = cs.Get(f.ctx, "a")
	f.requireCountError(bwstate.CountWrongType, 0, err)
}

func addition(name string, n int64) bwstate.Addition { return bwstate.Addition{Name: name, N: n} }

func countersAtomic(f *fixture) {
	cs := f.counters(bwstate.CountersConfig{})
	f.do("SET", "bwredis:count:app:n:bad", "x")
	f.do("SET", "bwredis:count:app:n:there", "5", "EX", "50")
	f.do("SET", "bwredis:count:app:n:full", "9223372036854775806")
	want := map[string]record{
		"bwredis:count:app:n:bad":   {"string", -1, "x"},
		"bwredis:count:app:n:there": {"string", 50, "5"},
		"bwredis:count:app:n:full":  {"string", -1, "9223372036854775806"},
	}
	for _, c := range []struct {
		last   bwstate.Addition
		reason bwstate.CountReason
	}{{bwstate.Addition{Name: "bad", N: 1}, bwstate.CountForeign}, {bwstate.Addition{Name: "full", N: 2}, bwstate.CountOverflow}} {
		additions := []bwstate.Addition{
			addition("new", 1), addition("there", 3), addition("new", -4), addition("there", 0), addition("new", 0),
			addition("there", -math.MaxInt64), addition("full", 1), c.last,
		}
		_, err := cs.AddAll(f.ctx, additions...)
		f.requireCountError(c.reason, 7, err)
		f.requireKeys(want)
		_, err = cs.AddAllOnce(f.ctx, "token", additions...)
		f.requireCountError(c.reason, 7, err)
		f.requireKeys(want)
	}

	windows := f.counters(bwstate.CountersConfig{Window: time.Hour})
	f.added(windows, "there", 5)
	_, err := windows.AddAll(f.ctx, bwstate.Addition{Name: "new", N: 1}, bwstate.Addition{Name: "there", N: 1}, bwstate.Addition{Name: "over", N: 1 << 53})
	f.requireCountError(bwstate.CountOverflow, 2, err)
	require.EqualValues(f, 5, f.total(windows, "there"))
	require.Len(f, f.keys(), len(want)+1)
}

func countersTogether(f *fixture) {
	const callers, each = 64, 20
	for _, cfg := range []bwstate.CountersConfig{{}, {Window: 24 * time.Hour, Windows: 2}} {
		cs := f.counters(cfg)
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() {
				for round := range each {
					// Every token is used by two callers.
					token := fmt.Sprintf("%d %d", i/2, round)
					_, err := cs.AddAllOnce(f.ctx, token, bwstate.Addition{Name: "once", N: 1}, bwstate.Addition{Name: "also", N: 2})
					if err == nil {
						_, err = cs.Add(f.ctx, "all", 1)
					}
					if err != nil {
						f.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		require.EqualValues(f, callers*each, f.total(cs, "all"))
		require.EqualValues(f, callers*each/2, f.total(cs, "once"))
		require.EqualValues(f, callers*each, f.total(cs, "also"))
		f.do("FLUSHDB")
	}
}
