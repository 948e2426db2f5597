package conformance

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

func appLimits(f *fixture) {
	for name, c := range map[string]struct {
		cfg  bwstate.AppSessionConfig
		want time.Duration
	}{
		"idle":     {bwstate.AppSessionConfig{Idle: time.Minute, Rolling: time.Hour, Absolute: time.Hour}, time.Minute},
		"rolling":  {bwstate.AppSessionConfig{Idle: time.Hour, Rolling: time.Minute, Absolute: time.Hour}, time.Minute},
		"absolute": {bwstate.AppSessionConfig{Idle: time.Hour, Rolling: time.Hour, Absolute: time.Minute}, time.Minute},
		"defaults": {bwstate.AppSessionConfig{}, bwstate.DefaultIdle},
	} {
		ss := f.appSessions(c.cfg)
		s := f.create(ss, "", "")
		require.Equal(f, c.want, s.Expires.Sub(s.Created), name)
		require.Equal(f, s.Created, s.Rotated, name)
		require.Equal(f, s.Created, s.Used, name)
		ttl := f.int("PTTL", appKey(s.Handle))
		f.requireAbout(c.want, time.Duration(ttl)*time.Millisecond)

		// Half a minute later, as far as the store can tell.
		f.age(&s, 30*time.Second)
		touched, found, err := ss.Touch(f.ctx, string(s.Token))
		require.NoError(f, err)
		require.True(f, found)
		switch name {
		case "idle", "defaults":
			require.Equal(f, c.want, touched.Expires.Sub(touched.Used), name)
		default:
			require.Equal(f, c.want, touched.Expires.Sub(touched.Created), name)
		}
		require.NotEqual(f, touched.Used, touched.Created)
		created, rotated := touched.Created, touched.Rotated
		found, err = ss.Save(f.ctx, &touched)
		require.NoError(f, err)
		require.True(f, found)
		require.Equal(f, created, touched.Created, name)
		require.Equal(f, rotated, touched.Rotated, name)
		found, err = ss.Rotate(f.ctx, &touched)
		require.NoError(f, err)
		require.True(f, found)
		require.Equal(f, created, touched.Created, name)
		require.True(f, touched.Rotated.After(rotated), name)
	}
	// Limits that are shorter now end what is too old for them.
	long, short := f.appSessions(bwstate.AppSessionConfig{Absolute: time.Hour}), f.appSessions(bwstate.AppSessionConfig{Absolute: time.Minute})
	for _, change := range []func(*bwstate.AppSession) (bool, error){
		func(s *bwstate.AppSession) (bool, error) { return short.Save(f.ctx, s) },
		func(s *bwstate.AppSession) (bool, error) { return short.Rotate(f.ctx, s) },
		func(s *bwstate.AppSession) (bool, error) {
			_, found, err := short.Touch(f.ctx, string(s.Token))
			return found, err
		},
	} {
		s := f.create(long, "alice", "")
		f.age(&s, 2*time.Minute)
		found, err := change(&s)
		require.NoError(f, err)
		require.False(f, found)
		f.requireEnded(long, s.Token)
		count, err := long.Count(f.ctx, "alice")
		require.NoError(f, err)
		require.Zero(f, count)
	}
}

func (f *fixture) age(s *bwstate.AppSession, by time.Duration) {
	f.Helper()
	value := []byte(f.text("GET", appKey(s.Handle)))
	for _, at := range []struct {
		place int
		was   time.Time
	}{{24, s.Created}, {40, s.Rotated}, {56, s.Used}} {
		copy(value[at.place:], fmt.Sprintf("%015d", at.was.Add(-by).UnixMilli()))
	}
	f.do("SET", appKey(s.Handle), string(value), "KEEPTTL")
}

func appEnds(f *fixture) {
	ss := f.appSessions(bwstate.AppSessionConfig{Idle: 300 * time.Millisecond})
	s := f.create(ss, "alice", "x")
	require.Eventually(f, func() bool {
		_, found, err := ss.Load(f.ctx, string(s.Token))
		require.NoError(f, err)
		return !found
	}, 5*time.Second, 10*time.Millisecond)
	f.requireEnded(ss, s.Token)
	found, err := ss.Save(f.ctx, &s)
	require.NoError(f, err)
	require.False(f, found)
	require.Eventually(f, func() bool { return len(f.keys()) == 0 }, 5*time.Second, 10*time.Millisecond, "the index lives no longer than its last session")

	// The limit counts, also where the store has not deleted the key.
	kept := f.create(f.appSessions(bwstate.AppSessionConfig{}), "alice", "y") // and with it the index
	s = f.create(ss, "alice", "x")
	f.do("PERSIST", appKey(s.Handle))
	require.Eventually(f, func() bool {
		infos, err := ss.List(f.ctx, "alice")
		require.NoError(f, err)
		return len(infos) == 1 && infos[0] == kept.AppSessionInfo
	}, 5*time.Second, 10*time.Millisecond)
	_, touched, err := ss.Touch(f.ctx, string(s.Token))
	require.NoError(f, err)
	require.False(f, touched)
}

func appSizes(f *fixture) {
	small, large := f.appSessions(bwstate.AppSessionConfig{MaxData: 100}), f.appSessions(bwstate.AppSessionConfig{MaxData: 1 << 20})
	_, err := small.Create(f.ctx, "", make([]byte, 101))
	f.requireArgumentError("Data", err)
	f.create(small, strings.Repeat("s", 1024), strings.Repeat("x", 100))
	s := f.create(large, "", strings.Repeat("x", 1<<20))
	_, found, err := small.Load(f.ctx, string(s.Token))
	f.requireReason(bwstate.TooLarge, err)
	require.False(f, found)
	_, found, err = small.Touch(f.ctx, string(s.Token))
	f.requireReason(bwstate.TooLarge, err)
	require.False(f, found)
	got := f.load(large, s.Token)
	require.True(f, bytes.Equal(s.Data, got.Data))
	require.Equal(f, s.Used, got.Used, "what is too large to be returned is not touched")
}

func appArguments(f *fixture) {
	key := bwstate.NewAppSessionKey()
	for _, c := range []struct {
		name string
		cfg  bwstate.AppSessionConfig
	}{
		{"Name", bwstate.AppSessionConfig{}},
		{"Name", bwstate.AppSessionConfig{Name: "a:b"}},
		{"Name", bwstate.AppSessionConfig{Name: strings.Repeat("a", 65)}},
		{"Idle", bwstate.AppSessionConfig{Name: "a", Idle: -1}},
		{"Rolling", bwstate.AppSessionConfig{Name: "a", Rolling: time.Microsecond}},
		{"Absolute", bwstate.AppSessionConfig{Name: "a", Absolute: 1<<63 - 1}},
		{"MaxData", bwstate.AppSessionConfig{Name: "a", MaxData: -1}},
		{"MaxData", bwstate.AppSessionConfig{Name: "a", MaxData: 1 << 30}},
		{"WhenAway", bwstate.AppSessionConfig{Name: "a", WhenAway: 7}},
		{"Keys", bwstate.AppSessionConfig{Name: "a", WhenAway: bwstate.CookieWhenAway}},
		{"Keys[0]", bwstate.AppSessionConfig{Name: "a", Keys: []bwstate.Secret{"c2hvcnQ="}}},
		{"Keys[1]", bwstate.AppSessionConfig{Name: "a", Keys: []bwstate.Secret{key, key}}},
		{"Keys[1]", bwstate.AppSessionConfig{Name: "a", Keys: []bwstate.Secret{key, "not base64"}}},
	} {
		_, err := f.state.AppSessions(c.cfg)
		f.requireArgumentError(c.name, err)
		require.NotContains(f, err.Error(), string(key))
	}
	ss := f.appSessions(bwstate.AppSessionConfig{})
	_, err := ss.Create(f.ctx, strings.Repeat("s", 1025), nil)
	f.requireArgumentError("Subject", err)
	for _, subject := range []string{"", strings.Repeat("s", 1025)} {
		_, err = ss.RevokeAll(f.ctx, subject)
		f.requireArgumentError("subject", err)
		_, err = ss.List(f.ctx, subject)
		f.requireArgumentError("subject", err)
		_, err = ss.Count(f.ctx, subject)
		f.requireArgumentError("subject", err)
	}
	_, err = ss.Save(f.ctx, &bwstate.AppSession{AppSessionInfo: bwstate.AppSessionInfo{Place: bwstate.InStore}})
	f.requireArgumentError("Token", err)
	_, err = ss.Save(f.ctx, &bwstate.AppSession{})
	f.requireArgumentError("Place", err)
	for _, handle := range []string{"", "x", "*", strings.Repeat("x", 44)} {
		revoked, err := ss.RevokeHandle(f.ctx, handle)
		require.NoError(f, err)
		require.False(f, revoked)
		_, found, err := ss.Info(f.ctx, handle)
		require.NoError(f, err)
		require.False(f, found)
	}
	f.requireKeys(nil)
}
