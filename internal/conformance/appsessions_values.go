package conformance

import (
	"strings"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

func appStored(f *fixture) {
	ss := f.appSessions(bwstate.AppSessionConfig{Idle: time.Hour, Rolling: 2 * time.Hour, Absolute: 3 * time.Hour})
	s := f.create(ss, "", "the data")
	require.Equal(f, hash(string(s.Token)), s.Handle)
	require.Regexp(f, `^bwas1 p 000000000000001 00\d{13} 00\d{13} 00\d{13} 00\d{13} -{43} \x00the data$`, f.text("GET", appKey(s.Handle)))
	f.requireTTL(appKey(s.Handle), 3600)
	require.Len(f, f.keys(), 1)
	s = f.create(ss, "alice", "x")
	index := "bwredis:subject:app:" + hash("subject alice")
	require.Contains(f, f.text("GET", appKey(s.Handle)), " "+hash("subject alice")+" \x05alicex")
	require.Contains(f, f.keys(), index)
	f.requireTTL(index, 3600)
	for _, key := range f.keys() {
		require.NotContains(f, key, string(s.Token))
		require.NotContains(f, key, "alice")
	}
}

func appEncrypted(f *fixture) {
	key := bwstate.NewAppSessionKey()
	ss := f.appSessions(bwstate.AppSessionConfig{Keys: []bwstate.Secret{key}})
	s := f.create(ss, "alice", "the data")
	value := f.text("GET", appKey(s.Handle))
	require.NotContains(f, value, "the data")
	require.NotContains(f, value, "alice")
	require.Regexp(f, "^bwas1 e ", value)
	got := f.load(ss, s.Token)
	require.Equal(f, "the data", string(got.Data))
	require.Equal(f, "alice", got.Subject)

	f.part("altered", func(f *fixture) {
		for _, at := range []int{0, 3, 4, 15, 16, len(value) - 133} {
			changed := []byte(value)
			changed[132+at] ^= 1
			f.do("SET", appKey(s.Handle), string(changed))
			_, _, err := ss.Load(f.ctx, string(s.Token))
			want := bwstate.Altered
			if at < 4 {
				want = bwstate.ForeignKey
			}
			f.requireReason(want, err)
			require.NotContains(f, err.Error(), string(s.Token))
		}
		f.do("SET", appKey(s.Handle), value[:132+10])
		_, _, err := ss.Load(f.ctx, string(s.Token))
		f.requireReason(bwstate.Altered, err)
	})
	f.part("of another session", func(f *fixture) {
		other := f.create(ss, "alice", "mine")
		f.do("SET", appKey(s.Handle), f.text("GET", appKey(other.Handle)))
		_, _, err := ss.Load(f.ctx, string(s.Token))
		f.requireReason(bwstate.Altered, err)
	})
	f.part("of another subject", func(f *fixture) {
		f.do("SET", appKey(s.Handle), strings.Replace(value, hash("subject alice"), hash("subject admin"), 1))
		_, _, err := ss.Load(f.ctx, string(s.Token))
		f.requireReason(bwstate.Altered, err)
	})
	f.part("of another application", func(f *fixture) {
		other := f.appSessions(bwstate.AppSessionConfig{Name: "other", Keys: []bwstate.Secret{key}})
		f.do("SET", "bwredis:session:other:"+s.Handle, value)
		_, _, err := other.Load(f.ctx, string(s.Token))
		f.requireReason(bwstate.Altered, err)
	})
}

func appKeysChange(f *fixture) {
	old, next := bwstate.NewAppSessionKey(), bwstate.NewAppSessionKey()
	plain := f.appSessions(bwstate.AppSessionConfig{})
	before := f.appSessions(bwstate.AppSessionConfig{Keys: []bwstate.Secret{old}})
	both := f.appSessions(bwstate.AppSessionConfig{Keys: []bwstate.Secret{next, old}})
	after := f.appSessions(bwstate.AppSessionConfig{Keys: []bwstate.Secret{next}})
	mixed := f.appSessions(bwstate.AppSessionConfig{Keys: []bwstate.Secret{next}, AcceptPlain: true})

	s := f.create(before, "alice", "x")
	got := f.load(both, s.Token)
	_, _, err := after.Load(f.ctx, string(s.Token))
	f.requireReason(bwstate.ForeignKey, err)
	_, _, err = plain.Load(f.ctx, string(s.Token))
	f.requireReason(bwstate.ForeignKey, err)
	_, err = both.Save(f.ctx, &got) // with the first key
	require.NoError(f, err)
	require.Equal(f, "x", string(f.load(after, s.Token).Data))
	_, _, err = before.Load(f.ctx, string(s.Token))
	f.requireReason(bwstate.ForeignKey, err)

	s = f.create(plain, "", "y")
	_, _, err = after.Load(f.ctx, string(s.Token))
	f.requireReason(bwstate.NotEncrypted, err)
	require.Equal(f, "y", string(f.load(mixed, s.Token).Data))
}

func appNoTokens(f *fixture) {
	ss := f.appSessions(bwstate.AppSessionConfig{})
	token := string(f.create(ss, "", "x").Token)
	for _, text := range []string{
		"", "x", token[:42], token + "x", token[:42] + "=", token[:42] + "\n",
		strings.Repeat("-", 42) + "_", "." + token, token[:42] + " ", strings.Repeat("é", 43),
	} {
		f.requireEnded(ss, bwstate.Secret(text))
	}
	f.requireEnded(ss, bwstate.Secret(strings.Repeat("A", 43)))
	require.Len(f, f.keys(), 1)
}

func appForeign(f *fixture) {
	ss := f.appSessions(bwstate.AppSessionConfig{})
	s := f.create(ss, "", "x")
	good := f.text("GET", appKey(s.Handle))
	for _, value := range []string{
		"", "x", `["eHl6"]`, strings.Repeat("x", 132), good[:131], "bwas2" + good[5:], "bwas1 x" + good[7:], good[:8] + "x" + good[9:], good[:8] + "-" + good[9:],
		good[:23] + "0" + good[24:], good[:88] + "!" + good[89:], good[:131] + "x" + good[132:], " " + good[:131],
	} {
		f.do("SET", appKey(s.Handle), value)
		_, _, err := ss.Touch(f.ctx, string(s.Token))
		f.requireReason(bwstate.NotASession, err)
		mine := s
		_, err = ss.Save(f.ctx, &mine)
		f.requireReason(bwstate.NotASession, err)
		_, err = ss.Rotate(f.ctx, &mine)
		f.requireReason(bwstate.NotASession, err)
		_, err = ss.Revoke(f.ctx, string(s.Token))
		f.requireReason(bwstate.NotASession, err)
		if value != "" { // which GETRANGE cannot tell from nothing
			_, _, err = ss.Info(f.ctx, s.Handle)
			f.requireReason(bwstate.NotASession, err)
			_, _, err = ss.Load(f.ctx, string(s.Token))
			f.requireReason(bwstate.NotASession, err)
		}
		require.NotContains(f, err.Error(), string(s.Token))
		f.requireKeys(map[string]record{appKey(s.Handle): {"string", -1, value}})
	}
	// What is only behind the head.
	for _, behind := range []string{"", "\x05abcd", "\xff", "\x01ax"} {
		f.do("SET", appKey(s.Handle), good[:132]+behind)
		_, _, err := ss.Load(f.ctx, string(s.Token))
		f.requireReason(bwstate.Altered, err)
	}
}

func appLists(f *fixture) {
	ss := f.appSessions(bwstate.AppSessionConfig{})
	s := f.create(ss, "alice", "x")
	f.do("DEL", appKey(s.Handle))
	f.do("RPUSH", appKey(s.Handle), "x")
	_, _, err := ss.Load(f.ctx, string(s.Token))
	f.requireReason(bwstate.WrongType, err)
	_, _, err = ss.Touch(f.ctx, string(s.Token))
	f.requireReason(bwstate.WrongType, err)
	_, err = ss.Save(f.ctx, &s)
	f.requireReason(bwstate.WrongType, err)
	_, err = ss.Rotate(f.ctx, &s)
	f.requireReason(bwstate.WrongType, err)
	_, err = ss.Revoke(f.ctx, string(s.Token))
	f.requireReason(bwstate.WrongType, err)
	_, _, err = ss.Info(f.ctx, s.Handle)
	f.requireReason(bwstate.WrongType, err)
	f.requireReply("WRONGTYPE", err)
	n, err := ss.RevokeAll(f.ctx, "alice")
	require.NoError(f, err)
	require.Zero(f, n)
	require.Equal(f, "list", f.text("TYPE", appKey(s.Handle)))
}
