package conformance

import (
	"encoding/json"
	"net/netip"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

// storedBanTests are values that others may have left in the place of a ban.
func storedBanTests() (tests []test) {
	for _, c := range []struct {
		name, value string
		want        bwstate.Ban // IP, Scope and lifetime are filled in
	}{
		{"bare text", "bad behavior", bwstate.Ban{Reason: "bad behavior"}},
		{"empty", "", bwstate.Ban{}},
		{"not UTF-8", "\xff\x00\r\n", bwstate.Ban{Reason: "\xff\x00\r\n"}},
		{"JSON null", `null`, bwstate.Ban{Reason: "null"}},
		{"JSON number", `42`, bwstate.Ban{Reason: "42"}},
		{"JSON text", `"x"`, bwstate.Ban{Reason: `"x"`}},
		{"JSON array", `[{"reason":"x"}]`, bwstate.Ban{Reason: `[{"reason":"x"}]`}},
		{"no reason", `{"date":1700000000}`, bwstate.Ban{Reason: `{"date":1700000000}`, Date: time.Unix(1_700_000_000, 0)}},
		{"cut off", `{"reason":"x"`, bwstate.Ban{Reason: `{"reason":"x"`}},
		{"two objects", `{"reason":"x"}{}`, bwstate.Ban{Reason: `{"reason":"x"}{}`}},
		{"only a reason", `{"reason":"x"}`, bwstate.Ban{Reason: "x"}},
		{"a reason that is no text", `{"reason":{"a":[1]}}`, bwstate.Ban{Reason: `{"a":[1]}`}},
		{"a reason that is null", `{"reason":null}`, bwstate.Ban{}},
		{"old, with a float for a date", `{"reason":"x","date":1700000000.75}`, bwstate.Ban{Reason: "x", Date: time.Unix(1_700_000_000, 0)}},
		{"a date that is text", `{"reason":"x","date":"1700000000"}`, bwstate.Ban{Reason: "x"}},
		{"a date that is huge", `{"reason":"x","date":1e300}`, bwstate.Ban{Reason: "x"}},
		{"a date that is too huge", `{"reason":"x","date":1e999}`, bwstate.Ban{Reason: "x"}},
		{"a negative date", `{"reason":"x","date":-1}`, bwstate.Ban{Reason: "x"}},
		{"every field of another type", `{"reason":"x","service":1,"date":[],"country":{},"ban_scope":2,"reason_data":"y","permanent":"z"}`, bwstate.Ban{Reason: "x"}},
		{"every field null", `{"reason":"x","service":null,"date":null,"country":null,"ban_scope":null,"reason_data":null,"permanent":null}`, bwstate.Ban{Reason: "x"}},
		{"an empty list of data", `{"reason":"x","reason_data":[]}`, bwstate.Ban{Reason: "x", Data: json.RawMessage(`[]`)}},
		{"a scope that is not the key's", `{"reason":"x","ban_scope":"service","service":"y"}`, bwstate.Ban{Reason: "x", Service: "y"}},
		{"permanent, says the value", `{"reason":"x","permanent":true}`, bwstate.Ban{Reason: "x"}},
		{"fields of tomorrow, and white space", "\t{ \"new\" : [ {} ] , \"reason\" : \"x\" }\n", bwstate.Ban{Reason: "x"}},
		{"a field twice", `{"reason":"x","reason":"y"}`, bwstate.Ban{Reason: "y"}},
		{"nested deeply", strings.Repeat("[", 100_000), bwstate.Ban{Reason: strings.Repeat("[", 100_000)}},
		{"a megabyte", strings.Repeat("x", 1<<20), bwstate.Ban{Reason: strings.Repeat("x", 1<<20)}},
	} {
		tests = append(tests, test{c.name, func(f *fixture) { readStoredBan(f, c.value, c.want) }})
	}
	return append(
		tests,
		test{"without an end", banWithoutEnd},
		test{"an end in a thousand years", banOfAMillennium},
		test{"a list", banIsAList},
		test{"as long as a ban may be, and longer", banIsHuge},
	)
}

// readStoredBan reads a value at both keys. What a service is called is in the key, so the value's word does not count there.
func readStoredBan(f *fixture, value string, want bwstate.Ban) {
	want.IP = client
	f.do("SET", "bans_ip_203.0.113.7", value, "EX", "60")
	want.Scope = bwstate.GlobalScope
	f.requireBan(want, f.banned(client, site))

	f.do("SET", "bans_service_www.example.com_ip_203.0.113.7", value, "EX", "60")
	want.Scope, want.Service = bwstate.ServiceScope, site
	f.requireBan(want, f.banned(client, site))
}

// requireBan checks a ban with a minute to go.
func (f *fixture) requireBan(want, got bwstate.Ban) {
	f.Helper()
	f.requireAbout(time.Minute, got.Remaining)
	got.Remaining = 0
	require.Equal(f, want, got)
}

func banWithoutEnd(f *fixture) {
	f.do("SET", "bans_ip_203.0.113.7", `{"reason":"x","permanent":false}`)
	b := f.banned(client, "")
	require.True(f, b.Permanent)
	require.Zero(f, b.Remaining)
}

// The end is further away than a time.Duration can tell.
func banOfAMillennium(f *fixture) {
	f.do("SET", "bans_ip_203.0.113.7", "x", "EX", "31556952000")
	b := f.banned(client, "")
	require.False(f, b.Permanent)
	require.Greater(f, b.Remaining, 290*365*24*time.Hour)
}

func banIsAList(f *fixture) {
	f.do("RPUSH", "bans_ip_203.0.113.7", "x")
	_, banned, err := f.state.Banned(f.ctx, client, site)
	f.requireReply("WRONGTYPE", err)
	require.False(f, banned)

	f.ban(client, site, "service")
	require.Equal(f, "service", f.banned(client, site).Reason)

	f.ban(client, "", "global") // takes the place of whatever is there
	require.Equal(f, "global", f.banned(client, "").Reason)
}

// What is longer than any ban bans all the same. No more of it is read, and its beginning is the reason.
func banIsHuge(f *fixture) {
	const most = 2 << 20
	value := `{"reason":"x","reason_data":["` + strings.Repeat("d", most) + `"]}`
	longest := value[:most-3] + value[len(value)-3:]
	for _, key := range []string{"bans_ip_203.0.113.7", "bans_service_www.example.com_ip_203.0.113.7"} {
		f.do("SET", key, longest, "EX", "60")
		require.Equal(f, "x", f.banned(client, site).Reason)
		f.do("SET", key, value, "EX", "60")
		b := f.banned(client, site)
		f.requireAbout(time.Minute, b.Remaining)
		require.Equal(f, value[:1024], b.Reason)
		require.Nil(f, b.Data)
	}
	require.Len(f, f.list(bwstate.BanFilter{}), 2)
	checks, err := f.state.CheckBans(f.ctx, nil, []netip.Addr{client, otherClient}, bwstate.BanLookup{Service: site})
	require.NoError(f, err)
	require.True(f, checks[0].Banned)
	require.Zero(f, checks[1])
	f.ban(client, site, "y")
	require.Equal(f, "y", f.banned(client, site).Reason)
	lifted, err := f.state.UnbanEverywhere(f.ctx, client, bwstate.Everywhere{})
	require.NoError(f, err)
	require.True(f, lifted.Global)
}
