package conformance

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

var badBehaviorTests = []test{
	{"counts up to a ban", countToBan},
	{"defaults", countDefaults},
	{"counts where the scope says", countScopes},
	{"every request beyond the threshold bans again", countBansAgain},
	{"counts down", countDown},
	{"callers at the same time lose no count", countTogether},
	{"a count that is none", countIsNone},
	{"a count that is huge", countHuge},
	{"bad arguments", countArguments},
}

// count counts one bad request.
func (f *fixture) count(ip netip.Addr, b bwstate.BadBehavior) int64 {
	f.Helper()
	got, err := f.state.IncreaseBadBehavior(f.ctx, ip, b)
	require.NoError(f, err)
	threshold := int64(b.Threshold)
	if threshold == 0 {
		threshold = bwstate.DefaultThreshold
	}
	reached := got.Count >= threshold
	require.Equal(f, bwstate.BadBehaviorResult{Count: got.Count, Reached: reached, Banned: reached}, got)
	return got.Count
}

func countToBan(f *fixture) {
	b := bwstate.BadBehavior{Service: site, Threshold: 3, CountTime: time.Minute, BanTime: time.Hour}
	for want := int64(1); want <= 2; want++ {
		require.Equal(f, want, f.count(client, b))
		f.requireNotBanned(client, site)
	}
	require.EqualValues(f, 3, f.count(client, b))
	got := f.banned(client, site)
	f.requireAbout(time.Hour, got.Remaining)
	got.Remaining = 0
	require.Equal(f, bwstate.Ban{IP: client, Scope: bwstate.ServiceScope, Service: site, Reason: "bad behavior"}, got)
	f.requireNotBanned(client, otherSite)
}

func countDefaults(f *fixture) {
	for range bwstate.DefaultThreshold {
		f.count(client, bwstate.BadBehavior{Service: site})
	}
	f.requireKeys(map[string]record{
		"plugin_bad_behavior_www.example.com_203.0.113.7": {"string", 60, "10"},
		"bans_service_www.example.com_ip_203.0.113.7":     {"string", 86400, "bad behavior"},
	})
}

func countScopes(f *fixture) {
	f.count(otherClient, bwstate.BadBehavior{Service: site, Scope: bwstate.ServiceScope})
	for _, b := range []bwstate.BadBehavior{
		{},
		{Service: "_"},
		{Service: "_", Scope: bwstate.ServiceScope},
		{Service: site, Scope: bwstate.GlobalScope},
		{Scope: bwstate.GlobalScope},
	} {
		f.count(otherClient, b)
	}
	f.requireKeys(map[string]record{
		"plugin_bad_behavior_2001:db8::7":                 {"string", 60, "5"},
		"plugin_bad_behavior_www.example.com_2001:db8::7": {"string", 60, "1"},
	})
}

func countBansAgain(f *fixture) {
	b := bwstate.BadBehavior{Service: site, Threshold: 1, BanTime: time.Minute}
	f.ban(client, site, "by hand")
	f.count(client, b)
	require.Equal(f, "bad behavior", f.banned(client, site).Reason)
	f.requireTTL("bans_service_www.example.com_ip_203.0.113.7", 60)
	b.Permanent = true
	f.count(client, b)
	require.True(f, f.banned(client, site).Permanent)
}

func countDown(f *fixture) {
	const key = "plugin_bad_behavior_www.example.com_203.0.113.7"
	b := bwstate.BadBehavior{Service: site, CountTime: 90 * time.Second}
	for range 2 {
		f.count(client, b)
	}
	f.do("EXPIRE", key, "5")
	for _, want := range []int64{1, 0, -1, -1} {
		got, err := f.state.DecreaseBadBehavior(f.ctx, client, b)
		require.NoError(f, err)
		require.Equal(f, bwstate.BadBehaviorResult{Count: want}, got)
		if want > 0 {
			f.requireTTL(key, 90)
		} else {
			f.requireKeys(nil)
		}
	}
}

func countTogether(f *fixture) {
	const callers, each = 16, 25
	b := bwstate.BadBehavior{Service: site, Threshold: callers * each}
	var bans atomic.Int64
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range each {
				got, err := f.state.IncreaseBadBehavior(f.ctx, client, b)
				if err != nil {
					f.Error(err)
					return
				}
				if got.Banned {
					bans.Add(1)
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(f, 1, bans.Load())
	require.Equal(f, "400", f.text("GET", "plugin_bad_behavior_www.example.com_203.0.113.7"))
}

func countIsNone(f *fixture) {
	for _, value := range []string{"", "x", "1.5", " 1", "9223372036854775808", `{"a":1}`} {
		f.do("SET", "plugin_bad_behavior_203.0.113.7", value)
		got, err := f.state.IncreaseBadBehavior(f.ctx, client, bwstate.BadBehavior{Threshold: 1})
		f.requireReply("ERR value is not an integer", err)
		require.Zero(f, got)
		_, err = f.state.DecreaseBadBehavior(f.ctx, client, bwstate.BadBehavior{})
		f.requireReply("ERR value is not an integer", err)
		f.requireKeys(map[string]record{"plugin_bad_behavior_203.0.113.7": {"string", -1, value}})
	}
}

// Scripts have numbers with 53 bits.
func countHuge(f *fixture) {
	const key, huge = "plugin_bad_behavior_203.0.113.7", 1 << 53
	f.do("SET", key, strconv.Itoa(huge))
	rule := bwstate.BadBehavior{KeepBan: true}
	require.EqualValues(f, huge, f.count(client, rule))
	require.EqualValues(f, huge+2, f.count(client, rule))
	require.Equal(f, strconv.Itoa(huge+2), f.text("GET", key))
	f.banned(client, "")
	f.do("SET", key, strconv.Itoa(huge+2))
	got, err := f.state.DecreaseBadBehavior(f.ctx, client, rule)
	require.NoError(f, err)
	require.EqualValues(f, huge, got.Count)
	f.do("SET", key, strconv.Itoa(math.MaxInt64))
	_, err = f.state.IncreaseBadBehavior(f.ctx, client, rule)
	f.requireReply("ERR", err)
	require.Equal(f, strconv.Itoa(math.MaxInt64), f.text("GET", key))
}

func countArguments(f *fixture) {
	for _, c := range []struct {
		name string
		ip   netip.Addr
		b    bwstate.BadBehavior
	}{
		{"ip", netip.Addr{}, bwstate.BadBehavior{}},
		{"ip", addr("fe80::1%eth0"), bwstate.BadBehavior{}},
		{"Scope", client, bwstate.BadBehavior{Service: site, Scope: "everywhere"}},
		{"Scope", client, bwstate.BadBehavior{Scope: "everywhere"}},
		{"Service", client, bwstate.BadBehavior{Service: "a b"}},
		{"Threshold", client, bwstate.BadBehavior{Threshold: -1}},
		{"CountTime", client, bwstate.BadBehavior{CountTime: -1}},
		{"CountTime", client, bwstate.BadBehavior{CountTime: time.Millisecond}},
		{"BanTime", client, bwstate.BadBehavior{BanTime: -time.Hour}},
		{"BanTime", client, bwstate.BadBehavior{BanTime: 1<<63 - 1}},
	} {
		_, err := f.state.IncreaseBadBehavior(f.ctx, c.ip, c.b)
		f.requireArgumentError(c.name, err)
		_, err = f.state.DecreaseBadBehavior(f.ctx, c.ip, c.b)
		f.requireArgumentError(c.name, err)
	}
	huge := bwstate.BadBehavior{WholeBan: true, Country: strings.Repeat("x", 2<<20)}
	_, err := f.state.IncreaseBadBehavior(f.ctx, client, huge)
	f.requireArgumentError("ban", err)
	results, err := f.state.IncreaseBadBehaviors(f.ctx, []bwstate.BadRequest{{IP: client}, {IP: client, Rule: huge}})
	f.requireArgumentError("ban", err)
	require.Nil(f, results)
	f.requireKeys(nil)
}
