package conformance

import (
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

var batchTests = []test{
	{"everything in one round trip", batchOfEverything},
	{"what is refused to one is nobody else's", batchRefused},
	{"bad arguments", batchArguments},
	{"its memory is used again", batchAgain},
	{"metrics, counters and lists in one round trip", batchOfCounts},
	{"what is refused to a counter is nobody else's", batchCountsRefused},
	{"bad arguments of counters", batchCountsArguments},
	{"it keeps what it is given", batchKeepsWhatItIsGiven},
	{"a metrics cycle is one round trip", batchMetricsCycle},
	{"values of caches", batchCaches},
}

// batchOfEverything asks for everything at once, twice: each operation sees what those before it did.
func batchOfEverything(f *fixture) {
	f.knowScripts()
	limits, err := f.state.Limits(bwstate.LimitsConfig{})
	require.NoError(f, err)
	path := bwstate.PathLimit{Service: site, IP: client, Path: "/login", Rate: bwstate.Rate{Limit: 2, Window: time.Minute}}
	service := bwstate.ServiceLimit{Service: site, Rate: bwstate.Rate{Limit: 100, Window: time.Minute}}
	bad := bwstate.BadBehavior{Service: site, Threshold: 2}
	own := f.appSessions(bwstate.AppSessionConfig{})
	session := f.create(own, "alice", "data")
	sites := f.visitors("sid")
	_, cookie := f.newVisitor(sites)

	b := f.state.NewBatch()
	for round := range int64(2) {
		b.Reset()
		first := b.CheckBan(client, bwstate.BanLookup{Service: site})
		all := b.LimitsInOrder(limits, service, path)
		one := b.Limit(limits, path)
		none := b.Limits(limits)
		counted := b.IncreaseBadBehavior(client, bad)
		then := b.CheckBan(client, bwstate.BanLookup{Service: site})
		loaded := b.LoadAppSession(own, string(session.Token))
		touched := b.TouchAppSession(own, string(session.Token))
		nobody := b.LoadAppSession(own, "no token")
		visitor := b.OpenVisitor(sites, func(string) string { return cookie })
		require.Equal(f, 10, b.Len())

		before := f.state.RoundTrips()
		require.NoError(f, b.Run(f.ctx))
		require.Equal(f, before+1, f.state.RoundTrips())

		check := result(f, first)
		require.False(f, check.Banned)
		results := result(f, all)
		require.Len(f, results, 2)
		require.Equal(f, round+1, results[0].Count)
		require.Equal(f, min(2*round+1, 3), results[1].Count)
		require.Equal(f, min(2*round+2, 3), result(f, one).Count)
		require.Equal(f, round == 1, result(f, one).Limited)
		require.Empty(f, result(f, none))
		bad := result(f, counted)
		require.Equal(f, round+1, bad.Count)
		require.Equal(f, round == 1, bad.Banned)
		require.Equal(f, round == 1, result(f, then).Banned)
		require.Equal(f, "data", string(result(f, loaded).Data))
		require.Equal(f, "alice", result(f, touched).Subject)
		require.Nil(f, result(f, nobody))
		require.NoError(f, result(f, visitor).Check(aVisitor))
	}

	b.Reset()
	lifted, gone := b.Unban(client, site), b.CheckBan(client, bwstate.BanLookup{Service: site})
	added := b.AddBan(bwstate.Ban{IP: client, Reason: "manual", Permanent: true})
	taken := b.DecreaseBadBehavior(client, bad)
	there := b.CheckBan(client, bwstate.BanLookup{Service: site})
	require.NoError(f, b.Run(f.ctx))
	require.True(f, result(f, lifted))
	require.False(f, result(f, gone).Banned)
	result(f, added)
	require.EqualValues(f, -1, result(f, taken).Count)
	require.Equal(f, "manual", result(f, there).Ban.Reason)
}

// knowScripts makes the server know all scripts. Of a batch with one that it does not know, what needs that one is done behind the rest.
func (f *fixture) knowScripts() {
	f.Helper()
	for _, op := range operations(f) {
		_ = op.call(f.ctx, f.state)
	}
	f.do("FLUSHDB")
}

// result returns what came of an operation, which must have succeeded.
func result[T any](f *fixture, p bwstate.Pending[T]) T {
	f.Helper()
	v, err := p.Result()
	require.NoError(f, err)
	return v
}

func batchRefused(f *fixture) {
	f.do("RPUSH", "bans_ip_"+client.String(), "x")
	f.do("RPUSH", "plugin_bad_behavior_"+client.String(), "x")
	own := f.appSessions(bwstate.AppSessionConfig{})
	session := f.create(own, "", "data")
	f.do("DEL", appKey(session.Handle))
	f.do("RPUSH", appKey(session.Handle), "x")

	b := f.state.NewBatch()
	wrongType := b.CheckBan(client, bwstate.BanLookup{})
	wrongCount := b.IncreaseBadBehavior(client, bwstate.BadBehavior{})
	wrongSession := b.LoadAppSession(own, string(session.Token))
	_, cookie := f.newVisitor(f.visitors("sid"))
	otherSite := b.OpenVisitor(f.visitors("other"), func(string) string { return cookie })
	fine := b.IncreaseBadBehavior(addr("2001:db8::1"), bwstate.BadBehavior{})
	require.NoError(f, b.Run(f.ctx))
	_, err := wrongType.Result()
	f.requireReply("WRONGTYPE", err)
	_, err = wrongCount.Result()
	f.requireReply("WRONGTYPE", err)
	_, err = wrongSession.Result()
	f.requireReason(bwstate.WrongType, err)
	_, err = otherSite.Result()
	var other *bwstate.VisitorError
	require.ErrorAs(f, err, &other)
	require.Equal(f, bwstate.NotStored, other.Reason)
	require.EqualValues(f, 1, result(f, fine).Count)
}

func batchArguments(f *fixture) {
	limits, err := f.state.Limits(bwstate.LimitsConfig{})
	require.NoError(f, err)
	other := bwstate.New(nil)
	elsewhere, err := other.Limits(bwstate.LimitsConfig{})
	require.NoError(f, err)
	foreign, err := other.AppSessions(bwstate.AppSessionConfig{Name: "app"})
	require.NoError(f, err)

	b := f.state.NewBatch()
	_, err = b.CheckBan(addr("fe80::1%eth0"), bwstate.BanLookup{}).Result()
	f.requireArgumentError("ip", err)
	_, err = b.AddBan(bwstate.Ban{IP: client}).Result()
	f.requireArgumentError("Remaining", err)
	_, err = b.Unban(client, "a b").Result()
	f.requireArgumentError("Service", err)
	_, err = b.IncreaseBadBehavior(client, bwstate.BadBehavior{Threshold: -1}).Result()
	f.requireArgumentError("Threshold", err)
	_, err = b.Limit(limits, nil).Result()
	f.requireArgumentError("limit", err)
	_, err = b.Limits(elsewhere).Result()
	f.requireArgumentError("l", err)
	_, err = b.LoadAppSession(foreign, "").Result()
	f.requireArgumentError("ss", err)
	_, err = b.OpenVisitor(f.visitors("sid"), func(string) string { return "no cookie" }).Result()
	var refused *bwstate.VisitorError
	require.ErrorAs(f, err, &refused)
	require.Zero(f, b.Len())

	before := f.state.RoundTrips()
	require.NoError(f, b.Run(f.ctx))
	require.Equal(f, before, f.state.RoundTrips(), "nothing was to be asked")
	f.requireArgumentError("batch", b.Run(f.ctx))
}

func batchAgain(f *fixture) {
	b := f.state.NewBatch()
	check := b.CheckBan(client, bwstate.BanLookup{})
	_, err := check.Result()
	require.Error(f, err, "it has not run")
	require.NoError(f, b.Run(f.ctx))
	require.False(f, result(f, check).Banned)
	b.Reset()
	_, err = check.Result()
	require.Error(f, err, "it is gone")
	require.NoError(f, f.state.AddBan(f.ctx, bwstate.Ban{IP: client, Permanent: true}))
	check = b.CheckBan(client, bwstate.BanLookup{})
	require.NoError(f, b.Run(f.ctx))
	require.True(f, result(f, check).Banned)
}

// batchCaches gets what is there, what is not, and what is none, of both kinds of caches.
func batchCaches(f *fixture) {
	node, c := f.nodeCache(), f.cache(bwstate.CacheConfig{})
	require.NoError(f, node.Set(f.ctx, "dns_k", "v", time.Minute))
	require.NoError(f, c.Set(f.ctx, "a", []byte("x"), time.Minute))
	f.do("RPUSH", "dns_list", "x")
	f.do("SET", cacheKey+"bad", "x")
	b := f.state.NewBatch()
	for range 2 {
		b.Reset()
		value, none, refused := b.NodeValue(node, "dns_k"), b.NodeValue(node, "dns_none"), b.NodeValue(node, "dns_list")
		entry, missing, bad := b.CacheGet(c, "a"), b.CacheGet(c, "missing"), b.CacheGet(c, "bad")
		before := f.state.RoundTrips()
		require.NoError(f, b.Run(f.ctx))
		require.Equal(f, before+1, f.state.RoundTrips())
		for range 2 {
			v := result(f, value)
			require.Equal(f, "v", v.Text)
			f.requireAbout(time.Minute, v.Remaining)
			require.Nil(f, result(f, none))
			_, err := refused.Result()
			f.requireReply("WRONGTYPE", err)
			e := result(f, entry)
			require.Equal(f, "x", string(e.Value))
			f.requireAbout(time.Minute, e.Remaining)
			require.Equal(f, bwstate.CacheEntry{}, result(f, missing))
			_, err = bad.Result()
			var value *bwstate.ValueError
			require.ErrorAs(f, err, &value)
		}
	}
	b.Reset()
	other := bwstate.New(nil)
	foreign, err := other.NodeCache(bwstate.NodeCacheConfig{})
	require.NoError(f, err)
	foreignCache, err := other.Cache(bwstate.CacheConfig{Name: "c"})
	require.NoError(f, err)
	var refused *bwstate.ArgumentError
	_, err = b.NodeValue(node, "LIMITS:x").Result()
	require.ErrorAs(f, err, &refused)
	_, err = b.NodeValue(foreign, "dns_k").Result()
	require.ErrorAs(f, err, &refused)
	_, err = b.CacheGet(c, "").Result()
	require.ErrorAs(f, err, &refused)
	_, err = b.CacheGet(foreignCache, "dns_k").Result()
	require.ErrorAs(f, err, &refused)
	require.Zero(f, b.Len())
}
