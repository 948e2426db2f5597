package conformance

import (
	"strconv"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

var quotaTests = []test{
	{"a burst, and no more", quotaBurst},
	{"what is earned", quotaEarns},
	{"what is refused costs nothing", quotaRefused},
	{"to look costs nothing", quotaPeek},
	{"rates that do not divide", quotaParts},
	{"keys", quotaKeys},
	{"values of the past, of the future and of another rate", quotaValues},
	{"what is no quota", quotaForeign},
}

const quotaStored = "bwredis:limit:api:alice"

// aliceHourly is a quota that earns next to nothing during a test.
func aliceHourly(limit int64) bwstate.Quota {
	return bwstate.Quota{Name: "api", Key: "alice", Rate: bwstate.Rate{Limit: limit, Window: time.Hour}}
}

func (f *fixture) quota(q bwstate.Quota) bwstate.LimitResult {
	f.Helper()
	limits, err := f.state.Limits(bwstate.LimitsConfig{})
	require.NoError(f, err)
	r, err := limits.Quota(f.ctx, q)
	require.NoError(f, err)
	return r
}

// clock is the server's, in microseconds.
func (f *fixture) clock() int64 {
	f.Helper()
	now := f.do("TIME").Elems()
	seconds, err := now[0].Int()
	require.NoError(f, err)
	micros, err := now[1].Int()
	require.NoError(f, err)
	return seconds*1_000_000 + micros
}

func quotaBurst(f *fixture) {
	q := aliceHourly(60)
	q.Burst = 3
	for want := int64(2); want >= 0; want-- {
		r := f.quota(q)
		require.False(f, r.Limited)
		require.Equal(f, want, r.Remaining)
		require.Equal(f, 3-want, r.Count)
		require.Zero(f, r.RetryAfter)
		f.requireAbout(time.Duration(3-want)*time.Minute, r.ResetAfter)
	}
	r := f.quota(q)
	require.True(f, r.Limited)
	require.EqualValues(f, 3, r.Limit)
	require.Zero(f, r.Remaining)
	require.Equal(f, 3*time.Minute, r.Window)
	f.requireAbout(time.Minute, r.RetryAfter)
	f.requireAbout(3*time.Minute, r.ResetAfter)
	f.requireTTL(quotaStored, 180)
	q.Cost = 2
	f.requireAbout(2*time.Minute, f.quota(q).RetryAfter)
}

func quotaEarns(f *fixture) {
	// A tenth of the quota is earned in 50 milliseconds.
	q := bwstate.Quota{Name: "api", Key: "alice", Rate: bwstate.Rate{Limit: 10, Window: 500 * time.Millisecond}, Cost: 10}
	require.False(f, f.quota(q).Limited)
	asked := f.clock()
	r := f.quota(q)
	require.True(f, r.Limited)
	require.Greater(f, r.RetryAfter, time.Duration(0))
	require.Eventually(f, func() bool { return !f.quota(q).Limited }, patience/2, time.Millisecond)
	require.GreaterOrEqual(f, f.clock()-asked+1000, r.RetryAfter.Microseconds(), "not before the time that was said")
}

func quotaRefused(f *fixture) {
	q := aliceHourly(10)
	q.Cost = 7
	require.False(f, f.quota(q).Limited)
	stored := f.text("GET", quotaStored)
	for range 3 {
		r := f.quota(q)
		require.True(f, r.Limited)
		require.EqualValues(f, 3, r.Remaining)
		f.requireAbout(24*time.Minute, r.RetryAfter)
	}
	require.Equal(f, stored, f.text("GET", quotaStored))
	q.Cost = 3
	require.False(f, f.quota(q).Limited)
	q.Cost = 1
	require.True(f, f.quota(q).Limited)
}

func quotaPeek(f *fixture) {
	q := aliceHourly(2)
	look := q
	look.Peek = true
	r := f.quota(look)
	require.Equal(f, bwstate.LimitResult{Limit: 2, Remaining: 2, Window: time.Hour}, r)
	f.requireKeys(nil)
	f.quota(q)
	stored := f.text("GET", quotaStored)
	require.EqualValues(f, 1, f.quota(look).Remaining)
	look.Cost = 2
	r = f.quota(look)
	require.True(f, r.Limited)
	require.EqualValues(f, 1, r.Remaining)
	f.requireAbout(30*time.Minute, r.RetryAfter)
	require.Equal(f, stored, f.text("GET", quotaStored))
}

func quotaParts(f *fixture) {
	for _, rate := range []bwstate.Rate{
		{Limit: 7, Window: time.Hour},                        // 514285714 2/7 microseconds
		{Limit: 3, Window: 10 * time.Microsecond},            // many in a microsecond
		{Limit: 999_999_999_999_999, Window: time.Hour},      // what scripts can just count
		{Limit: 1_000_000, Window: 24 * 365 * time.Hour},     //
		{Limit: 1, Window: 100 * 365 * 24 * time.Hour},       // one in a hundred years
		{Limit: 86_399_999_999, Window: 24 * time.Hour},      // a little more than one in a microsecond
		{Limit: 999_983, Window: 999_979 * time.Microsecond}, // primes
	} {
		f.part(rate.String(), func(f *fixture) {
			f.do("DEL", quotaStored)
			q := bwstate.Quota{Name: "api", Key: "alice", Rate: rate}
			r := f.quota(q)
			require.False(f, r.Limited)
			require.LessOrEqual(f, r.Remaining, rate.Limit)
			require.GreaterOrEqual(f, r.Remaining, rate.Limit-1)
			q.Cost = rate.Limit
			if rate.Window/time.Duration(rate.Limit) < patience {
				return // it may be earned again by now
			}
			require.True(f, f.quota(q).Limited)
			if q.Cost = r.Remaining; q.Cost > 0 {
				require.False(f, f.quota(q).Limited)
			}
		})
	}
	// Seven sevenths are one: nothing is lost on the way.
	q := aliceHourly(7)
	f.do("DEL", quotaStored)
	first := int64(0)
	for i := range 7 {
		f.quota(q)
		if i == 0 {
			whole, _, _ := strings.Cut(f.text("GET", quotaStored), "+")
			first = mustInt(f, whole) - 514285714
			require.True(f, strings.HasSuffix(f.text("GET", quotaStored), "+2/7"))
		}
	}
	require.Equal(f, intText(first+3_600_000_000), f.text("GET", quotaStored))
}

func quotaKeys(f *fixture) {
	long := strings.Repeat("k", 64)
	for _, c := range []struct{ name, key, stored string }{
		{"api", "alice", "bwredis:limit:api:alice"},
		{"api", "", "bwredis:limit:api:"},
		{"api", ":=\x00é\r\n", "bwredis:limit:api::=\x00é\r\n"},
		{"api", long, "bwredis:limit:api:" + long},
		{"api", long + "k", "bwredis:limit:api=85zcJYR1jJnPgcH0HSVy9U4XBmr__J0Yeur-X3y-ISI"},
	} {
		f.part(c.stored, func(f *fixture) {
			q := aliceHourly(5)
			q.Name, q.Key = c.name, c.key
			f.quota(q)
			require.Len(f, f.keys(), 1)
			require.Equal(f, c.stored, f.keys()[0])
			f.requireTTL(c.stored, 720)
			f.do("DEL", c.stored)
		})
	}
}

func quotaValues(f *fixture) {
	q := aliceHourly(60)
	q.Burst = 10
	now := f.clock()
	minute := time.Minute.Microseconds()
	for _, c := range []struct {
		name, value string
		remaining   int64 // of 10, behind the request
		limited     bool
	}{
		{"the past", intText(now - 10*minute), 9, false},
		{"0", "0", 9, false},
		{"seven minutes", intText(now + 7*minute), 2, false},
		{"parts of another rate", intText(now+7*minute) + "+1/3", 2, false},
		{"parts of nothing", intText(now+7*minute) + "+1/0", 2, false},
		{"a clock that was set back", intText(now + 100*minute), 0, true},
		{"the end of time", "9999999999999999+1/3", 0, true},
	} {
		f.part(c.name, func(f *fixture) {
			f.do("SET", quotaStored, c.value)
			r := f.quota(q)
			require.Equal(f, c.limited, r.Limited)
			require.Equal(f, c.remaining, r.Remaining)
			if c.limited {
				require.Equal(f, time.Minute, r.RetryAfter, "as if all of it had just been used")
				left := mustInt(f, f.text("GET", quotaStored)) - f.clock()
				require.LessOrEqual(f, left, 10*minute, "and that is what is stored")
				require.Greater(f, left, 9*minute)
			}
		})
	}
}

func quotaForeign(f *fixture) {
	limits := f.limitsAt(limitNow)
	for _, value := range []string{
		"", "x", "-5", "1.5", " 1", "1 ", "+1/3", "1+", "1+1", "1+/3", "1+1/", "1+1/3/3", "1+1/3 ", "12345678901234567", "1\n", "1\x00", "5x+1/2", "1++1/2",
		"1+" + strings.Repeat("1", 47) + "/3", "[1700000000]", strings.Repeat("1", 1<<20),
	} {
		f.do("SET", quotaStored, value)
		for _, look := range []bool{false, true} {
			q := aliceHourly(60)
			q.Peek = look
			r, err := limits.Quota(f.ctx, q)
			var e *bwstate.ValueError
			require.ErrorAs(f, err, &e, "%q", value)
			require.Zero(f, r)
		}
		f.requireKeys(map[string]record{quotaStored: {"string", -1, value}})
	}
}

func mustInt(f *fixture, text string) int64 {
	f.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	require.NoError(f, err)
	return n
}
