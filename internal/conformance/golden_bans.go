package conformance

import (
	"encoding/json"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

type goldenBans struct {
	AddBan    []goldenCase `json:"add_ban"`
	IsBanned  []goldenCase `json:"is_banned"`
	RemoveBan []goldenCase `json:"remove_ban"`
}

func loadBans() (bans goldenBans) {
	load("bans.json", &bans)
	return bans
}

func goldenAddBan() []test { return goldenTests(loadBans().AddBan, runAddBan) }

// ban is what a node makes of the arguments.
func (c goldenCase) ban() bwstate.Ban {
	ttl := or(c.Call.TTL, 0)
	b := bwstate.Ban{
		IP:        c.Call.addr(),
		Reason:    or(c.Call.Reason, ""),
		Service:   or(c.Call.Service, ""),
		Country:   or(c.Call.Country, "local"),
		Scope:     bwstate.Scope(or(c.Call.Scope, "global")),
		Date:      time.Unix(c.Now, 0),
		Permanent: ttl == 0,
		Remaining: time.Duration(ttl * float64(time.Second)),
	}
	if string(c.Call.ReasonData) != "null" {
		b.Data = c.Call.ReasonData
	}
	return b
}

func runAddBan(f *fixture, c goldenCase) {
	err := f.state.AddBan(f.ctx, c.ban())
	switch c.Name {
	case "service-scope-without-service":
		// A node writes a global ban that says it is one of a service. That helps nobody: refused.
		f.requireArgumentError("Service", err)
		c.After = nil
	case "fractional-ttl":
		// A node keeps the ban to itself, because the server refuses it. Rounded up here, as in all lifetimes.
		require.NoError(f, err)
		c.After = map[string]record{"bans_ip_1.2.3.4": {"string", 2, f.text("GET", "bans_ip_1.2.3.4")}}
	case "nil-reason":
		// A node leaves the field out, and readers then show the whole value as the reason. Written empty here.
		require.NoError(f, err)
		c.addReason(f, "bans_ip_1.2.3.4", "")
	default:
		require.Equal(f, c.succeeded(), err == nil, "%v", err)
	}
	f.requireKeys(c.After)
}

// addReason adds a reason to an expected ban.
func (c goldenCase) addReason(f *fixture, key, reason string) {
	var fields map[string]any
	r := c.After[key]
	require.NoError(f, json.Unmarshal([]byte(r.Value.(string)), &fields))
	require.NotContains(f, fields, "reason")
	fields["reason"] = reason
	value, err := json.Marshal(fields)
	require.NoError(f, err)
	r.Value = string(value)
	c.After[key] = r
}

func goldenIsBanned() []test { return goldenTests(loadBans().IsBanned, runIsBanned) }

func runIsBanned(f *fixture, c goldenCase) {
	b, banned, err := f.state.Banned(f.ctx, c.Call.addr(), c.Call.ServerName)
	f.requireKeys(c.After)
	switch {
	case c.Name == "wrong-type-service":
		// On a node the key that cannot be read hides the global ban, and the client gets in. Not here.
		require.NoError(f, err)
		require.True(f, banned)
		require.Equal(f, "manual", b.Reason)
		require.Equal(f, bwstate.GlobalScope, b.Scope)
	case c.Returns[0] == nil:
		f.requireReply("WRONGTYPE", err)
		require.Contains(f, c.problem(), "WRONGTYPE")
		require.False(f, banned)
	case !c.succeeded():
		require.NoError(f, err)
		require.False(f, banned)
		require.Zero(f, b)
	default:
		require.NoError(f, err)
		require.True(f, banned)
		c.requireBan(f, b)
	}
}

// requireBan checks a ban against reason, remaining seconds and reason data as the node returns them.
func (c goldenCase) requireBan(f *fixture, b bwstate.Ban) {
	require.Equal(f, c.Call.addr(), b.IP)
	require.Equal(f, c.Returns[1], b.Reason)
	remaining := time.Duration(c.Returns[2].(float64)) * time.Second
	require.Equal(f, remaining == 0, b.Permanent)
	if b.Permanent {
		require.Zero(f, b.Remaining)
	} else {
		f.requireAbout(remaining, b.Remaining)
	}
	if data := c.Returns[3]; data == nil {
		require.Nil(f, b.Data)
	} else {
		var got any
		require.NoError(f, json.Unmarshal(b.Data, &got))
		require.Equal(f, data, got)
	}
}

func goldenRemoveBan() []test { return goldenTests(loadBans().RemoveBan, runRemoveBan) }

func runRemoveBan(f *fixture, c goldenCase) {
	service := "" // a global unban
	if or(c.Call.Scope, "global") == "service" {
		service = or(c.Call.Service, "")
	}
	lifted, err := f.state.Unban(f.ctx, c.Call.addr(), service)
	require.Equal(f, c.succeeded(), err == nil, "%v", err)
	require.Equal(f, len(c.Setup) > 0, lifted)
	if c.Name == "global-deletes-known-service-keys" {
		// A node also deletes the bans of single services that it happens to remember. A State remembers nothing.
		const forgotten = "bans_service_app1.example.com_ip_1.2.3.4"
		require.NotContains(f, c.After, forgotten)
		c.After[forgotten] = c.After["bans_service_app2.example.com_ip_1.2.3.4"]
	}
	f.requireKeys(c.After)
}
