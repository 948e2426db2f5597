package conformance

import (
	"fmt"
	"net/netip"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

var unbanEverywhereTests = []test{
	{"all of an address, and nothing else", liftAll},
	{"known services in one round trip", liftKnown},
	{"another spelling of the address", liftOdd},
	{"counts without bans", liftCounts},
	{"of hundreds of services", liftHundreds},
	{"the next request does not ban again", liftForGood},
	{"keys of another type go as well", liftWrongType},
	{"bad arguments", liftArguments},
}

// othersKeys end like those of 1.2.3.4 and ::1, or begin like them, and belong to others.
var othersKeys = []string{
	"bans_ip_11.2.3.4", "bans_ip_1.2.3.40", "bans_service_a_ip_11.2.3.4", "bans_ip1.2.3.4", "x_bans_ip_1.2.3.4", "bans_ip_2001:db8::1", "bans_ip_::11", "bans_ip_::ffff:1.2.3.4",
	"plugin_bad_behavior_11.2.3.4", "plugin_bad_behavior_a_11.2.3.4", "plugin_bad_behavior_a_2001:db8::1", "plugin_bad_behavior_::ffff:1.2.3.4", "plugin_bad_behavior_a1.2.3.4",
	"plugin_limit_www.example.com1.2.3.4", "metrics:badbehavior_counter_ip_1.2.3.4", "1.2.3.4", "::1", "_ip_1.2.3.4", "bans_service__ip_1.2.3.4", "bans_service__ip_::1", "plugin_bad_behavior__1.2.3.4", "plugin_bad_behavior__::1",
}

func liftAll(f *fixture) {
	for _, ip := range []string{"1.2.3.4", "::1"} {
		for _, key := range othersKeys {
			f.do("SET", key, "1")
		}
		for _, key := range []string{"bans_ip_", "bans_service_a_ip_", "bans_service_b_ip_c_ip_", "bans_service___ip_", "plugin_bad_behavior_", "plugin_bad_behavior_a_", "plugin_bad_behavior_x_y_"} {
			f.do("SET", key+ip, "1", "EX", "60")
		}
		lifted, err := f.state.UnbanEverywhere(f.ctx, addr(ip), bwstate.Everywhere{})
		require.NoError(f, err)
		require.True(f, lifted.Global)
		require.True(f, lifted.Any())
		require.ElementsMatch(f, []string{"a", "b_ip_c", "_"}, lifted.Services)
		require.Equal(f, 3, lifted.Counts)
		require.ElementsMatch(f, othersKeys, f.keys())
		lifted, err = f.state.UnbanEverywhere(f.ctx, addr(ip), bwstate.Everywhere{Services: []string{"a"}})
		require.NoError(f, err)
		require.Zero(f, lifted)
		require.False(f, lifted.Any())
	}
}

func liftKnown(f *fixture) {
	for _, service := range []string{"", site, otherSite} {
		f.ban(client, service, "x")
	}
	f.count(client, bwstate.BadBehavior{Service: site})
	before := f.state.RoundTrips()
	lifted, err := f.state.UnbanEverywhere(f.ctx, client, bwstate.Everywhere{Services: []string{site, "none.example.com", site}, KnownOnly: true})
	require.NoError(f, err)
	require.Equal(f, before+1, f.state.RoundTrips())
	require.Equal(f, bwstate.Lifted{Global: true, Services: []string{site}, Counts: 1}, lifted)
	require.Equal(f, []string{"bans_service_other.example.com_ip_203.0.113.7"}, f.keys())

	// The rest of a small store takes one look, and one deletion.
	before = f.state.RoundTrips()
	lifted, err = f.state.UnbanEverywhere(f.ctx, client, bwstate.Everywhere{Services: []string{site}})
	require.NoError(f, err)
	require.Equal(f, bwstate.Lifted{Services: []string{otherSite}}, lifted)
	require.Equal(f, before+2, f.state.RoundTrips())
	f.requireKeys(nil)
}

func liftOdd(f *fixture) {
	const uncounted = "plugin_bad_behavior_b_2001:DB8::7" // where nobody counts
	f.do("SET", uncounted, "1")
	for _, key := range []string{"bans_ip_2001:DB8::7", "bans_service_a_ip_2001:dB8::7", "bans_service_a_ip_2001:db8::7", "plugin_bad_behavior_a_2001:db8::7"} {
		f.do("SET", key, "1")
	}
	lifted, err := f.state.UnbanEverywhere(f.ctx, otherClient, bwstate.Everywhere{})
	require.NoError(f, err)
	require.Equal(f, bwstate.Lifted{Global: true, Services: []string{"a"}, Counts: 1}, lifted)
	require.Equal(f, []string{uncounted}, f.keys())
}

func liftCounts(f *fixture) {
	f.count(client, bwstate.BadBehavior{Service: site})
	f.count(client, bwstate.BadBehavior{})
	lifted, err := f.state.UnbanEverywhere(f.ctx, client, bwstate.Everywhere{})
	require.NoError(f, err)
	require.Equal(f, bwstate.Lifted{Counts: 2}, lifted)
	f.requireKeys(nil)
}

func liftHundreds(f *fixture) {
	const known, unknown = 700, 1300
	var services []string
	for i := range known + unknown {
		service := fmt.Sprintf("s%d.example.com", i)
		f.do("SET", "bans_service_"+service+"_ip_203.0.113.7", "x")
		if i < known {
			services = append(services, service)
		}
	}
	lifted, err := f.state.UnbanEverywhere(f.ctx, client, bwstate.Everywhere{Services: services})
	require.NoError(f, err)
	require.Len(f, lifted.Services, known+unknown)
	f.requireKeys(nil)
}

func liftForGood(f *fixture) {
	for _, scope := range []bwstate.Scope{bwstate.ServiceScope, bwstate.GlobalScope} {
		rule := bwstate.BadBehavior{Service: site, Scope: scope, Threshold: 2}
		f.count(client, rule)
		f.count(client, rule)
		f.banned(client, site)
		_, err := f.state.UnbanEverywhere(f.ctx, client, bwstate.Everywhere{})
		require.NoError(f, err)
		require.EqualValues(f, 1, f.count(client, rule))
		f.requireNotBanned(client, site)
	}
}

func liftWrongType(f *fixture) {
	f.do("RPUSH", "bans_ip_203.0.113.7", "x")
	f.do("RPUSH", "plugin_bad_behavior_203.0.113.7", "x")
	lifted, err := f.state.UnbanEverywhere(f.ctx, client, bwstate.Everywhere{})
	require.NoError(f, err)
	require.Equal(f, bwstate.Lifted{Global: true, Counts: 1}, lifted)
}

func liftArguments(f *fixture) {
	before := f.state.RoundTrips()
	for _, ip := range []netip.Addr{{}, addr("fe80::1%eth0")} {
		_, err := f.state.UnbanEverywhere(f.ctx, ip, bwstate.Everywhere{})
		f.requireArgumentError("ip", err)
	}
	for _, service := range []string{"", "a b"} {
		_, err := f.state.UnbanEverywhere(f.ctx, client, bwstate.Everywhere{Services: []string{service}})
		f.requireArgumentError("Service", err)
	}
	require.Equal(f, before, f.state.RoundTrips())
}
