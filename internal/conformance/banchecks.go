package conformance

import (
	"net/netip"
	"strings"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

var banCheckTests = []test{
	{"one", checkOne},
	{"many, in their order", checkMany},
	{"thousands, a thousand in each round trip", checkThousands},
	{"what is refused of one is not of the others", checkRefused},
	{"bad arguments", checkArguments},
}

func checkOne(f *fixture) {
	before := f.state.RoundTrips()
	c, err := f.state.CheckBan(f.ctx, client, bwstate.BanLookup{Service: site, WhenAway: bwstate.LocalWhenAway})
	require.NoError(f, err)
	require.Zero(f, c)
	require.Equal(f, before+1, f.state.RoundTrips())
	f.ban(client, "", "x")
	c, err = f.state.CheckBan(f.ctx, client, bwstate.BanLookup{Service: site, WhenAway: bwstate.LocalWhenAway})
	require.NoError(f, err)
	require.True(f, c.Banned)
	require.False(f, c.Degraded)
	require.Equal(f, "x", c.Ban.Reason)
}

func checkMany(f *fixture) {
	f.ban(client, "", "global")
	f.ban(otherClient, site, strings.Repeat("service", 10_000))
	f.ban(addr("203.0.113.9"), otherSite, "elsewhere")
	ips := []netip.Addr{addr("203.0.113.8"), otherClient, client, addr("203.0.113.9"), client}
	for service, want := range map[string][]string{site: {"", "service", "global", "", "global"}, "": {"", "", "global", "", "global"}} {
		first := bwstate.BanCheck{Banned: true}
		before := f.state.RoundTrips()
		got, err := f.state.CheckBans(f.ctx, []bwstate.BanCheck{first}, ips, bwstate.BanLookup{Service: service})
		require.NoError(f, err)
		require.Equal(f, before+1, f.state.RoundTrips())
		require.Len(f, got, 1+len(ips))
		require.Equal(f, first, got[0])
		for i, reason := range want {
			require.Equal(f, reason != "", got[i+1].Banned)
			if reason == "" {
				require.Zero(f, got[i+1])
				continue
			}
			require.Contains(f, got[i+1].Ban.Reason, reason)
			require.Equal(f, ips[i], got[i+1].Ban.IP)
		}
	}
}

func checkThousands(f *fixture) {
	ips := make([]netip.Addr, 2500)
	for i := range ips {
		ips[i] = netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
	}
	banned := map[int]string{0: "first", 999: "last of a thousand", 1000: "first of the next", 2499: "last"}
	for i, reason := range banned {
		f.ban(ips[i], "", reason)
	}
	before := f.state.RoundTrips()
	got, err := f.state.CheckBans(f.ctx, nil, ips, bwstate.BanLookup{Service: site})
	require.NoError(f, err)
	require.Equal(f, before+3, f.state.RoundTrips())
	require.Len(f, got, len(ips))
	for i, c := range got {
		require.Equal(f, banned[i], c.Ban.Reason)
		require.Equal(f, banned[i] != "", c.Banned)
	}
	got, err = f.state.CheckBans(f.ctx, got[:0], nil, bwstate.BanLookup{})
	require.NoError(f, err)
	require.Empty(f, got)
}

func checkRefused(f *fixture) {
	f.do("RPUSH", "bans_ip_203.0.113.7", "x")
	f.ban(otherClient, "", "x")
	got, err := f.state.CheckBans(f.ctx, nil, []netip.Addr{client, otherClient, addr("203.0.113.8")}, bwstate.BanLookup{Service: site})
	require.NoError(f, err)
	f.requireReply("WRONGTYPE", got[0].Err)
	require.True(f, got[1].Banned)
	require.NoError(f, got[1].Err)
	require.Zero(f, got[2])
}

func checkArguments(f *fixture) {
	before := f.state.RoundTrips()
	for _, c := range []struct {
		name   string
		ip     netip.Addr
		lookup bwstate.BanLookup
	}{
		{"ip", netip.Addr{}, bwstate.BanLookup{}},
		{"ip", addr("fe80::1%eth0"), bwstate.BanLookup{Service: site}},
		{"Service", client, bwstate.BanLookup{Service: "a b"}},
		{"WhenAway", client, bwstate.BanLookup{WhenAway: bwstate.CookieWhenAway}},
		{"WhenAway", client, bwstate.BanLookup{WhenAway: 77}},
	} {
		_, err := f.state.CheckBan(f.ctx, c.ip, c.lookup)
		f.requireArgumentError(c.name, err)
		got, err := f.state.CheckBans(f.ctx, nil, []netip.Addr{client, c.ip}, c.lookup)
		f.requireArgumentError(c.name, err)
		require.Empty(f, got)
	}
	require.Equal(f, before, f.state.RoundTrips())
}
