package conformance

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

var counterWindowTests = []test{
	{"windows pass", windowsPass},
	{"windows that no longer count are forgotten", windowsForgotten},
	{"a token counts once", tokenOnce},
	{"a token for something else", tokenElse},
	{"a token that is forgotten", tokenForgotten},
	{"a token's key that holds something else", tokenForeign},
	{"a token whose counter somebody wrote over", tokenOverwritten},
	{"counters in other windows are others", windowsOthers},
	{"what is huge", countersHuge},
}

// unlessReason returns an error unless it is a CountError of this reason, which must be there.
func unlessReason(err error, reason bwstate.CountReason) error {
	var e *bwstate.CountError
	switch {
	case err == nil:
		return errors.New("it was not refused")
	case errors.As(err, &e) && e.Reason == reason:
		return nil
	}
	return err
}

// windowAt writes what was counted some windows ago.
func (f *fixture) windowAt(key string, window time.Duration, back int64, count string) {
	f.Helper()
	seconds, err := f.do("TIME").Elems()[0].Int()
	require.NoError(f, err)
	f.do("HSET", key, strconv.FormatInt(seconds*1000/window.Milliseconds()-back, 10), count)
}

func windowsPass(f *fixture) {
	// Days, so that none ends while the test looks.
	const key, day = "bwredis:count:app:w86400000x3:a", 24 * time.Hour
	three := f.counters(bwstate.CountersConfig{Window: day, Windows: 3})
	for back, count := range []string{"1", "20", "300", "4000"} {
		f.windowAt(key, day, int64(back), count)
	}
	f.windowAt(key, day, -1, "50000") // of a server whose clock is ahead
	require.EqualValues(f, 321, f.total(three, "a"))
	history, degraded, err := three.History(f.ctx, "a")
	require.NoError(f, err)
	require.False(f, degraded)
	require.Equal(f, []int64{1, 20, 300}, history)
	require.EqualValues(f, 326, f.added(three, "a", 5))
	history, _, err = three.History(f.ctx, "none")
	require.NoError(f, err)
	require.Equal(f, []int64{0, 0, 0}, history)

	// A short window passes before one's eyes.
	short := f.counters(bwstate.CountersConfig{Window: 50 * time.Millisecond, Windows: 2})
	f.added(short, "s", 7)
	require.Eventually(f, func() bool {
		c, err := short.Get(f.ctx, "s")
		require.NoError(f, err)
		return !c.Found
	}, 5*time.Second, 5*time.Millisecond)
	require.EqualValues(f, 3, f.added(short, "s", 3))
	require.Eventually(f, func() bool { return f.int("EXISTS", "bwredis:count:app:w50x2:s") == 0 }, 5*time.Second, 5*time.Millisecond)
}

func windowsForgotten(f *fixture) {
	const key, day = "bwredis:count:app:w86400000x3:a", 24 * time.Hour
	cs := f.counters(bwstate.CountersConfig{Window: day, Windows: 3})
	for back := range 50 {
		f.windowAt(key, day, int64(back-25), "1")
	}
	f.do("HSET", key, "of somebody else", "x")
	require.EqualValues(f, 4, f.added(cs, "a", 1))
	require.EqualValues(f, 1+3+2, f.int("HLEN", key), "what counts, what is near in the future, what is not ours")
}

func tokenOnce(f *fixture) {
	for _, cfg := range []bwstate.CountersConfig{{}, {Window: 24 * time.Hour}} {
		cs := f.counters(cfg)
		for i, token := range []string{"t", "T", "é \x00\r\n", strings.Repeat("t", 1024)} {
			for again := range 3 {
				c, err := cs.AddOnce(f.ctx, token, "a", 5)
				require.NoError(f, err)
				require.Equal(f, bwstate.Count{Total: int64(i+1) * 5, Found: true, Before: again > 0}, c)
			}
		}
		require.EqualValues(f, 21, f.added(cs, "a", 1))
		c, err := cs.AddOnce(f.ctx, "t", "a", 5)
		require.NoError(f, err)
		require.Equal(f, bwstate.Count{Total: 21, Found: true, Before: true}, c, "the total is what it is now")

		counts, err := cs.AddAllOnce(f.ctx, "all", bwstate.Addition{Name: "a", N: 1}, bwstate.Addition{Name: "b", N: -2})
		require.NoError(f, err)
		require.Equal(f, []bwstate.Count{{Total: 22, Found: true}, {Total: -2, Found: true}}, counts)
		_, err = cs.Delete(f.ctx, "a")
		require.NoError(f, err)
		counts, err = cs.AddAllOnce(f.ctx, "all", bwstate.Addition{Name: "a", N: 1}, bwstate.Addition{Name: "b", N: -2})
		require.NoError(f, err)
		require.Equal(f, []bwstate.Count{{Found: true, Before: true}, {Total: -2, Found: true, Before: true}}, counts)
		for _, key := range f.keys() {
			if strings.HasPrefix(key, "bwredis:count:app:once:") {
				f.requireTTL(key, 3600)
				require.Len(f, key, len("bwredis:count:app:once:")+43, "keys hold hashes of tokens")
			}
		}
		f.do("FLUSHDB")
	}
}

func tokenElse(f *fixture) {
	cs := f.counters(bwstate.CountersConfig{})
	_, err := cs.AddOnce(f.ctx, "t", "a", 5)
	require.NoError(f, err)
	for name, call := range map[string]func() error{
		"amount": func() error { return second(cs.AddOnce(f.ctx, "t", "a", 6)) },
		"name":   func() error { return second(cs.AddOnce(f.ctx, "t", "b", 5)) },
		"more": func() error {
			return second(cs.AddAllOnce(f.ctx, "t", bwstate.Addition{Name: "a", N: 5}, bwstate.Addition{Name: "b", N: 5}))
		},
		"windows": func() error {
			return second(f.counters(bwstate.CountersConfig{Window: time.Hour}).AddOnce(f.ctx, "t", "a", 5))
		},
	} {
		f.requireCountError(bwstate.TokenUsed, 0, call())
		require.Len(f, f.keys(), 2, name)
	}
	// Another application's tokens are others.
	c, err := f.counters(bwstate.CountersConfig{Name: "other"}).AddOnce(f.ctx, "t", "a", 6)
	require.NoError(f, err)
	require.Equal(f, bwstate.Count{Total: 6, Found: true}, c)
}

func tokenForgotten(f *fixture) {
	cs := f.counters(bwstate.CountersConfig{Remember: 50 * time.Millisecond})
	require.Eventually(f, func() bool {
		c, err := cs.AddOnce(f.ctx, "t", "a", 1)
		require.NoError(f, err)
		return c.Total == 2
	}, 5*time.Second, 5*time.Millisecond)
}

func tokenForeign(f *fixture) {
	cs := f.counters(bwstate.CountersConfig{})
	key := "bwredis:count:app:once:" + hash("t")
	for _, value := range []string{"", "x", "bwc", "bwc2 " + hash("x")} {
		f.do("SET", key, value)
		_, err := cs.AddOnce(f.ctx, "t", "a", 1)
		f.requireCountError(bwstate.TokenForeign, 0, err)
		f.requireKeys(map[string]record{key: {"string", -1, value}})
	}
	f.do("DEL", key)
	f.do("HSET", key, "x", "1")
	_, err := cs.AddOnce(f.ctx, "t", "a", 1)
	f.requireCountError(bwstate.TokenForeign, 0, err)
	require.Equal(f, []string{key}, f.keys(), fmt.Sprint(err))
}

// tokenOverwritten: a counter that is none is as wrong for whoever comes again as for whoever adds.
func tokenOverwritten(f *fixture) {
	cs := f.counters(bwstate.CountersConfig{})
	_, err := cs.AddOnce(f.ctx, "t", "a", 1)
	require.NoError(f, err)
	for _, value := range []string{"", "x", "01", "-0", "99999999999999999999", "9223372036854775808", "-9223372036854775809", strings.Repeat("1", 1000)} {
		f.do("SET", "bwredis:count:app:n:a", value)
		_, err := cs.AddOnce(f.ctx, "t", "a", 1)
		f.requireCountError(bwstate.CountForeign, 0, err)
		require.Equal(f, value, f.text("GET", "bwredis:count:app:n:a"))
	}
	for _, value := range []int64{math.MaxInt64, math.MinInt64, 0, -1, 1e18, -1e18} {
		f.do("SET", "bwredis:count:app:n:a", strconv.FormatInt(value, 10))
		c, err := cs.AddOnce(f.ctx, "t", "a", 1)
		require.NoError(f, err)
		require.Equal(f, bwstate.Count{Total: value, Found: true, Before: true}, c)
	}
	f.do("DEL", "bwredis:count:app:n:a")
	f.do("RPUSH", "bwredis:count:app:n:a", "x")
	_, err = cs.AddOnce(f.ctx, "t", "a", 1)
	f.requireCountError(bwstate.CountWrongType, 0, err)
}

// windowsOthers: who keeps fewer windows deletes nothing of who keeps more.
func windowsOthers(f *fixture) {
	const day = 24 * time.Hour
	one, three := f.counters(bwstate.CountersConfig{Window: day}), f.counters(bwstate.CountersConfig{Window: day, Windows: 3})
	f.windowAt("bwredis:count:app:w86400000x3:a", day, 2, "100")
	f.added(one, "a", 1)
	f.added(three, "a", 10)
	require.EqualValues(f, 1, f.added(one, "a", 0))
	require.EqualValues(f, 110, f.total(three, "a"))
}

// countersHuge: what is huge under a counter's key is never loaded whole, and disturbs nobody else.
func countersHuge(f *fixture) {
	f.huge("bwredis:count:app:n:a")
	cs := f.counters(bwstate.CountersConfig{})
	f.added(cs, "b", 1)
	counts, err := cs.GetAll(f.ctx, "a", "b")
	f.requireCountError(bwstate.CountForeign, 0, err)
	require.Equal(f, []bwstate.Count{{}, {Total: 1, Found: true}}, counts)
	_, err = cs.Add(f.ctx, "a", 1)
	f.requireCountError(bwstate.CountForeign, 0, err)
	windows := f.counters(bwstate.CountersConfig{Window: 24 * time.Hour, Windows: 3})
	f.windowAt("bwredis:count:app:w86400000x3:w", 24*time.Hour, 1, strings.Repeat("1", 8<<20))
	f.requireCountError(bwstate.CountForeign, 0, second(windows.Get(f.ctx, "w")))
	f.requireCountError(bwstate.CountForeign, 0, third(windows.History(f.ctx, "w")))
	f.requireCountError(bwstate.CountForeign, 0, second(windows.Add(f.ctx, "w", 1)))
}
