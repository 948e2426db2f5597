package conformance

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

var appSessionTests = []test{
	{"created, loaded, saved, ended", appLife},
	{"what is stored", appStored},
	{"what is stored hides data and subject", appEncrypted},
	{"keys are changed", appKeysChange},
	{"texts that are no tokens", appNoTokens},
	{"limits", appLimits},
	{"a session ends by itself", appEnds},
	{"a lost update is an error", appLostUpdate},
	{"of callers at the same time one wins each version", appTogether},
	{"rotate", appRotate},
	{"a subject is changed by Rotate only", appSubjectChange},
	{"sessions of a subject", appSubject},
	{"all others are ended", appOthers},
	{"an index forgets what has ended", appIndexForgets},
	{"none is left while others are created", appRevokeRace},
	{"what has ended does not come back", appNoComeback},
	{"what was ended does not come out of a cookie", appOutOfCookies},
	{"for how long it is known that all were ended", appMarkGrows},
	{"what is no mark", appForeignMark},
	{"a session in a cookie that a caller changed", appChangedInCookie},
	{"what is no session", appForeign},
	{"what is no index", appForeignIndex},
	{"sessions that were moved", appMoved},
	{"values of another type", appLists},
	{"one round trip each", appRoundTrips},
	{"sizes", appSizes},
	{"bad arguments", appArguments},
	{"scs", appSCS},
}

// appSessions are sessions of an application.
func (f *fixture) appSessions(cfg bwstate.AppSessionConfig) *bwstate.AppSessions {
	f.Helper()
	if cfg.Name == "" {
		cfg.Name = "app"
	}
	ss, err := f.state.AppSessions(cfg)
	require.NoError(f, err)
	return ss
}

func (f *fixture) create(ss *bwstate.AppSessions, subject, data string) bwstate.AppSession {
	f.Helper()
	s, err := ss.Create(f.ctx, subject, []byte(data))
	require.NoError(f, err)
	require.Equal(f, bwstate.InStore, s.Place)
	return s
}

func (f *fixture) load(ss *bwstate.AppSessions, token bwstate.Secret) bwstate.AppSession {
	f.Helper()
	s, found, err := ss.Load(f.ctx, string(token))
	require.NoError(f, err)
	require.True(f, found)
	return s
}

func (f *fixture) requireEnded(ss *bwstate.AppSessions, token bwstate.Secret) {
	f.Helper()
	for name, load := range map[string]func(context.Context, string) (bwstate.AppSession, bool, error){"load": ss.Load, "touch": ss.Touch} {
		s, found, err := load(f.ctx, string(token))
		require.NoError(f, err, name)
		require.False(f, found, name)
		require.Zero(f, s, name)
	}
	revoked, err := ss.Revoke(f.ctx, string(token))
	require.NoError(f, err)
	require.False(f, revoked)
}

// requireReason checks that an operation was refused because of what is stored.
func (f *fixture) requireReason(want bwstate.AppSessionReason, err error) {
	f.Helper()
	var e *bwstate.AppSessionValueError
	require.ErrorAs(f, err, &e)
	require.Equal(f, want, e.Reason)
	var general *bwstate.ValueError
	require.ErrorAs(f, err, &general)
	require.Equal(f, "session", general.What)
}

func appKey(handle string) string { return "bwredis:session:app:" + handle }

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func appLife(f *fixture) {
	ss := f.appSessions(bwstate.AppSessionConfig{})
	for _, data := range []string{"", "x", "\r\n\x00\xff", strings.Repeat("long ", 10000)} {
		for _, subject := range []string{"", "alice", "\x00\r\n é", strings.Repeat("s", 1024)} {
			s := f.create(ss, subject, data)
			require.Len(f, string(s.Token), 43)
			require.EqualValues(f, 1, s.Version)
			got := f.load(ss, s.Token)
			require.Equal(f, data, string(got.Data))
			require.Equal(f, subject, got.Subject)
			require.Equal(f, s.AppSessionInfo, got.AppSessionInfo)

			got.Data = append(got.Data, " more"...)
			found, err := ss.Save(f.ctx, &got)
			require.NoError(f, err)
			require.True(f, found)
			require.EqualValues(f, 2, got.Version)
			require.Equal(f, s.Token, got.Token)
			require.Equal(f, data+" more", string(f.load(ss, s.Token).Data))

			touched, found, err := ss.Touch(f.ctx, string(s.Token))
			require.NoError(f, err)
			require.True(f, found)
			require.EqualValues(f, 2, touched.Version)
			require.Equal(f, data+" more", string(touched.Data))
			require.Equal(f, subject, touched.Subject)
			info, found, err := ss.Info(f.ctx, s.Handle)
			require.NoError(f, err)
			require.True(f, found)
			require.Equal(f, touched.AppSessionInfo, info)

			revoked, err := ss.Revoke(f.ctx, string(s.Token))
			require.NoError(f, err)
			require.True(f, revoked)
			f.requireEnded(ss, s.Token)
			_, found, err = ss.Info(f.ctx, s.Handle)
			require.NoError(f, err)
			require.False(f, found)
			f.requireKeys(nil)
		}
	}
}

// age makes a session older in the store.
// appRevokeRace creates, touches, saves and rotates sessions while all are ended. What was there before the last RevokeAll is gone after it.
// appMoved has an index name what is not its subject's, or not a session at all.
func appRoundTrips(f *fixture) {
	ss := f.appSessions(bwstate.AppSessionConfig{Keys: []bwstate.Secret{bwstate.NewAppSessionKey()}})
	var s bwstate.AppSession
	for _, op := range appOperations(ss, &s) {
		before := f.state.RoundTrips()
		require.NoError(f, op.call(f.ctx, f.state), op.name)
		require.Equal(f, before+1, f.state.RoundTrips(), op.name)
	}
}

// appOperations are one call of each operation on a session that Create, the first, begins.
func appOperations(ss *bwstate.AppSessions, s *bwstate.AppSession) []operation {
	type state = *bwstate.State
	return []operation{
		{"AppSessions.Create", func(ctx context.Context, _ state) (err error) {
			created, err := ss.Create(ctx, "alice", []byte("x"))
			if err == nil {
				*s = created
			} else {
				s.Token, s.Place = bwstate.Secret(strings.Repeat("A", 43)), bwstate.InStore
			}
			return err
		}},
		{"AppSessions.Load", func(ctx context.Context, _ state) error { return third(ss.Load(ctx, string(s.Token))) }},
		{"AppSessions.Touch", func(ctx context.Context, _ state) error { return third(ss.Touch(ctx, string(s.Token))) }},
		{"AppSessions.Save", func(ctx context.Context, _ state) error { return second(ss.Save(ctx, s)) }},
		{"AppSessions.Rotate", func(ctx context.Context, _ state) error { return second(ss.Rotate(ctx, s)) }},
		{"AppSessions.Info", func(ctx context.Context, _ state) error { return third(ss.Info(ctx, hash(string(s.Token)))) }},
		{"AppSessions.List", func(ctx context.Context, _ state) error { return second(ss.List(ctx, "alice")) }},
		{"AppSessions.Count", func(ctx context.Context, _ state) error { return second(ss.Count(ctx, "alice")) }},
		{"AppSessions.RevokeOthers", func(ctx context.Context, _ state) error {
			return second(ss.RevokeOthers(ctx, &bwstate.AppSession{Subject: "bob"}))
		}},
		{"AppSessions.RevokeHandle", func(ctx context.Context, _ state) error { return second(ss.RevokeHandle(ctx, hash("other"))) }},
		{"AppSessions.RevokeAll", func(ctx context.Context, _ state) error { return second(ss.RevokeAll(ctx, "alice")) }},
		{"AppSessions.Revoke", func(ctx context.Context, _ state) error { return second(ss.Revoke(ctx, string(s.Token))) }},
		{"SCSStore.CommitCtx", func(ctx context.Context, _ state) error {
			return (&bwstate.SCSStore{Sessions: ss}).CommitCtx(ctx, "token", []byte("x"), time.Now().Add(time.Hour))
		}},
		{"SCSStore.FindCtx", func(ctx context.Context, _ state) error {
			return third((&bwstate.SCSStore{Sessions: ss}).FindCtx(ctx, "token"))
		}},
		{"SCSStore.DeleteCtx", func(ctx context.Context, _ state) error {
			return (&bwstate.SCSStore{Sessions: ss}).DeleteCtx(ctx, "token")
		}},
	}
}
