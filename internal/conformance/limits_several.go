package conformance

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

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
		{"Path", bwstate.PathLimit{Rate: minute, IP: client, Service: site}},
		{"Path", bwstate.PathLimit{Rate: minute, IP: client, Service: site, Path: "5/login"}},
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
