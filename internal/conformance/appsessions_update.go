package conformance

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

func (f *fixture) requireLost(loaded, stored int64, found bool, err error) {
	f.Helper()
	var lost *bwstate.LostUpdateError
	require.ErrorAs(f, err, &lost)
	require.Equal(f, bwstate.LostUpdateError{Loaded: loaded, Stored: stored}, *lost)
	require.False(f, found)
}

func appLostUpdate(f *fixture) {
	ss := f.appSessions(bwstate.AppSessionConfig{})
	mine := f.create(ss, "alice", "old")
	theirs := f.load(ss, mine.Token)
	theirs.Data = []byte("theirs")
	found, err := ss.Save(f.ctx, &theirs)
	require.NoError(f, err)
	require.True(f, found)
	_, _, err = ss.Touch(f.ctx, string(mine.Token)) // is no update
	require.NoError(f, err)

	mine.Data = []byte("mine")
	before := mine
	found, err = ss.Save(f.ctx, &mine)
	f.requireLost(1, 2, found, err)
	found, err = ss.Rotate(f.ctx, &mine)
	f.requireLost(1, 2, found, err)
	require.Equal(f, before, mine)
	require.Equal(f, "theirs", string(f.load(ss, mine.Token).Data))
	require.Len(f, f.keys(), 2)
}

func appTogether(f *fixture) {
	const callers, each = 8, 10
	ss := f.appSessions(bwstate.AppSessionConfig{})
	token := f.create(ss, "alice", "").Token
	var saved, lost atomic.Int64
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for done := 0; done < each; {
				s, found, err := ss.Load(f.ctx, string(token))
				if err != nil || !found {
					f.Error(found, err)
					return
				}
				s.Data = append(s.Data, 'x')
				if _, err = ss.Save(f.ctx, &s); err == nil {
					saved.Add(1)
					done++
				} else {
					lost.Add(1)
				}
			}
		})
	}
	wg.Wait()
	s := f.load(ss, token)
	require.Len(f, s.Data, callers*each, "no update was lost")
	require.EqualValues(f, callers*each+1, s.Version)
	require.EqualValues(f, callers*each, saved.Load())
}

func appRotate(f *fixture) {
	ss := f.appSessions(bwstate.AppSessionConfig{Keys: []bwstate.Secret{bwstate.NewAppSessionKey()}})
	s := f.create(ss, "", "guest")
	old := s
	s.Subject, s.Data = "alice", []byte("logged in")
	found, err := ss.Rotate(f.ctx, &s)
	require.NoError(f, err)
	require.True(f, found)
	require.NotEqual(f, old.Token, s.Token)
	require.Equal(f, hash(string(s.Token)), s.Handle)
	require.Equal(f, old.Created, s.Created)
	require.EqualValues(f, 2, s.Version)
	f.requireEnded(ss, old.Token)
	got := f.load(ss, s.Token)
	require.Equal(f, "alice", got.Subject)
	require.Equal(f, "logged in", string(got.Data))
	infos, err := ss.List(f.ctx, "alice")
	require.NoError(f, err)
	require.Equal(f, []bwstate.AppSessionInfo{got.AppSessionInfo}, infos)

	got.Subject = "bob"
	_, err = ss.Rotate(f.ctx, &got)
	require.NoError(f, err)
	count, err := ss.Count(f.ctx, "alice")
	require.NoError(f, err)
	require.Zero(f, count)
	got.Subject = ""
	_, err = ss.Rotate(f.ctx, &got)
	require.NoError(f, err)
	require.Equal(f, []string{appKey(got.Handle)}, f.keys())
}

func appSCS(f *fixture) {
	type who struct{}
	ss := f.appSessions(bwstate.AppSessionConfig{Idle: time.Second, Keys: []bwstate.Secret{bwstate.NewAppSessionKey()}})
	store := &bwstate.SCSStore{Sessions: ss, Subject: func(ctx context.Context) string {
		name, _ := ctx.Value(who{}).(string)
		return name
	}}
	_, found, err := store.Find("token")
	require.NoError(f, err)
	require.False(f, found)
	require.NoError(f, store.Delete("token"))
	require.NoError(f, store.Commit("token", []byte("one"), time.Now().Add(time.Hour)))
	f.requireTTL(appKey(hash("token")), 3600)
	require.NoError(f, store.CommitCtx(context.WithValue(f.ctx, who{}, "alice"), "token", []byte("two"), time.Now().Add(time.Minute)))
	data, found, err := store.Find("token")
	require.NoError(f, err)
	require.True(f, found)
	require.Equal(f, "two", string(data))
	f.requireTTL(appKey(hash("token")), 60)
	count, err := ss.Count(f.ctx, "alice")
	require.NoError(f, err)
	require.Equal(f, 1, count)
	require.NoError(f, store.CommitCtx(context.WithValue(f.ctx, who{}, "bob"), "token", []byte("three"), time.Now().Add(time.Minute)))
	count, err = ss.Count(f.ctx, "alice")
	require.NoError(f, err)
	require.Zero(f, count)
	n, err := ss.RevokeAll(f.ctx, "bob")
	require.NoError(f, err)
	require.Equal(f, 1, n)
	require.NoError(f, store.Commit("token", []byte("one"), time.Now().Add(time.Hour)))
	require.NoError(f, store.Commit("token", []byte("one"), time.Now().Add(-time.Hour)))
	require.Equal(f, []string{markKey("bob")}, f.keys())
}
