package conformance

import (
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

const (
	site      = "www.example.com"
	otherSite = "other.example.com"
)

var (
	client      = addr("203.0.113.7")
	otherClient = addr("2001:db8::7")
)

var banTests = []test{
	{"a ban comes back as it was added", banRoundTrip},
	{"defaults", banDefaults},
	{"the ban of a service comes before the global one", banPrecedence},
	{"bans of others are not looked at", bansOfOthers},
	{"a new ban replaces the old one and its end", banReplaced},
	{"lifetimes are rounded up to seconds", banRounding},
	{"texts that are not UTF-8", banTexts},
	{"a ban ends", banEnds},
	{"unban", unban},
	{"unban takes the count along, and nothing else", unbanCount},
	{"bad arguments", banArguments},
}

func banRoundTrip(f *fixture) {
	const aboutACentury = 100 * 365 * 24 * time.Hour
	for i, b := range []bwstate.Ban{
		{IP: client, Scope: bwstate.GlobalScope, Service: "bwcli", Reason: "a/b \"q\" \\ é\n\x7f", Country: "FR", Data: json.RawMessage(`{}`), Remaining: time.Hour},
		{IP: client, Scope: bwstate.ServiceScope, Service: site, Country: "local", Data: json.RawMessage(`[{"url":"/?a=b","date":1.5},{}]`), Permanent: true},
		{IP: otherClient, Scope: bwstate.ServiceScope, Service: "a_ip_b", Reason: "x", Country: "DE", Data: json.RawMessage(`[]`), Remaining: aboutACentury},
		{IP: addr("::ffff:192.0.2.1"), Scope: bwstate.GlobalScope, Service: "unknown", Reason: strings.Repeat("x", 1<<20), Country: "unknown", Data: json.RawMessage(`{"a":[1,2]}`), Remaining: time.Minute},
	} {
		f.part(strconv.Itoa(i), func(f *fixture) {
			b.Date = time.Unix(1_700_000_000, 0)
			require.NoError(f, f.state.AddBan(f.ctx, b))
			service := ""
			if b.Scope == bwstate.ServiceScope {
				service = b.Service
			}
			got := f.banned(b.IP, service)
			f.requireAbout(b.Remaining, got.Remaining)
			got.Remaining = b.Remaining
			require.Equal(f, b, got)
		})
	}
}

func banDefaults(f *fixture) {
	before := time.Now().Truncate(time.Second)
	require.NoError(f, f.state.AddBan(f.ctx, bwstate.Ban{IP: client, Permanent: true, Remaining: time.Hour}))
	b := f.banned(client, "")
	require.False(f, b.Date.Before(before) || b.Date.After(time.Now()), b.Date)
	b.Date = time.Time{}
	want := bwstate.Ban{IP: client, Scope: bwstate.GlobalScope, Service: "unknown", Country: "unknown", Data: json.RawMessage(`{}`), Permanent: true}
	require.Equal(f, want, b)
	f.requireTTL("bans_ip_203.0.113.7", -1)
}

// ban adds a ban of an hour.
func (f *fixture) ban(ip netip.Addr, service, reason string) {
	f.Helper()
	b := bwstate.Ban{IP: ip, Service: service, Reason: reason, Remaining: time.Hour}
	if service != "" {
		b.Scope = bwstate.ServiceScope
	}
	require.NoError(f, f.state.AddBan(f.ctx, b))
}

// banned returns a ban that must be there.
func (f *fixture) banned(ip netip.Addr, service string) bwstate.Ban {
	f.Helper()
	b, banned, err := f.state.Banned(f.ctx, ip, service)
	require.NoError(f, err)
	require.True(f, banned)
	return b
}

func (f *fixture) requireNotBanned(ip netip.Addr, service string) {
	f.Helper()
	b, banned, err := f.state.Banned(f.ctx, ip, service)
	require.NoError(f, err)
	require.False(f, banned)
	require.Zero(f, b)
}

func banPrecedence(f *fixture) {
	f.ban(client, "", "global")
	b := f.banned(client, site)
	require.Equal(f, "global", b.Reason)
	require.Equal(f, bwstate.GlobalScope, b.Scope)

	f.ban(client, site, "service")
	b = f.banned(client, site)
	require.Equal(f, "service", b.Reason)
	require.Equal(f, bwstate.ServiceScope, b.Scope)
	require.Equal(f, site, b.Service)
	require.Equal(f, "global", f.banned(client, "").Reason)
	require.Equal(f, "global", f.banned(client, otherSite).Reason)
}

func bansOfOthers(f *fixture) {
	f.ban(client, site, "service")
	f.ban(otherClient, "", "global")
	f.requireNotBanned(client, "")
	f.requireNotBanned(client, otherSite)
	f.requireNotBanned(addr("203.0.113.70"), site)
	f.requireNotBanned(addr("::ffff:203.0.113.7"), site)
}

func banReplaced(f *fixture) {
	const key = "bans_ip_203.0.113.7"
	f.ban(client, "", "first")
	f.requireTTL(key, 3600)
	require.NoError(f, f.state.AddBan(f.ctx, bwstate.Ban{IP: client, Reason: "second", Permanent: true}))
	f.requireTTL(key, -1)
	require.Equal(f, "second", f.banned(client, "").Reason)
	f.ban(client, "", "third")
	f.requireTTL(key, 3600)
	require.Equal(f, "third", f.banned(client, "").Reason)
	require.Equal(f, []string{key}, f.keys())
}

func banRounding(f *fixture) {
	for _, c := range []struct{ asked, want time.Duration }{
		{time.Second, time.Second},
		{59*time.Second + 1, time.Minute},
		{time.Minute, time.Minute},
	} {
		require.NoError(f, f.state.AddBan(f.ctx, bwstate.Ban{IP: client, Remaining: c.asked}))
		f.requireTTL("bans_ip_203.0.113.7", int64(c.want/time.Second))
	}
}

// One value that is not UTF-8 keeps BunkerWeb's Python from all bans.
func banTexts(f *fixture) {
	require.NoError(f, f.state.AddBan(f.ctx, bwstate.Ban{IP: client, Reason: "a\xff\xfe", Service: "\xc3(", Country: "\xed\xa0\x80", Permanent: true}))
	f.count(otherClient, bwstate.BadBehavior{Service: "\xff", Scope: bwstate.GlobalScope, Threshold: 1, WholeBan: true, Country: "\xff"})
	for _, key := range f.keys() {
		require.True(f, utf8.ValidString(f.text("GET", key)), key)
	}
	b := f.banned(client, "")
	require.Equal(f, []string{"a\ufffd\ufffd", "\ufffd(", "\ufffd\ufffd\ufffd"}, []string{b.Reason, b.Service, b.Country})
	require.Equal(f, "\ufffd", f.banned(otherClient, "").Country)
}

func banEnds(f *fixture) {
	require.NoError(f, f.state.AddBan(f.ctx, bwstate.Ban{IP: client, Remaining: time.Second}))
	require.Eventually(f, func() bool {
		b, banned, err := f.state.Banned(f.ctx, client, site)
		require.NoError(f, err)
		require.Equal(f, banned, b.Remaining > 0)
		require.False(f, b.Permanent)
		return !banned
	}, 5*time.Second, 20*time.Millisecond)
}

func unban(f *fixture) {
	for _, service := range []string{"", site} {
		f.ban(client, service, "x")
		lifted, err := f.state.Unban(f.ctx, client, service)
		require.NoError(f, err)
		require.True(f, lifted)
		f.requireNotBanned(client, service)
		lifted, err = f.state.Unban(f.ctx, client, service)
		require.NoError(f, err)
		require.False(f, lifted)
	}
}

func unbanCount(f *fixture) {
	others := []string{
		"bans_ip_2001:db8::7", "bans_service_other.example.com_ip_203.0.113.7", "bans_service_www.example.com_ip_2001:db8::7",
		"plugin_bad_behavior_2001:db8::7", "plugin_bad_behavior_other.example.com_203.0.113.7",
	}
	for _, key := range others {
		f.do("SET", key, "1")
	}
	for _, service := range []string{"", site} {
		for range 2 {
			f.count(client, bwstate.BadBehavior{Service: service, Threshold: 2})
		}
		f.banned(client, service)
		_, err := f.state.Unban(f.ctx, client, service)
		require.NoError(f, err)
		require.ElementsMatch(f, others, f.keys())
		require.EqualValues(f, 1, f.count(client, bwstate.BadBehavior{Service: service, Threshold: 2}))
		f.requireNotBanned(client, service)
		_, err = f.state.Unban(f.ctx, client, service) // without a ban
		require.NoError(f, err)
		require.ElementsMatch(f, others, f.keys())
	}
}

func banArguments(f *fixture) {
	for _, c := range []struct {
		name string
		ban  bwstate.Ban
	}{
		{"ip", bwstate.Ban{Permanent: true}},
		{"ip", bwstate.Ban{IP: addr("fe80::1%eth0"), Permanent: true}},
		{"Scope", bwstate.Ban{IP: client, Scope: "everywhere\n", Permanent: true}},
		{"Service", bwstate.Ban{IP: client, Scope: bwstate.ServiceScope, Permanent: true}},
		{"Service", bwstate.Ban{IP: client, Scope: bwstate.ServiceScope, Service: "a b", Permanent: true}},
		{"Service", bwstate.Ban{IP: client, Scope: bwstate.ServiceScope, Service: strings.Repeat("a", 254), Permanent: true}},
		{"Data", bwstate.Ban{IP: client, Data: json.RawMessage(`null`), Permanent: true}},
		{"Data", bwstate.Ban{IP: client, Data: json.RawMessage(`"x"`), Permanent: true}},
		{"Data", bwstate.Ban{IP: client, Data: json.RawMessage(`{}{}`), Permanent: true}},
		{"Data", bwstate.Ban{IP: client, Data: json.RawMessage(`{"a":`), Permanent: true}},
		{"Data", bwstate.Ban{IP: client, Data: json.RawMessage(``), Permanent: true}},
		{"Data", bwstate.Ban{IP: client, Data: json.RawMessage(`  `), Permanent: true}},
		{"Data", bwstate.Ban{IP: client, Data: json.RawMessage("[\"\xff\"]"), Permanent: true}},
		{"Data", bwstate.Ban{IP: client, Data: json.RawMessage(`[1e999]`), Permanent: true}},
		{"Data", bwstate.Ban{IP: client, Data: json.RawMessage(`{"a":-1e999}`), Permanent: true}},
		{"Data", bwstate.Ban{IP: client, Data: json.RawMessage(`[0.` + strings.Repeat("1", 5000) + `]`), Permanent: true}},
		{"Data", bwstate.Ban{IP: client, Data: json.RawMessage(strings.Repeat("[", 101) + strings.Repeat("]", 101)), Permanent: true}},
		{"Data", bwstate.Ban{IP: client, Data: json.RawMessage(`["\ud83d"]`), Permanent: true}},
		{"Data", bwstate.Ban{IP: client, Data: json.RawMessage(`["\ud83d\ud83d"]`), Permanent: true}},
		{"Data", bwstate.Ban{IP: client, Data: json.RawMessage(`["\uDE00x"]`), Permanent: true}},
		{"ban", bwstate.Ban{IP: client, Data: json.RawMessage(`["` + strings.Repeat("x", 2<<20) + `"]`), Permanent: true}},
		{"ban", bwstate.Ban{IP: client, Reason: strings.Repeat("x", 2<<20), Permanent: true}},
		{"ban", bwstate.Ban{IP: client, Service: strings.Repeat("\x00", 1<<20), Permanent: true}},
		{"Service", bwstate.Ban{IP: client, Scope: bwstate.ServiceScope, Service: "a\xff", Permanent: true}},
		{"Date", bwstate.Ban{IP: client, Date: time.Unix(-1, 0), Permanent: true}},
		{"Date", bwstate.Ban{IP: client, Date: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), Permanent: true}},
		{"Remaining", bwstate.Ban{IP: client}},
		{"Remaining", bwstate.Ban{IP: client, Remaining: -time.Hour}},
		{"Remaining", bwstate.Ban{IP: client, Remaining: time.Second - 1}},
		{"Remaining", bwstate.Ban{IP: client, Remaining: 1<<63 - 1}},
	} {
		f.requireArgumentError(c.name, f.state.AddBan(f.ctx, c.ban))
	}
	for _, c := range []struct {
		name, service string
		ip            netip.Addr
	}{{"ip", "", netip.Addr{}}, {"ip", site, addr("fe80::1%eth0")}, {"Service", "a\nb", client}} {
		_, _, err := f.state.Banned(f.ctx, c.ip, c.service)
		f.requireArgumentError(c.name, err)
		_, err = f.state.Unban(f.ctx, c.ip, c.service)
		f.requireArgumentError(c.name, err)
	}
	f.requireKeys(nil)
}
