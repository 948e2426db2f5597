package conformance

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

// badBehaviorChoiceTests are about what is asked for beyond BunkerWeb's own behaviour.
var badBehaviorChoiceTests = []test{
	{"a ban of somebody else is kept", keepOthersBan},
	{"a ban of a counter is renewed", renewOwnBan},
	{"a ban is kept only where there is one that can be read", keepWhatIsThere},
	{"detection bans nobody", detectOnly},
	{"a ban is written whole", wholeBan},
	{"a count that is forgotten at once", forgetCount},
	{"many at once", countMany},
	{"many at once, some refused", countManyRefused},
	{"bad arguments of many", countManyArguments},
	{"golden end to end", goldenFlow},
	{"golden detect mode", goldenDetect},
}

func keepOthersBan(f *fixture) {
	const key = "bans_ip_203.0.113.7"
	rule := bwstate.BadBehavior{Threshold: 1, BanTime: time.Hour, KeepBan: true}
	for i, c := range []struct {
		value string
		ttl   int64
	}{
		{`{"reason":"by hand","date":1700000000}`, 60},
		{`{"reason":"by hand","reason_data":[{"why":"\"reason\":\"bad behavior\""}]}`, 60},
		{`{"reason":"by hand","reason_data":[{"reason":"bad behavior"}]}`, 60},
		{`{"reason_data":["\"]",{"reason":"bad behavior"}],"reason":"by hand"}`, 60},
		{`"reason":"bad behavior"`, 60},
		{`{"reason_data":"` + strings.Repeat("x", 3<<20) + `","reason":"bad behavior"}`, 60}, // what is so long is nobody's
		{`{"reason": "bad behavior"}`, 60},                                                   // no node and no counter of ours writes that space
		{"bad behavior ", 60},
		{"", 60},
		{"\xff\x00", 60},
		{"bad behavior", -1},
		{`{"reason":"bad behavior","permanent":true}`, -1},
		{`{"reason":"by hand"}`, -1},
	} {
		f.part(strconv.Itoa(i), func(f *fixture) {
			f.do("SET", key, c.value)
			if c.ttl > 0 {
				f.do("EXPIRE", key, strconv.FormatInt(c.ttl, 10))
			}
			got, err := f.state.IncreaseBadBehavior(f.ctx, client, rule)
			require.NoError(f, err)
			require.Equal(f, bwstate.BadBehaviorResult{Count: int64(i + 1), Reached: true, Banned: true, Kept: true}, got)
			require.Equal(f, c.value, f.text("GET", key))
			f.requireTTL(key, c.ttl)
		})
	}
}

func renewOwnBan(f *fixture) {
	const key = "bans_service_www.example.com_ip_203.0.113.7"
	rule := bwstate.BadBehavior{Service: site, Threshold: 1, BanTime: time.Hour, KeepBan: true}
	for i, value := range []string{
		"bad behavior", `{"date":1700000000,"reason":"bad behavior","reason_data":[{"url":"/"}]}`,
		`{"reason_data":[{"url":"\"]}\\","a":[]},{"reason":"bad behavior"}],"reason":"bad behavior"}`, "{\"a\":\"\xff\\\x00\",\"reason\":\"bad behavior\"}",
		`{"reason_data":"` + strings.Repeat("x", 1<<20) + `","reason":"bad behavior"}`,
	} {
		f.do("SET", key, value, "EX", "60")
		require.EqualValues(f, i+1, f.count(client, rule))
		require.Equal(f, "bad behavior", f.text("GET", key))
		f.requireTTL(key, 3600)
	}
	rule.Permanent = true
	f.count(client, rule)
	f.requireTTL(key, -1)
}

func keepWhatIsThere(f *fixture) {
	rule := bwstate.BadBehavior{Threshold: 2, KeepBan: true}
	f.count(client, rule)
	f.requireNotBanned(client, "")
	f.count(client, rule)
	require.Equal(f, "bad behavior", f.banned(client, "").Reason)
	f.do("DEL", "bans_ip_203.0.113.7")
	f.do("RPUSH", "bans_ip_203.0.113.7", "x")
	got, err := f.state.IncreaseBadBehavior(f.ctx, client, rule)
	f.requireReply("WRONGTYPE", err)
	require.Zero(f, got)
	require.Equal(f, "3", f.text("GET", "plugin_bad_behavior_203.0.113.7")) // what was done before stays done
	require.EqualValues(f, 1, f.int("LLEN", "bans_ip_203.0.113.7"))
	rule.KeepBan = false
	f.count(client, rule)
	require.Equal(f, "bad behavior", f.banned(client, "").Reason)
}

func detectOnly(f *fixture) {
	rule := bwstate.BadBehavior{Service: site, Threshold: 2, Detect: true}
	for want := int64(1); want <= 3; want++ {
		got, err := f.state.IncreaseBadBehavior(f.ctx, client, rule)
		require.NoError(f, err)
		require.Equal(f, bwstate.BadBehaviorResult{Count: want, Reached: want >= 2}, got)
	}
	f.requireKeys(map[string]record{"plugin_bad_behavior_www.example.com_203.0.113.7": {"string", 60, "3"}})
	f.ban(client, site, "by hand")
	_, err := f.state.IncreaseBadBehavior(f.ctx, client, rule)
	require.NoError(f, err)
	require.Equal(f, "by hand", f.banned(client, site).Reason)
}

func wholeBan(f *fixture) {
	before := time.Now().Truncate(time.Second)
	rule := bwstate.BadBehavior{Service: site, Threshold: 1, BanTime: time.Hour, WholeBan: true}
	for _, c := range []struct {
		country string
		data    json.RawMessage
		want    bwstate.Ban
	}{
		{"", nil, bwstate.Ban{Country: "unknown", Data: json.RawMessage(`{}`)}},
		{"FR", json.RawMessage(`[{"url":"/é"}]`), bwstate.Ban{Country: "FR", Data: json.RawMessage(`[{"url":"/é"}]`)}},
	} {
		for _, scope := range []bwstate.Scope{bwstate.ServiceScope, bwstate.GlobalScope} {
			rule.Country, rule.Data, rule.Scope = c.country, c.data, scope
			f.count(otherClient, rule)
			service := site
			if scope == bwstate.GlobalScope {
				service = ""
			}
			got, want := f.banned(otherClient, service), c.want
			f.requireAbout(time.Hour, got.Remaining)
			require.WithinRange(f, got.Date, before, time.Now())
			want.IP, want.Scope, want.Service, want.Reason = otherClient, scope, site, "bad behavior"
			want.Remaining, want.Date = got.Remaining, got.Date
			require.Equal(f, want, got)
			_, err := f.state.Unban(f.ctx, otherClient, service)
			require.NoError(f, err)
		}
	}
	rule.Service, rule.Permanent = "", true
	f.count(client, rule)
	f.requireWritten("bans_ip_203.0.113.7")
}

func forgetCount(f *fixture) {
	rule := bwstate.BadBehavior{Threshold: 2, Forget: true, CountTime: -time.Hour}
	for range 3 {
		require.EqualValues(f, 1, f.count(client, rule))
	}
	f.do("SET", "plugin_bad_behavior_203.0.113.7", "5")
	got, err := f.state.DecreaseBadBehavior(f.ctx, client, rule)
	require.NoError(f, err)
	require.EqualValues(f, 4, got.Count)
	f.requireKeys(nil)
	rule.Threshold = 1
	f.count(client, rule)
	f.requireKeys(map[string]record{"bans_ip_203.0.113.7": {"string", 86400, "bad behavior"}})
}

func countMany(f *fixture) {
	const n = 1203
	requests := make([]bwstate.BadRequest, n)
	for i := range requests {
		requests[i] = bwstate.BadRequest{IP: netip.AddrFrom4([4]byte{10, 0, 0, byte(i % 3)}), Rule: bwstate.BadBehavior{Service: site, Threshold: n/3 - 1}}
	}
	_, err := f.state.IncreaseBadBehaviors(f.ctx, requests[:1]) // a server may have to be given the script
	require.NoError(f, err)
	before := f.state.RoundTrips()
	got, err := f.state.IncreaseBadBehaviors(f.ctx, requests[1:])
	require.NoError(f, err)
	require.Equal(f, before+3, f.state.RoundTrips())
	require.Len(f, got, n-1)
	for i, result := range got {
		count := int64((i+1)/3 + 1)
		require.Equal(f, bwstate.BadBehaviorResult{Count: count, Reached: count >= n/3-1, Banned: count >= n/3-1}, result, i)
	}
	f.banned(addr("10.0.0.2"), site)

	got, err = f.state.DecreaseBadBehaviors(f.ctx, requests[:4])
	require.NoError(f, err)
	for i, want := range []int64{400, 400, 400, 399} {
		require.Equal(f, want, got[i].Count, i)
		require.False(f, got[i].Banned)
	}
	got, err = f.state.DecreaseBadBehaviors(f.ctx, nil)
	require.NoError(f, err)
	require.Empty(f, got)
}

func countManyRefused(f *fixture) {
	f.do("SET", "plugin_bad_behavior_203.0.113.7", "x")
	rule := bwstate.BadBehavior{Threshold: 1}
	got, err := f.state.IncreaseBadBehaviors(f.ctx, []bwstate.BadRequest{{IP: otherClient, Rule: rule}, {IP: client, Rule: rule}, {IP: otherClient, Rule: rule}})
	require.NoError(f, err)
	require.Len(f, got, 3)
	f.requireReply("ERR value is not an integer", got[1].Err)
	got[1].Err = nil
	require.Zero(f, got[1])
	require.Equal(f, bwstate.BadBehaviorResult{Count: 2, Reached: true, Banned: true}, got[2])
}

func countManyArguments(f *fixture) {
	before := f.state.RoundTrips()
	requests := []bwstate.BadRequest{{IP: client}, {IP: netip.Addr{}}}
	_, err := f.state.IncreaseBadBehaviors(f.ctx, requests)
	f.requireArgumentError("ip", err)
	requests[1] = bwstate.BadRequest{IP: client, Rule: bwstate.BadBehavior{Threshold: -1}}
	_, err = f.state.DecreaseBadBehaviors(f.ctx, requests)
	f.requireArgumentError("Threshold", err)
	require.Equal(f, before, f.state.RoundTrips())
	f.requireKeys(nil)
}

// A goldenFlowFile is what a node did with real requests.
type goldenFlowFile struct {
	EndToEnd struct {
		Counted []struct {
			Keys, Argv []string
			Reply      int64
		}
		After map[string]record
	} `json:"end_to_end"`
	Detect struct {
		Bans     map[string]record `json:"bans_after"`
		Counters map[string]record `json:"counters_after"`
	} `json:"detect_mode"`
}

// Three bad requests, the ban that a node makes of its script's, and the three counts that end when their time has passed.
func goldenFlow(f *fixture) {
	var file goldenFlowFile
	load("badbehavior_flow.json", &file)
	ip, service := addr("2.125.160.216"), "app1.example.com"
	rule := bwstate.BadBehavior{Service: service, Threshold: 3, CountTime: time.Minute, BanTime: time.Hour}
	counter, ban := "plugin_bad_behavior_"+service+"_"+ip.String(), "bans_service_"+service+"_ip_"+ip.String()
	for _, c := range file.EndToEnd.Counted {
		require.Equal(f, []string{counter, ban}, c.Keys)
		require.Equal(f, []string{"60", "3", "3600"}, c.Argv)
		require.Equal(f, c.Reply, f.count(ip, rule))
	}
	f.requireKeys(map[string]record{counter: {"string", 60, "3"}, ban: {"string", 3600, "bad behavior"}})

	after := file.EndToEnd.After
	var said struct {
		Date    int64           `json:"date"`
		Country string          `json:"country"`
		Reason  string          `json:"reason"`
		Data    json.RawMessage `json:"reason_data"`
	}
	require.NoError(f, json.Unmarshal([]byte(after[ban].Value.(string)), &said))
	require.NoError(f, f.state.AddBan(f.ctx, bwstate.Ban{
		IP: ip, Scope: bwstate.ServiceScope, Service: service, Reason: said.Reason, Date: time.Unix(said.Date, 0), Country: said.Country, Data: said.Data, Remaining: time.Hour,
	}))
	delete(after, "requests:facets:initialized") // of another plugin
	f.requireKeys(after)
	for _, want := range []int64{2, 1, 0} {
		got, err := f.state.DecreaseBadBehavior(f.ctx, ip, rule)
		require.NoError(f, err)
		require.Equal(f, want, got.Count)
	}
	delete(after, counter)
	f.requireKeys(after)

	// A WholeBan is that ban at once, but for its date.
	rule.Threshold, rule.WholeBan, rule.Country, rule.Data = 1, true, said.Country, said.Data
	f.count(ip, rule)
	got := f.banned(ip, service)
	require.JSONEq(f, string(said.Data), string(got.Data))
	require.Equal(f, []string{said.Reason, said.Country}, []string{got.Reason, got.Country})
}

// A node bans in detect mode too, and so does a rule that does not say Detect.
func goldenDetect(f *fixture) {
	var file goldenFlowFile
	load("badbehavior_flow.json", &file)
	rule := bwstate.BadBehavior{Service: "app2.example.com", Threshold: 2, BanTime: 10 * time.Minute}
	for _, detect := range []bool{true, false} {
		rule.Detect = detect
		want := map[string]record{}
		for key, r := range file.Detect.Counters {
			want[key] = r
		}
		for range 2 {
			_, err := f.state.IncreaseBadBehavior(f.ctx, addr("203.0.113.80"), rule)
			require.NoError(f, err)
		}
		if !detect {
			for key, r := range file.Detect.Bans {
				want[key] = r
			}
		}
		f.requireKeys(want)
		for key := range file.Detect.Counters {
			f.do("DEL", key)
		}
	}
}

// requireWritten checks that a ban has every field that some reader cannot do without, of the type that all of them take.
func (f *fixture) requireWritten(key string) {
	f.Helper()
	var fields map[string]any
	require.NoError(f, json.Unmarshal([]byte(f.text("GET", key)), &fields))
	types := map[string]string{}
	for name, value := range fields {
		types[name] = fmt.Sprintf("%T", value)
	}
	if types["reason_data"] == "[]interface {}" {
		types["reason_data"] = "map[string]interface {}"
	}
	require.Equal(f, map[string]string{
		"reason": "string", "date": "float64", "service": "string", "country": "string", "ban_scope": "string", "permanent": "bool", "reason_data": "map[string]interface {}",
	}, types)
}
