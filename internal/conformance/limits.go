package conformance

import (
	"strconv"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

var limitTests = []test{
	{"what is in the window", limitWindow},
	{"when to ask again", limitRetry},
	{"clocks that differ", limitClocks},
	{"what is stored of a path", limitStoredStamps},
	{"what is no list of times", limitNoStamps},
	{"when there is more", limitMore},
	{"paths and addresses", limitPaths},
	{"a service has windows", limitServiceWindows},
	{"counters of a service that others spoiled", limitServiceSpoiled},
	{"callers at the same time", limitTogether},
	{"all limits count", limitAll},
	{"in order, none counts behind the one that limits", limitInOrder},
	{"a limit that fails keeps none from counting", limitFails},
	{"bad arguments", limitArguments},
}

func intText(n int64) string { return strconv.FormatInt(n, 10) }

// limitsAt returns limits whose clock stands still.
func (f *fixture) limitsAt(now time.Time) *bwstate.Limits {
	f.Helper()
	limits, err := f.state.Limits(bwstate.LimitsConfig{Now: func() time.Time { return now }})
	require.NoError(f, err)
	return limits
}

// limitNow is the time of most of these tests, a tenth of a second after 1700000000.
var limitNow = time.Unix(1_700_000_000, 100_000_000)

const (
	limitKey     = "plugin_limit_www.example.com203.0.113.7/login"
	limitCounter = "plugin_limit_global_www.example.com_28333333"
)

// perMinute is the limit of a client on /login.
func perMinute(n int64) bwstate.PathLimit {
	return bwstate.PathLimit{Rate: bwstate.Rate{Limit: n, Window: time.Minute}, Service: site, IP: client, Path: "/login"}
}

// wholeSite is the limit of a service.
func wholeSite(n int64) bwstate.ServiceLimit {
	return bwstate.ServiceLimit{Rate: bwstate.Rate{Limit: n, Window: time.Minute}, Service: site}
}

func (f *fixture) path(limits *bwstate.Limits, p bwstate.PathLimit) bwstate.LimitResult {
	f.Helper()
	r, err := limits.Path(f.ctx, p)
	require.NoError(f, err)
	require.False(f, r.Degraded)
	require.False(f, r.Skipped)
	return r
}

func limitWindow(f *fixture) {
	for i, c := range []struct {
		after            time.Duration
		count, remaining int64
		limited          bool
	}{
		{0, 1, 1, false},
		{20 * time.Second, 2, 0, false},
		{30 * time.Second, 3, 0, true}, // stored all the same
		{40 * time.Second, 3, 0, true}, // not stored
		{60 * time.Second, 3, 0, true}, // both ends belong to the window
		{61 * time.Second, 3, 0, true}, // the first one has left, and this one is the third
		{81 * time.Second, 3, 0, true},
		{142 * time.Second, 1, 1, false},
	} {
		r := f.path(f.limitsAt(limitNow.Add(c.after)), perMinute(2))
		require.Equal(f, c.limited, r.Limited, "request %d", i)
		require.Equal(f, c.count, r.Count, "request %d", i)
		require.Equal(f, c.remaining, r.Remaining, "request %d", i)
		require.EqualValues(f, 2, r.Limit)
		require.Equal(f, time.Minute, r.Window)
	}
}

func limitRetry(f *fixture) {
	for _, c := range []struct {
		name   string
		stamps string
		limit  int64
		ttl    string
		want   time.Duration // until there is room
	}{
		{"the second but last has to leave", "[1699999990,1699999991,1699999992]", 2, "", 51900 * time.Millisecond},
		{"what is out of order", "[1699999992,1699999990,1699999991]", 2, "", 51900 * time.Millisecond},
		{"a longer list", "[1699999990,1699999991,1699999992,1699999993]", 2, "", 52900 * time.Millisecond},
		{"parts of a second", "[1699999990.25,1699999991.75,1699999992]", 2, "", 51900 * time.Millisecond},
		{"a stamp of the future", "[1700000100,1700000100,1700000100]", 2, "", 160900 * time.Millisecond},
		{"a key that ends before", "[1700000100,1700000100,1700000100]", 2, "50000", 50 * time.Second},
		{"a key that ends behind", "[1699999990,1699999991,1699999992]", 2, "3000000", 51900 * time.Millisecond},
		{"none is let through", "[1699999990]", 0, "", time.Minute},
	} {
		f.part(c.name, func(f *fixture) {
			f.do("SET", limitKey, c.stamps)
			if c.ttl != "" {
				f.do("PEXPIRE", limitKey, c.ttl)
			}
			r := f.path(f.limitsAt(limitNow), perMinute(c.limit))
			require.True(f, r.Limited)
			if c.ttl != "50000" {
				require.Equal(f, c.want, r.RetryAfter)
			} else {
				f.begin = time.Now().Add(-time.Second)
				f.requireAbout(c.want, r.RetryAfter)
				f.requireAbout(c.want, r.ResetAfter)
			}
			require.Equal(f, c.stamps, f.text("GET", limitKey), "nothing was written")
		})
	}
	f.part("what was said holds", func(f *fixture) {
		f.do("DEL", limitKey)
		for range 3 {
			f.path(f.limitsAt(limitNow), perMinute(2))
		}
		f.do("PERSIST", limitKey) // so that the clock here decides
		r := f.path(f.limitsAt(limitNow), perMinute(2))
		require.Equal(f, 60900*time.Millisecond, r.RetryAfter)
		require.True(f, f.path(f.limitsAt(limitNow.Add(r.RetryAfter-1)), perMinute(2)).Limited)
		require.False(f, f.path(f.limitsAt(limitNow.Add(r.RetryAfter)), perMinute(2)).Limited)
	})
}

func limitClocks(f *fixture) {
	ahead, behind := f.limitsAt(limitNow.Add(time.Hour)), f.limitsAt(limitNow.Add(-time.Hour))
	require.False(f, f.path(ahead, perMinute(2)).Limited)
	require.False(f, f.path(behind, perMinute(2)).Limited, "what is of the future counts")
	require.True(f, f.path(f.limitsAt(limitNow), perMinute(1)).Limited)
	require.Equal(f, "[1700003600,1700000000]", f.text("GET", limitKey), "what is of an hour ago does not")
	require.True(f, f.path(behind, perMinute(2)).Limited, "a clock that goes back ends no limit")
	require.Equal(f, "[1700003600,1700000000,1699996400]", f.text("GET", limitKey))
	f.requireTTL(limitKey, 60)
	require.False(f, f.path(f.limitsAt(time.Unix(-5, 500_000_000)), perMinute(9)).Limited)
	require.Equal(f, "[1700003600,1700000000,1699996400,-5]", f.text("GET", limitKey), "before 1970")
}

func limitStoredStamps(f *fixture) {
	for value, want := range map[string]string{
		`[]`:                                   `[1700000000]`,
		`{}`:                                   `[1700000000]`,
		`{"1":1700000000,"a":[{"b":null}]}`:    `[1700000000]`,
		` [ 1700000000 , 1.5e0 ] `:             `[1700000000,1700000000]`,
		`[1699999999.123456789]`:               `[1699999999.1235,1700000000]`,
		`[100000000000000,1e300,1699999940]`:   `[1e+14,1e+300,1699999940,1700000000]`,
		`[0x6553F100,+1700000000,01700000000]`: `[1700000000,1700000000,1700000000,1700000000]`,
		`[nan,-inf,-1e999,1700000000]`:         `[1700000000,1700000000]`,
		"[]\x00 anything":                      `[1700000000]`,
	} {
		f.do("SET", limitKey, value)
		f.path(f.limitsAt(limitNow), perMinute(9))
		require.Equal(f, want, f.text("GET", limitKey), value)
		f.requireTTL(limitKey, 60)
	}
}

func limitNoStamps(f *fixture) {
	for _, value := range []string{
		"", "oops", "5", "[" + strings.Repeat("1700000000,", 100_000) + "1]", // a megabyte and more `"x"`, "null", "true", "[", "[1,]", "[1] 2", `["1700000000"]`, "[null]", "[[1]]", "[{}]", "[true]", "[inf]", "[1e999]", ".5", "[.5]", `{"a":1,}`,
		`{"a":"\ud800"}`, `{"a":"\ud800\u0041"}`, "\xef\xbb\xbf[]", "[1\x00]", "[\x00", `{1:2}`, `{"a"}`, "[1 2]", `{"a":tru}`, `{"\q":1}`,
	} {
		f.do("SET", limitKey, value)
		r, err := f.limitsAt(limitNow).Path(f.ctx, perMinute(9))
		var e *bwstate.ValueError
		require.ErrorAs(f, err, &e, "%q", value)
		require.Zero(f, r)
		require.NotContains(f, err.Error(), "oops")
		f.requireKeys(map[string]record{limitKey: {"string", -1, value}})
	}
}

func limitServiceWindows(f *fixture) {
	begin := time.Unix(28333333*60, 0)
	for i, want := range []bwstate.LimitResult{
		{Count: 1, Limit: 2, Remaining: 1, Window: time.Minute, ResetAfter: 60 * time.Second, MoreAfter: 60 * time.Second},
		{Count: 2, Limit: 2, Window: time.Minute, ResetAfter: 50 * time.Second, MoreAfter: 50 * time.Second},
		{Count: 3, Limit: 2, Window: time.Minute, ResetAfter: 40 * time.Second, MoreAfter: 40 * time.Second, RetryAfter: 40 * time.Second, Limited: true},
	} {
		got, err := f.limitsAt(begin.Add(time.Duration(i)*10*time.Second)).Service(f.ctx, wholeSite(2))
		require.NoError(f, err)
		require.Equal(f, want, got)
	}
	got, err := f.limitsAt(begin.Add(59750*time.Millisecond)).Service(f.ctx, wholeSite(0))
	require.NoError(f, err)
	require.Equal(f, bwstate.LimitResult{Count: 4, Window: time.Minute, ResetAfter: 250 * time.Millisecond, MoreAfter: time.Minute, RetryAfter: time.Minute, Limited: true}, got)
	got, err = f.limitsAt(begin.Add(time.Minute)).Service(f.ctx, wholeSite(2))
	require.NoError(f, err)
	require.EqualValues(f, 1, got.Count)
	_, err = f.limitsAt(time.Unix(-1, 0)).Service(f.ctx, wholeSite(2))
	require.NoError(f, err)
	f.requireKeys(map[string]record{
		limitCounter: {"string", 60, "4"},
		"plugin_limit_global_www.example.com_28333334": {"string", 60, "1"},
		"plugin_limit_global_www.example.com_-1":       {"string", 60, "1"},
	})
}

func limitServiceSpoiled(f *fixture) {
	limits := f.limitsAt(limitNow)
	f.do("SET", limitCounter, "9007199254740993", "EX", "7")
	got, err := limits.Service(f.ctx, wholeSite(2))
	require.NoError(f, err)
	require.True(f, got.Limited)
	f.requireTTL(limitCounter, 7)
	f.do("SET", limitCounter, "-5")
	got, err = limits.Service(f.ctx, wholeSite(2))
	require.NoError(f, err)
	require.EqualValues(f, -4, got.Count)
	require.EqualValues(f, 2, got.Remaining)
	f.requireTTL(limitCounter, 60)
	f.do("SET", limitCounter, "9223372036854775806")
	got, err = limits.Service(f.ctx, wholeSite(2))
	require.NoError(f, err)
	require.True(f, got.Limited)
	for _, value := range []string{"", "x", "9223372036854775807"} {
		f.do("SET", limitCounter, value)
		_, err := limits.Service(f.ctx, wholeSite(2))
		f.requireReply("ERR", err)
		f.requireKeys(map[string]record{limitCounter: {"string", -1, value}})
	}
}

func limitMore(f *fixture) {
	for _, c := range []struct {
		name, stamps string
		limit        int64
		want         time.Duration // until there is one more
	}{
		{"the first one leaves", "[1699999990,1699999995]", 5, 50900 * time.Millisecond},
		{"what is out of order", "[1699999995,1699999990]", 5, 50900 * time.Millisecond},
		{"the last that is let through", "[1699999990]", 2, 50900 * time.Millisecond},
		{"one too many", "[1699999990,1699999995]", 2, 55900 * time.Millisecond},
		{"none", "[1699999990]", 0, time.Minute},
	} {
		f.part(c.name, func(f *fixture) {
			f.do("SET", limitKey, c.stamps)
			r := f.path(f.limitsAt(limitNow), perMinute(c.limit))
			require.Equal(f, c.want, r.MoreAfter)
		})
	}
}

func limitPaths(f *fixture) {
	limits := f.limitsAt(limitNow)
	p := perMinute(2)
	p.IP = addr("::ffff:203.0.113.7")
	f.path(limits, p)
	require.Equal(f, []string{limitKey}, f.keys(), "an address that is mapped into IPv6 is that of IPv4")
	require.EqualValues(f, 2, f.path(limits, perMinute(2)).Count)
	f.do("DEL", limitKey)
	for _, c := range []struct{ path, stored string }{
		{"/", "/"},
		{"/\x00\xff\r\n é", "/\x00\xff\r\n é"},
		{"/" + strings.Repeat("a", 8191), "/" + strings.Repeat("a", 8191)},
		{"/" + strings.Repeat("a", 8192), "=LTqLRdZ3YMXHiPo-p66-lR3SluVwacSoHwrxSBAFNZU"}, // what no node has
		{"/" + strings.Repeat("a", 1<<20), "="},
	} {
		p := perMinute(2)
		p.Path = c.path
		require.EqualValues(f, 1, f.path(limits, p).Count)
		require.EqualValues(f, 2, f.path(limits, p).Count)
		keys := f.keys()
		require.Len(f, keys, 1)
		want := "plugin_limit_www.example.com203.0.113.7" + c.stored
		if c.stored == "=" {
			keys[0] = keys[0][:len(want)]
		}
		require.Equal(f, want, keys[0])
		f.do("FLUSHDB")
	}
}
