package conformance

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

var topTests = []test{
	{"a list that is never full is exact", topExact},
	{"a full list stays in its bounds", topBounds},
	{"windows are read together", topWindows},
	{"lifetimes", topTTL},
	{"lists of other sizes are others", topSizes},
	{"bounds, by chance", topRandom},
	{"bounds over windows, by chance", topRandomWindows},
	{"callers at the same time lose nothing", topTogether},
	{"what is no list, and what is too much", topForeign},
	{"what somebody else wrote in a list", topForeignLists},
	{"bad arguments", topArguments},
}

func (f *fixture) tops(cfg bwstate.TopConfig) *bwstate.Tops {
	f.Helper()
	f.needsSortedSets()
	cfg.Name = "app"
	ts, err := f.state.Tops(cfg)
	require.NoError(f, err)
	return ts
}

// needsSortedSets skips the test when the store has no sorted sets.
func (f *fixture) needsSortedSets() {
	f.Helper()
	const probe = "conformance:zset"
	_, err := f.control.Do(f.ctx, "ZADD", probe, "1", "x")
	if resp.IsCode(err, "ERR") {
		f.Skip("the store has no sorted sets")
	}
	require.NoError(f, err)
	require.EqualValues(f, 1, f.int("DEL", probe))
}

func (f *fixture) topAdd(ts *bwstate.Tops, list string, entries ...bwstate.TopEntry) []bwstate.TopEntry {
	f.Helper()
	found, err := ts.Add(f.ctx, list, entries...)
	require.NoError(f, err)
	return found.Entries
}

func (f *fixture) top(ts *bwstate.Tops, list string, n, windows int) bwstate.TopList {
	f.Helper()
	found, err := ts.Top(f.ctx, list, n, windows)
	require.NoError(f, err)
	return found
}

func entry(member string, n int64) bwstate.TopEntry {
	return bwstate.TopEntry{Member: member, Count: n}
}

func topExact(f *fixture) {
	for _, cfg := range []bwstate.TopConfig{{}, {Window: 24 * time.Hour}, {Window: 24 * time.Hour, Windows: 3}} {
		ts := f.tops(cfg)
		require.Zero(f, f.top(ts, "l", 10, 0))
		added := f.topAdd(ts, "l", []bwstate.TopEntry{entry("2001:db8::1", 5), entry("a", 1), entry("é \x00\r\n", 3), entry("a", 2), entry("c", 1<<40)}...)
		require.Equal(f, []bwstate.TopEntry{entry("2001:db8::1", 5), entry("a", 1), entry("é \x00\r\n", 3), entry("a", 3), entry("c", 1<<40)}, added)
		all := []bwstate.TopEntry{entry("c", 1<<40), entry("2001:db8::1", 5), entry("é \x00\r\n", 3), entry("a", 3)}
		require.Equal(f, bwstate.TopList{Entries: all}, f.top(ts, "l", 10, 0))
		require.Equal(f, all[:2], f.top(ts, "l", 2, 1).Entries)
		require.Zero(f, f.top(ts, "other", 10, 0))
		for member, want := range map[string]bwstate.TopRank{"c": {Rank: 1, Count: 1 << 40}, "a": {Rank: 3, Count: 3}, "é \x00\r\n": {Rank: 3, Count: 3}, "none": {}} {
			rank, err := ts.Rank(f.ctx, "l", member, 0)
			require.NoError(f, err)
			require.Equal(f, want, rank, member)
		}
		deleted, err := ts.Delete(f.ctx, "l")
		require.NoError(f, err)
		require.EqualValues(f, 1, deleted)
		f.requireKeys(nil)
	}
}

// topBounds counts what is skewed, as addresses and URLs are, and compares with the truth.
func topBounds(f *fixture) {
	const size, rounds, each = 20, 40, 50
	ts := f.tops(bwstate.TopConfig{Size: size})
	random := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(random, 1.3, 1, 500)
	truth, total := map[string]int64{}, int64(0)
	for range rounds {
		var entries []bwstate.TopEntry
		for range each {
			e := bwstate.TopEntry{Member: strconv.FormatUint(zipf.Uint64(), 10), Count: 1 + random.Int64N(3)}
			entries = append(entries, e)
			truth[e.Member] += e.Count
			total += e.Count
		}
		f.topAdd(ts, "l", entries...)
		require.LessOrEqual(f, f.int("ZCARD", "bwredis:count:app:t0x1x20:l:0"), int64(size))
	}
	found := f.top(ts, "l", size, 0)
	require.Len(f, found.Entries, size)
	require.LessOrEqual(f, found.Wrong, total/size)
	in := map[string]bool{}
	for _, e := range found.Entries {
		in[e.Member] = true
		require.GreaterOrEqual(f, e.Count, truth[e.Member], "never too low")
		require.LessOrEqual(f, e.Count, truth[e.Member]+found.Wrong)
	}
	for member, n := range truth {
		require.True(f, in[member] || n <= found.Wrong, "%s, %d times, is missing", member, n)
	}
}

func topWindows(f *fixture) {
	const day = 24 * time.Hour
	ts := f.tops(bwstate.TopConfig{Window: day, Windows: 3, Size: 4})
	seconds, err := f.do("TIME").Elems()[0].Int()
	require.NoError(f, err)
	for back, members := range [][]string{{"1", "a", "2", "b"}, {"10", "b", "10", "c"}, {"100", "a", "3", "d", "2", "e", "2", "f"}, {"1000", "x"}} {
		f.do(append([]string{"ZADD", fmt.Sprintf("bwredis:count:app:t86400000x3x4:l:%d", seconds/86400-int64(back))}, members...)...)
	}
	require.Equal(f, bwstate.TopList{Entries: []bwstate.TopEntry{entry("b", 2), entry("a", 1)}}, f.top(ts, "l", 10, 1))
	require.Equal(f, bwstate.TopList{Entries: []bwstate.TopEntry{entry("b", 12), entry("c", 10), entry("a", 1)}}, f.top(ts, "l", 10, 2))
	three := bwstate.TopList{Entries: []bwstate.TopEntry{entry("a", 101), entry("b", 12), entry("c", 10), entry("d", 3), entry("f", 2), entry("e", 2)}, Wrong: 2}
	require.Equal(f, three, f.top(ts, "l", 10, 3))
	require.Equal(f, three, f.top(ts, "l", 10, 0))
	require.Equal(f, three.Entries[:3], f.top(ts, "l", 3, 0).Entries)
	rank, err := ts.Rank(f.ctx, "l", "c", 0)
	require.NoError(f, err)
	require.Equal(f, bwstate.TopRank{Rank: 3, Count: 10, Wrong: 2}, rank)
	rank, err = ts.Rank(f.ctx, "l", "b", 1)
	require.NoError(f, err)
	require.Equal(f, bwstate.TopRank{Rank: 1, Count: 2}, rank)
	deleted, err := ts.Delete(f.ctx, "l")
	require.NoError(f, err)
	require.EqualValues(f, 3, deleted)
	require.Len(f, f.keys(), 1)

	short := f.tops(bwstate.TopConfig{Window: 50 * time.Millisecond})
	f.topAdd(short, "s", bwstate.TopEntry{Member: "a", Count: 1})
	require.Eventually(f, func() bool { return len(f.top(short, "s", 10, 0).Entries) == 0 }, 5*time.Second, 5*time.Millisecond)
	require.Eventually(f, func() bool { return len(f.keys()) == 1 }, 5*time.Second, 5*time.Millisecond)
}

func topTTL(f *fixture) {
	plain, own := f.tops(bwstate.TopConfig{}), f.tops(bwstate.TopConfig{TTL: time.Minute})
	for ts, want := range map[*bwstate.Tops]int64{plain: 86400, own: 60} {
		f.topAdd(ts, "l", bwstate.TopEntry{Member: "a", Count: 1})
		f.requireTTL("bwredis:count:app:t0x1x200:l:0", want)
		f.do("PERSIST", "bwredis:count:app:t0x1x200:l:0")
		f.topAdd(ts, "l", bwstate.TopEntry{Member: "a", Count: 1})
		f.requireTTL("bwredis:count:app:t0x1x200:l:0", want)
	}
	f.topAdd(f.tops(bwstate.TopConfig{Window: time.Hour, Windows: 2}), "w", bwstate.TopEntry{Member: "a", Count: 1})
	for _, key := range f.keys() {
		if strings.Contains(key, ":w:") {
			f.requireTTL(key, 3*3600)
		}
	}
}

func topTogether(f *fixture) {
	const callers, each = 16, 25
	ts := f.tops(bwstate.TopConfig{})
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for range each {
				if _, err := ts.Add(f.ctx, "l", bwstate.TopEntry{Member: "all", Count: 1}, bwstate.TopEntry{Member: fmt.Sprint(i), Count: 1}); err != nil {
					f.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	found := f.top(ts, "l", 100, 0)
	require.Len(f, found.Entries, callers+1)
	require.Equal(f, bwstate.TopEntry{Member: "all", Count: callers * each}, found.Entries[0])
	require.EqualValues(f, each, found.Entries[callers].Count)
}

func topForeign(f *fixture) {
	ts := f.tops(bwstate.TopConfig{})
	const key = "bwredis:count:app:t0x1x200:l:0"
	f.do("SET", key, "x")
	_, err := ts.Add(f.ctx, "l", bwstate.TopEntry{Member: "a", Count: 1})
	f.requireCountError(bwstate.CountWrongType, 0, err)
	_, err = ts.Top(f.ctx, "l", 1, 0)
	f.requireCountError(bwstate.CountWrongType, 0, err)
	_, err = ts.Rank(f.ctx, "l", "a", 0)
	f.requireCountError(bwstate.CountWrongType, 0, err)
	f.requireKeys(map[string]record{key: {"string", -1, "x"}})
	f.do("DEL", key)

	const most = 1<<53 - 1
	f.topAdd(ts, "l", bwstate.TopEntry{Member: "a", Count: most - 1})
	for _, entries := range [][]bwstate.TopEntry{{entry("a", 2)}, {entry("b", 1), entry("a", 1)}, {entry("a", most)}} {
		_, err = ts.Add(f.ctx, "l", entries...)
		f.requireCountError(bwstate.CountOverflow, 0, err)
	}
	require.Equal(f, []bwstate.TopEntry{entry("a", most-1)}, f.top(ts, "l", 10, 0).Entries)
	require.Equal(f, []bwstate.TopEntry{entry("a", most)}, f.topAdd(ts, "l", bwstate.TopEntry{Member: "a", Count: 1}))
}

func topArguments(f *fixture) {
	for _, c := range []struct {
		name string
		cfg  bwstate.TopConfig
	}{
		{"Name", bwstate.TopConfig{}},
		{"Name", bwstate.TopConfig{Name: "a b"}},
		{"Size", bwstate.TopConfig{Name: "a", Size: -1}},
		{"Size", bwstate.TopConfig{Name: "a", Size: 1001}},
		{"TTL", bwstate.TopConfig{Name: "a", TTL: -1}},
		{"TTL", bwstate.TopConfig{Name: "a", TTL: time.Hour, Window: time.Hour}},
		{"Window", bwstate.TopConfig{Name: "a", Window: -1}},
		{"Windows", bwstate.TopConfig{Name: "a", Windows: 2}},
		{"Windows", bwstate.TopConfig{Name: "a", Window: time.Hour, Windows: 61}},
		{"WhenAway", bwstate.TopConfig{Name: "a", WhenAway: bwstate.CookieWhenAway}},
	} {
		_, err := f.state.Tops(c.cfg)
		f.requireArgumentError(c.name, err)
	}
	ts, err := f.state.Tops(bwstate.TopConfig{Name: "app", Window: time.Hour, Windows: 2})
	require.NoError(f, err)
	one := bwstate.TopEntry{Member: "a", Count: 1}
	for _, list := range []string{"", strings.Repeat("l", 1025)} {
		f.requireArgumentError("list", second(ts.Add(f.ctx, list, one)))
		f.requireArgumentError("list", second(ts.Top(f.ctx, list, 1, 0)))
		f.requireArgumentError("list", second(ts.Rank(f.ctx, list, "a", 0)))
		f.requireArgumentError("list", second(ts.Delete(f.ctx, list)))
	}
	for _, member := range []string{"", strings.Repeat("m", 4097)} {
		f.requireArgumentError("Member", second(ts.Add(f.ctx, "l", one, bwstate.TopEntry{Member: member, Count: 1})))
		f.requireArgumentError("Member", second(ts.Rank(f.ctx, "l", member, 0)))
	}
	for _, n := range []int64{0, -1, 1 << 53} {
		f.requireArgumentError("Count", second(ts.Add(f.ctx, "l", bwstate.TopEntry{Member: "a", Count: n})))
	}
	f.requireArgumentError("entries", second(ts.Add(f.ctx, "l")))
	f.requireArgumentError("entries", second(ts.Add(f.ctx, "l", make([]bwstate.TopEntry, 1001)...)))
	for _, n := range []int{0, -1, 1001} {
		f.requireArgumentError("n", second(ts.Top(f.ctx, "l", n, 0)))
	}
	for _, windows := range []int{-1, 3} {
		f.requireArgumentError("windows", second(ts.Top(f.ctx, "l", 1, windows)))
		f.requireArgumentError("windows", second(ts.Rank(f.ctx, "l", "a", windows)))
	}
	f.requireKeys(nil)
}
