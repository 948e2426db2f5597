package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

func banListTests() []test {
	return append([]test{
		{"all, and nothing else", listAll},
		{"a choice of them", listSome},
		{"of thousands each once", listThousands},
		{"what bans nobody is told apart", listOdd},
		{"a key of another type does not end it", listWrongType},
		{"a caller who leaves", listLeave},
		{"bad arguments", listArguments},
		{"golden Python readers", goldenPythonReaders},
	}, goldenOddBans()...)
}

// list returns what is listed without an error, by address and service.
func (f *fixture) list(filter bwstate.BanFilter) map[string]bwstate.Ban {
	f.Helper()
	bans := map[string]bwstate.Ban{}
	for b, err := range f.state.Bans(f.ctx, filter) {
		require.NoError(f, err)
		name := b.IP.String()
		if b.Scope == bwstate.ServiceScope {
			name += " " + b.Service
		}
		require.NotContains(f, bans, name)
		bans[name] = b
	}
	return bans
}

func names(bans map[string]bwstate.Ban) (names []string) {
	for name := range bans {
		names = append(names, name)
	}
	return names
}

// someBans are bans of all kinds, among keys that are none.
func someBans(f *fixture) {
	for _, key := range []string{"bans_ip203.0.113.9", "bans_x", "bans_ip_", "bans_ip_nobody", "bans_ip_203.0.113.0/24", "bans_service_a", "bans_service_a_ip_", "bans_service__ip_203.0.113.9", "bans_ip_fe80::1%eth0", "a_bans_ip_203.0.113.9"} {
		f.do("SET", key, "x")
	}
	f.ban(client, "", "global")
	f.ban(otherClient, "", "six")
	f.do("SET", "bans_ip_::ffff:203.0.113.7", "bad behavior")
	for _, service := range []string{site, "*.example.com", "a_ip_b", "_", "xexample.com"} {
		f.ban(client, service, "of "+service)
	}
}

func listAll(f *fixture) {
	someBans(f)
	bans := f.list(bwstate.BanFilter{})
	require.ElementsMatch(f, []string{
		"203.0.113.7", "2001:db8::7", "::ffff:203.0.113.7",
		"203.0.113.7 www.example.com", "203.0.113.7 *.example.com", "203.0.113.7 a_ip_b", "203.0.113.7 _", "203.0.113.7 xexample.com",
	}, names(bans))
	b := bans["203.0.113.7 a_ip_b"]
	f.requireAbout(time.Hour, b.Remaining)
	require.Equal(f, f.banned(client, "a_ip_b").Date, b.Date)
	require.Equal(f, "of a_ip_b", b.Reason)
	require.True(f, bans["::ffff:203.0.113.7"].Permanent)
	require.Equal(f, "bad behavior", bans["::ffff:203.0.113.7"].Reason)
}

func listSome(f *fixture) {
	someBans(f)
	for _, page := range []int{0, 1, 3} {
		require.ElementsMatch(f, []string{"203.0.113.7", "2001:db8::7", "::ffff:203.0.113.7"}, names(f.list(bwstate.BanFilter{Scope: bwstate.GlobalScope, PageSize: page})))
		require.Len(f, f.list(bwstate.BanFilter{Scope: bwstate.ServiceScope, PageSize: page}), 5)
		for _, service := range []string{site, "*.example.com", "a_ip_b", "_"} {
			require.Equal(f, []string{"203.0.113.7 " + service}, names(f.list(bwstate.BanFilter{Service: service, PageSize: page})))
		}
		require.Empty(f, f.list(bwstate.BanFilter{Service: "?xample.com", PageSize: page}))
		require.Empty(f, f.list(bwstate.BanFilter{Service: "a", PageSize: page}))
	}
}

func listThousands(f *fixture) {
	const n = 3000
	for i := range n {
		key := "bans_ip_" + netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}).String()
		f.do("SET", key, fmt.Sprintf(`{"reason":"%d"}`, i), "EX", "600")
	}
	before := f.state.RoundTrips()
	bans := f.list(bwstate.BanFilter{})
	require.LessOrEqual(f, f.state.RoundTrips()-before, uint64(30))
	require.Len(f, bans, n)
	for name, b := range bans {
		ip := b.IP.As4()
		require.Equal(f, fmt.Sprint(int(ip[2])<<8|int(ip[3])), b.Reason, name)
	}
}

func listOdd(f *fixture) {
	f.do("SET", "bans_ip_2001:DB8::7", `{"reason":"x"}`)
	f.do("SET", "bans_service_a_ip_2001:0db8::7", "y")
	f.ban(client, "", "z")
	odd, reasons := 0, ""
	for b, err := range f.state.Bans(f.ctx, bwstate.BanFilter{}) {
		reasons += b.Reason
		var value *bwstate.ValueError
		if errors.As(err, &value) {
			odd++
			require.Equal(f, otherClient, b.IP)
			continue
		}
		require.NoError(f, err)
		require.Equal(f, client, b.IP)
	}
	require.Equal(f, 2, odd)
	require.Len(f, reasons, 3)
	f.requireNotBanned(otherClient, "a")
}

func listWrongType(f *fixture) {
	f.do("RPUSH", "bans_ip_203.0.113.7", "x")
	f.ban(otherClient, site, "y")
	var errs []error
	reasons := ""
	for b, err := range f.state.Bans(f.ctx, bwstate.BanFilter{}) {
		if err != nil {
			require.Equal(f, bwstate.Ban{IP: client, Scope: bwstate.GlobalScope}, b)
			errs = append(errs, err)
		}
		reasons += b.Reason
	}
	require.Len(f, errs, 1)
	f.requireReply("WRONGTYPE", errs[0])
	require.Equal(f, "y", reasons)
}

func listLeave(f *fixture) {
	for i := range 50 {
		f.do("SET", fmt.Sprintf("bans_ip_10.0.0.%d", i), "x")
	}
	seen := 0
	for _, err := range f.state.Bans(f.ctx, bwstate.BanFilter{PageSize: 10}) {
		require.NoError(f, err)
		if seen++; seen == 3 {
			break
		}
	}
	require.Equal(f, 3, seen)

	ctx, cancel := context.WithCancel(f.ctx)
	defer cancel()
	var last error
	for _, err := range f.state.Bans(ctx, bwstate.BanFilter{PageSize: 10}) {
		require.NoError(f, last, "an error ends it")
		last = err
		cancel()
	}
	require.ErrorIs(f, last, context.Canceled)
}

func listArguments(f *fixture) {
	before := f.state.RoundTrips()
	for name, filters := range map[string][]bwstate.BanFilter{
		"PageSize": {{PageSize: -1}, {PageSize: 1 << 30}},
		"Scope":    {{Scope: "everywhere"}},
		"Service":  {{Service: "a b"}, {Service: site, Scope: bwstate.GlobalScope}},
	} {
		for _, filter := range filters {
			n := 0
			for b, err := range f.state.Bans(f.ctx, filter) {
				n++
				require.Zero(f, b)
				f.requireArgumentError(name, err)
			}
			require.Equal(f, 1, n)
		}
	}
	require.Equal(f, before, f.state.RoundTrips())
}

type pythonBans struct {
	Value  string            `json:"value"`
	Redis  map[string]record `json:"redis"`
	Reader struct {
		Returns []struct {
			IP        string  `json:"ip"`
			Service   string  `json:"service"`
			Reason    *string `json:"reason"`
			Scope     string  `json:"ban_scope"`
			Date      float64 `json:"date"`
			Country   string  `json:"country"`
			Permanent bool    `json:"permanent"`
			Exp       float64 `json:"exp"`
		} `json:"returns"`
		Exception *string `json:"exception"`
	} `json:"ui_collect_all_bans"`
}

// What BunkerWeb's UI shows of bans is what is listed.
func goldenPythonReaders(f *fixture) {
	var file map[string]pythonBans
	load("bans_python.json", &file)
	golden := file["bans"]
	for key, r := range golden.Redis {
		f.do("SET", key, r.Value.(string))
		if r.TTL > 0 {
			f.do("EXPIRE", key, fmt.Sprint(r.TTL))
		}
	}
	bans := f.list(bwstate.BanFilter{})
	require.Len(f, bans, len(golden.Reader.Returns))
	for _, want := range golden.Reader.Returns {
		name := want.IP
		if want.Scope == "service" {
			name += " " + want.Service
		}
		if want.Scope == "service" && want.Service == "default server" {
			name = want.IP + " _" // the UI's name for it
		}
		require.Contains(f, bans, name)
		b := bans[name]
		require.Equal(f, want.IP == "5.5.5.5" || want.IP == "7.7.7.7", b.Permanent, "%s: the UI does not notice that bare text without an end is permanent", name)
		if want.Reason != nil && *want.Reason != "no reason given" {
			require.Equal(f, *want.Reason, b.Reason, name)
		}
		if want.Date > 0 {
			require.EqualValues(f, want.Date, b.Date.Unix(), name)
			require.Equal(f, want.Country, b.Country, name)
		}
	}
}

// Values that stop BunkerWeb's Python are read here, and AddBan makes of each one that no reader stops at.
func goldenOddBans() (tests []test) {
	var file map[string]pythonBans
	load("bans_python.json", &file)
	for name, golden := range file {
		if !strings.HasPrefix(name, "bans_odd_") {
			continue
		}
		tests = append(tests, test{"golden " + name, func(f *fixture) {
			f.do("SET", "bans_ip_1.1.1.1", golden.Value, "EX", "60")
			b := f.list(bwstate.BanFilter{})["1.1.1.1"]
			require.Equal(f, addr("1.1.1.1"), b.IP)
			var fields map[string]any
			if json.Unmarshal([]byte(golden.Value), &fields) == nil && fields != nil {
				require.Equal(f, "x", b.Reason)
			} else {
				require.Equal(f, golden.Value, b.Reason)
			}
			require.NoError(f, f.state.AddBan(f.ctx, b))
			f.requireWritten("bans_ip_1.1.1.1")
			require.Equal(f, b.Reason, f.banned(b.IP, "").Reason)
		}})
	}
	return tests
}
