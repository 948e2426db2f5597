package conformance

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

// topSizes: what another size has left out makes no list say that it is exact.
func topSizes(f *fixture) {
	small, large := f.tops(bwstate.TopConfig{Size: 2}), f.tops(bwstate.TopConfig{Size: 10})
	for i := range 5 {
		f.topAdd(small, "l", entry(fmt.Sprint(i), int64(i+1)))
	}
	require.Zero(f, f.top(large, "l", 10, 0))
	f.topAdd(large, "l", entry("0", 1))
	require.Equal(f, bwstate.TopList{Entries: []bwstate.TopEntry{entry("0", 1)}}, f.top(large, "l", 10, 0))
	require.Positive(f, f.top(small, "l", 10, 0).Wrong)
}

// randomEntries are members of all kinds, some of them often and many equally often, and adds them up in truth.
func randomEntries(random *rand.Rand, truth map[string]int64) []bwstate.TopEntry {
	members := []string{"", "\x00", "a\r\n", "\xff", strings.Repeat("m", 4000)}
	entries := make([]bwstate.TopEntry, 1+random.IntN(40))
	for i := range entries {
		n := random.IntN(1 + random.IntN(60))
		entries[i] = entry(members[n%len(members)]+strconv.Itoa(n), 1+random.Int64N(4))
		truth[entries[i].Member] += entries[i].Count
	}
	return entries
}

// topRandom compares lists of several sizes with the truth after each addition.
func topRandom(f *fixture) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, size := range []int{1, 2, 5, 30, 200} {
		ts, truth, total := f.tops(bwstate.TopConfig{Size: size}), map[string]int64{}, int64(0)
		for range 30 {
			entries := randomEntries(random, truth)
			for i, e := range f.topAdd(ts, "l", entries...) {
				require.Equal(f, entries[i].Member, e.Member)
				total += entries[i].Count
			}
			found, in, last := f.top(ts, "l", size, 0), map[string]bool{}, int64(1<<62)
			require.Len(f, found.Entries, min(size, len(truth)))
			require.LessOrEqual(f, found.Wrong, total/int64(size))
			for _, e := range found.Entries {
				in[e.Member] = true
				require.LessOrEqual(f, truth[e.Member], e.Count)
				require.LessOrEqual(f, e.Count-found.Wrong, truth[e.Member])
				require.LessOrEqual(f, e.Count, last, "the most frequent first")
				last = e.Count
				rank, err := ts.Rank(f.ctx, "l", e.Member, 0)
				require.NoError(f, err)
				require.Equal(f, bwstate.TopRank{Rank: rank.Rank, Count: e.Count, Wrong: found.Wrong}, rank)
				require.Equal(f, e.Count, found.Entries[rank.Rank-1].Count)
			}
			for member, n := range truth {
				require.True(f, in[member] || n <= found.Wrong, "%.20q is missing", member)
			}
		}
	}
}

// ageTop makes what was counted in the present day something of some days ago.
func (f *fixture) ageTop(prefix string, days int) {
	f.Helper()
	seconds, err := f.do("TIME").Elems()[0].Int()
	require.NoError(f, err)
	f.do("RENAME", fmt.Sprint(prefix, seconds/86400), fmt.Sprint(prefix, seconds/86400-int64(days)))
}

// topRandomWindows does so with several windows together.
func topRandomWindows(f *fixture) {
	random := rand.New(rand.NewPCG(5, 6))
	const windows = 4
	for _, size := range []int{1, 3, 20, 200} {
		ts, truth := f.tops(bwstate.TopConfig{Size: size, Window: 24 * time.Hour, Windows: windows}), map[string]int64{}
		for back := range windows {
			for range 5 {
				f.topAdd(ts, "l", randomEntries(random, truth)...)
			}
			if back < windows-1 {
				f.ageTop(fmt.Sprintf("bwredis:count:app:t86400000x%dx%d:l:", windows, size), back+1)
			}
		}
		found := f.top(ts, "l", size, 0)
		for _, e := range found.Entries {
			require.LessOrEqual(f, truth[e.Member], e.Count+found.Wrong)
			require.LessOrEqual(f, e.Count-found.Wrong, truth[e.Member])
		}
		if size == 200 {
			require.Zero(f, found.Wrong)
		}
	}
}

// topForeignLists are lists that somebody else has written to.
func topForeignLists(f *fixture) {
	ts := f.tops(bwstate.TopConfig{})
	const key = "bwredis:count:app:t0x1x200:l:0"
	for _, c := range [][2]string{{"inf", "z"}, {"-inf", "z"}, {"0", "z"}, {"-1", "z"}, {"1.5", "z"}, {"9007199254740992", "z"}} {
		f.do("ZADD", key, "5", "a", c[0], c[1])
		_, err := ts.Add(f.ctx, "l", entry("b", 1))
		f.requireCountError(bwstate.CountForeign, 0, err)
		_, err = ts.Top(f.ctx, "l", 10, 0)
		f.requireCountError(bwstate.CountForeign, 0, err)
		_, err = ts.Rank(f.ctx, "l", "a", 0)
		f.requireCountError(bwstate.CountForeign, 0, err)
		require.EqualValues(f, 2, f.int("ZCARD", key))
		f.do("DEL", key)
	}
	f.do("ZADD", key, "5", strings.Repeat("m", 4097))
	_, err := ts.Top(f.ctx, "l", 10, 0)
	f.requireCountError(bwstate.CountForeign, 0, err)

	days := f.tops(bwstate.TopConfig{Window: 24 * time.Hour, Windows: 2})
	f.topAdd(days, "d", entry("a", 1<<53-1))
	f.ageTop("bwredis:count:app:t86400000x2x200:d:", 1)
	f.topAdd(days, "d", entry("a", 1))
	_, err = days.Top(f.ctx, "d", 10, 0)
	f.requireCountError(bwstate.CountOverflow, 0, err)
}
