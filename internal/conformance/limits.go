package conformance

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
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
		"", "oops", "5", `"x"`, "null", "true", "[", "[1,]", "[1] 2", `["1700000000"]`, "[null]", "[[1]]", "[{}]", "[true]", "[inf]", "[1e999]", ".5", "[.5]", `{"a":1,}`,
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
		{Count: 1, Limit: 2, Remaining: 1, Window: time.Minute, ResetAfter: 60 * time.Second},
		{Count: 2, Limit: 2, Window: time.Minute, ResetAfter: 50 * time.Second},
		{Count: 3, Limit: 2, Window: time.Minute, ResetAfter: 40 * time.Second, RetryAfter: 40 * time.Second, Limited: true},
	} {
		got, err := f.limitsAt(begin.Add(time.Duration(i)*10*time.Second)).Service(f.ctx, wholeSite(2))
		require.NoError(f, err)
		require.Equal(f, want, got)
	}
	got, err := f.limitsAt(begin.Add(59750*time.Millisecond)).Service(f.ctx, wholeSite(0))
	require.NoError(f, err)
	require.Equal(f, bwstate.LimitResult{Count: 4, Window: time.Minute, ResetAfter: 250 * time.Millisecond, RetryAfter: time.Minute, Limited: true}, got)
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

func limitTogether(f *fixture) {
	const callers, each, limit = 16, 20, 100
	limits := f.limitsAt(limitNow)
	var through, counted, earned atomic.Int64
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range each {
				path, err1 := limits.Path(f.ctx, perMinute(limit))
				whole, err2 := limits.Service(f.ctx, wholeSite(limit))
				quota, err3 := limits.Quota(f.ctx, bwstate.Quota{Name: "n", Rate: bwstate.Rate{Limit: limit, Window: 24 * time.Hour}})
				for _, err := range []error{err1, err2, err3} {
					if err != nil {
						f.Error(err)
						return
					}
				}
				for r, n := range map[*bwstate.LimitResult]*atomic.Int64{&path: &through, &whole: &counted, &quota: &earned} {
					if !r.Limited {
						n.Add(1)
					}
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(f, limit, through.Load())
	require.EqualValues(f, limit, counted.Load())
	require.EqualValues(f, limit, earned.Load())
}

func limitAll(f *fixture) {
	limits := f.limitsAt(limitNow)
	before := f.state.RoundTrips()
	quota := bwstate.Quota{Name: "api", Key: "alice", Rate: bwstate.Rate{Limit: 5, Window: time.Hour}}
	results, err := limits.All(f.ctx, wholeSite(0), perMinute(1), quota, perMinute(1))
	require.NoError(f, err)
	require.EqualValues(f, 1, f.state.RoundTrips()-before)
	require.Len(f, results, 4)
	require.True(f, results[0].Limited)
	require.Equal(f, []int64{1, 1, 1, 2}, []int64{results[0].Count, results[1].Count, results[2].Count, results[3].Count})
	require.Equal(f, []bool{true, false, false, true}, []bool{results[0].Limited, results[1].Limited, results[2].Limited, results[3].Limited})
	none, err := limits.All(f.ctx)
	require.NoError(f, err)
	require.Empty(f, none)
}

func limitInOrder(f *fixture) {
	limits := f.limitsAt(limitNow)
	for i, want := range [][]int64{{1, 1}, {2, 2}, {3, 0}, {4, 0}} {
		before := f.state.RoundTrips()
		results, err := limits.InOrder(f.ctx, wholeSite(2), perMinute(5))
		require.NoError(f, err)
		require.EqualValues(f, 1, f.state.RoundTrips()-before)
		require.Equal(f, want, []int64{results[0].Count, results[1].Count})
		require.Equal(f, i >= 2, results[0].Limited)
		require.Equal(f, i >= 2, results[1].Skipped)
		if results[1].Skipped {
			require.Equal(f, bwstate.LimitResult{Skipped: true}, results[1])
		}
	}
	require.Equal(f, "[1700000000,1700000000]", f.text("GET", limitKey))
	quota := bwstate.Quota{Name: "n", Rate: bwstate.Rate{Limit: 1, Window: time.Hour}}
	for _, skipped := range []bool{false, true} {
		results, err := limits.InOrder(f.ctx, quota, perMinute(5), wholeSite(9))
		require.NoError(f, err)
		require.Equal(f, skipped, results[1].Skipped)
		require.Equal(f, skipped, results[2].Skipped)
	}
}

func limitFails(f *fixture) {
	f.do("SET", limitKey, "oops")
	f.do("SET", limitCounter, "x")
	f.do("LPUSH", "bwredis:limit:n:", "a")
	limits := f.limitsAt(limitNow)
	quota := bwstate.Quota{Name: "n", Rate: bwstate.Rate{Limit: 1, Window: time.Hour}}
	other := quota
	other.Key = "other"
	for _, check := range []func() ([]bwstate.LimitResult, error){
		func() ([]bwstate.LimitResult, error) {
			return limits.All(f.ctx, perMinute(1), wholeSite(1), quota, other)
		},
		func() ([]bwstate.LimitResult, error) {
			return limits.InOrder(f.ctx, perMinute(1), wholeSite(1), quota, other)
		},
	} {
		f.do("DEL", "bwredis:limit:n:other")
		results, err := check()
		require.Len(f, results, 4)
		var value *bwstate.ValueError
		require.ErrorAs(f, err, &value)
		f.requireReply("not an integer", err)
		require.ErrorContains(f, err, "limit 2: redis: WRONGTYPE")
		var which *bwstate.LimitError
		require.ErrorAs(f, err, &which)
		require.Zero(f, which.Index)
		require.Equal(f, make([]bwstate.LimitResult, 3), results[:3])
		require.EqualValues(f, 1, results[3].Count)
	}
}

func limitArguments(f *fixture) {
	limits := f.limitsAt(limitNow)
	minute := bwstate.Rate{Limit: 1, Window: time.Minute}
	for _, c := range []struct {
		name  string
		limit bwstate.Limit
	}{
		{"ip", bwstate.PathLimit{Rate: minute, Service: site}},
		{"ip", bwstate.PathLimit{Rate: minute, Service: site, IP: addr("fe80::1%eth0")}},
		{"Service", bwstate.PathLimit{Rate: minute, IP: client}},
		{"Service", bwstate.PathLimit{Rate: minute, IP: client, Service: "a b"}},
		{"Rate", bwstate.PathLimit{IP: client, Service: site}},
		{"Rate", bwstate.PathLimit{Rate: bwstate.Rate{Limit: -1, Window: time.Minute}, IP: client, Service: site}},
		{"Rate", bwstate.PathLimit{Rate: bwstate.Rate{Limit: 1, Window: 1500 * time.Millisecond}, IP: client, Service: site}},
		{"Rate", bwstate.PathLimit{Rate: bwstate.Rate{Limit: 1 << 60, Window: time.Minute}, IP: client, Service: site}},
		{"Service", bwstate.ServiceLimit{Rate: minute}},
		{"Rate", bwstate.ServiceLimit{Service: site}},
		{"Rate", bwstate.ServiceLimit{Service: site, Rate: bwstate.Rate{Limit: 1, Window: -time.Minute}}},
		{"Name", bwstate.Quota{Rate: minute}},
		{"Name", bwstate.Quota{Name: "a:b", Rate: minute}},
		{"Rate", bwstate.Quota{Name: "n"}},
		{"Rate", bwstate.Quota{Name: "n", Rate: bwstate.Rate{Window: time.Minute}}},
		{"Rate", bwstate.Quota{Name: "n", Rate: bwstate.Rate{Limit: 1, Window: 1}}},
		{"Burst", bwstate.Quota{Name: "n", Rate: minute, Burst: -1}},
		{"Burst", bwstate.Quota{Name: "n", Rate: minute, Burst: 1 << 40}},
		{"Cost", bwstate.Quota{Name: "n", Rate: minute, Cost: -1}},
		{"Cost", bwstate.Quota{Name: "n", Rate: minute, Cost: 2}},
	} {
		var err error
		switch p := c.limit.(type) {
		case bwstate.PathLimit:
			_, err = limits.Path(f.ctx, p)
		case bwstate.ServiceLimit:
			_, err = limits.Service(f.ctx, p)
		case bwstate.Quota:
			_, err = limits.Quota(f.ctx, p)
		}
		f.requireArgumentError(c.name, err)
		_, err = limits.All(f.ctx, wholeSite(1), c.limit)
		f.requireArgumentError(c.name, err)
		require.ErrorContains(f, err, "limit 1: ")
	}
	_, err := limits.InOrder(f.ctx, nil)
	f.requireArgumentError("limit", err)
	_, err = limits.All(f.ctx, make([]bwstate.Limit, 1001)...)
	f.requireArgumentError("limits", err)
	_, err = f.state.Limits(bwstate.LimitsConfig{WhenAway: bwstate.CookieWhenAway})
	f.requireArgumentError("WhenAway", err)
	f.requireKeys(nil)
}

// limitOperations are those of limits.
func limitOperations(f *fixture) []operation {
	type state = *bwstate.State
	limits, counter := f.limitsAt(limitNow), f.counter()
	return []operation{
		{"Path", func(ctx context.Context, _ state) error { return second(limits.Path(ctx, perMinute(9))) }},
		{"Service", func(ctx context.Context, _ state) error { return second(limits.Service(ctx, wholeSite(9))) }},
		{"Quota", func(ctx context.Context, _ state) error { return second(limits.Quota(ctx, aliceHourly(9))) }},
		{"InOrder", func(ctx context.Context, _ state) error {
			return second(limits.InOrder(ctx, wholeSite(9), perMinute(9)))
		}},
		{"HTTPRateCounter", func(ctx context.Context, _ state) error {
			if ctx.Err() != nil { // it takes none
				return ctx.Err()
			}
			if err := counter.Increment("k", limitNow); err != nil {
				return err
			}
			return third(counter.Get("k", limitNow, limitNow))
		}},
		{"DEL", func(ctx context.Context, s state) error { // limits have no way to be lifted
			return second(s.Do(ctx, "DEL", limitKey, limitCounter, quotaStored, "bwredis:limitcount:api:1700000000100:k"))
		}},
	}
}
