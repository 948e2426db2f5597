package conformance

import (
	"strings"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

// durableTests are about a store without replicas: nothing is acknowledged, and everything is written.
var durableTests = []test{
	{"a command", durableDo},
	{"bans", durableBans},
	{"sessions", durableSessions},
	{"application's sessions", durableAppSessions},
	{"a write that fails", durableRefused},
	{"bad arguments", durableArguments},
}

// patient is how long these tests wait for replicas that there are not.
const patient = 5 * time.Millisecond

func durableDo(f *fixture) {
	d := f.state.WaitReplicas(1, patient)
	before := f.state.RoundTrips()
	for i := range int64(2) {
		v, acknowledged, err := d.Do(f.ctx, "INCR", "n")
		require.NoError(f, err)
		require.Zero(f, acknowledged)
		n, err := v.Int()
		require.NoError(f, err)
		require.Equal(f, i+1, n)
	}
	v, acknowledged, err := d.Do(f.ctx, "GET", "n")
	require.NoError(f, err)
	require.Zero(f, acknowledged)
	text, err := v.Text()
	require.NoError(f, err)
	require.Equal(f, "2", text)
	require.Equal(f, before+3, f.state.RoundTrips())
	require.Zero(f, f.int("WAIT", "1", "1"))
}

func durableBans(f *fixture) {
	d := f.state.WaitReplicas(2, patient)
	acknowledged, err := d.AddBan(f.ctx, bwstate.Ban{IP: client, Scope: bwstate.ServiceScope, Service: site, Reason: "r", Remaining: time.Hour})
	require.NoError(f, err)
	require.Zero(f, acknowledged)
	require.Equal(f, "r", f.banned(client, site).Reason)
	for _, want := range []bool{true, false} {
		lifted, acknowledged, err := d.Unban(f.ctx, client, site)
		require.NoError(f, err)
		require.Equal(f, want, lifted)
		require.Zero(f, acknowledged)
		f.requireNotBanned(client, site)
	}
	f.requireKeys(nil)
}

func durableSessions(f *fixture) {
	d := f.state.WaitReplicas(1, patient)
	ss, id := f.sessions("s"), bwstate.NewSessionID()
	acknowledged, err := d.SaveSession(f.ctx, ss, id, []byte("x"), time.Hour)
	require.NoError(f, err)
	require.Zero(f, acknowledged)
	f.requireSession(ss, id, "x")
	for _, want := range []bool{true, false} {
		deleted, acknowledged, err := d.DeleteSession(f.ctx, ss, id)
		require.NoError(f, err)
		require.Equal(f, want, deleted)
		require.Zero(f, acknowledged)
		f.requireNoSession(ss, id)
	}
}

func durableAppSessions(f *fixture) {
	d, ss, before := f.state.WaitReplicas(1, patient), f.appSessions(bwstate.AppSessionConfig{}), f.state.RoundTrips()
	none := func(acknowledged int, err error) {
		f.Helper()
		require.NoError(f, err)
		require.Zero(f, acknowledged)
	}
	s, acknowledged, err := d.CreateAppSession(f.ctx, ss, "alice", []byte("x"))
	none(acknowledged, err)
	old := s.Token
	found, acknowledged, err := d.SaveAppSession(f.ctx, ss, &s)
	none(acknowledged, err)
	require.True(f, found)
	found, acknowledged, err = d.RotateAppSession(f.ctx, ss, &s)
	none(acknowledged, err)
	require.True(f, found)
	n, acknowledged, err := d.RevokeOtherAppSessions(f.ctx, ss, &s)
	none(acknowledged, err)
	require.Zero(f, n)
	require.Equal(f, before+4, f.state.RoundTrips())
	require.EqualValues(f, 3, f.load(ss, s.Token).Version)
	f.requireEnded(ss, old)
	n, acknowledged, err = d.RevokeAllAppSessions(f.ctx, ss, "alice")
	none(acknowledged, err)
	require.Equal(f, 1, n)
	for _, want := range []bool{true, false} {
		if want {
			s, _, err = d.CreateAppSession(f.ctx, ss, "", nil)
			require.NoError(f, err)
		}
		revoked, acknowledged, err := d.RevokeAppSession(f.ctx, ss, string(s.Token))
		none(acknowledged, err)
		require.Equal(f, want, revoked)
	}
	s = f.create(ss, "", "")
	revoked, acknowledged, err := d.RevokeAppSessionHandle(f.ctx, ss, s.Handle)
	none(acknowledged, err)
	require.True(f, revoked)
	f.requireEnded(ss, s.Token)
}

func durableRefused(f *fixture) {
	f.do("SET", "k", "v")
	v, acknowledged, err := f.state.WaitReplicas(1, patient).Do(f.ctx, "INCR", "k")
	require.True(f, resp.IsCode(err, "ERR"), "%v", err)
	var wait *bwstate.WaitError
	require.NotErrorAs(f, err, &wait)
	require.True(f, v.IsNull())
	require.Zero(f, acknowledged)
	require.NoError(f, f.state.Ping(f.ctx))
}

func durableArguments(f *fixture) {
	before := f.state.RoundTrips()
	ban := bwstate.Ban{IP: client, Permanent: true}
	for _, bad := range []struct {
		name    string
		n       int
		timeout time.Duration
	}{{"replicas", 0, patient}, {"replicas", -1, patient}, {"timeout", 1, 0}, {"timeout", 1, -1}, {"timeout", 1, 1<<63 - 1}} {
		_, err := f.state.WaitReplicas(bad.n, bad.timeout).AddBan(f.ctx, ban)
		f.requireArgumentError(bad.name, err)
	}
	d, ss, id := f.state.WaitReplicas(1, patient), f.sessions("s"), bwstate.NewSessionID()
	_, _, err := d.Do(f.ctx)
	f.requireArgumentError("command", err)
	var refused *bwstate.CommandError
	_, _, err = d.Do(f.ctx, "MULTI")
	require.ErrorAs(f, err, &refused)
	_, err = d.AddBan(f.ctx, bwstate.Ban{IP: client})
	f.requireArgumentError("Remaining", err)
	_, _, err = d.Unban(f.ctx, client, "a b")
	f.requireArgumentError("Service", err)
	_, err = d.SaveSession(f.ctx, ss, id, nil, 0)
	f.requireArgumentError("ttl", err)
	other := bwstate.New(nil).WaitReplicas(1, patient)
	_, err = other.SaveSession(f.ctx, ss, id, nil, time.Hour)
	f.requireArgumentError("sessions", err)
	_, _, err = other.DeleteSession(f.ctx, ss, id)
	f.requireArgumentError("sessions", err)
	durableAppArguments(f)
	require.Equal(f, before, f.state.RoundTrips())
	f.requireKeys(nil)
}

func durableAppArguments(f *fixture) {
	ss, s := f.appSessions(bwstate.AppSessionConfig{}), &bwstate.AppSession{Subject: "alice"}
	for name, d := range map[string]*bwstate.Durable{
		"sessions": bwstate.New(nil).WaitReplicas(1, patient), "replicas": f.state.WaitReplicas(0, patient), "timeout": f.state.WaitReplicas(1, 0),
	} {
		for _, call := range []func() (any, int, error){
			func() (any, int, error) { return anyOf(d.CreateAppSession(f.ctx, ss, "alice", nil)) },
			func() (any, int, error) { return anyOf(d.SaveAppSession(f.ctx, ss, s)) },
			func() (any, int, error) { return anyOf(d.RotateAppSession(f.ctx, ss, s)) },
			func() (any, int, error) { return anyOf(d.RevokeAppSession(f.ctx, ss, string(s.Token))) },
			func() (any, int, error) { return anyOf(d.RevokeAppSessionHandle(f.ctx, ss, hash("x"))) },
			func() (any, int, error) { return anyOf(d.RevokeAllAppSessions(f.ctx, ss, "alice")) },
			func() (any, int, error) { return anyOf(d.RevokeOtherAppSessions(f.ctx, ss, s)) },
		} {
			_, _, err := call()
			f.requireArgumentError(name, err)
		}
	}
	d := f.state.WaitReplicas(1, patient)
	_, _, err := d.CreateAppSession(f.ctx, ss, strings.Repeat("s", 1025), nil)
	f.requireArgumentError("Subject", err)
	_, _, err = d.RevokeAllAppSessions(f.ctx, ss, "")
	f.requireArgumentError("subject", err)
}

func anyOf[T any](result T, acknowledged int, err error) (any, int, error) {
	return result, acknowledged, err
}
