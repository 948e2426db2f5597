package conformance

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

func appSubjectChange(f *fixture) {
	ss := f.appSessions(bwstate.AppSessionConfig{})
	s := f.create(ss, "alice", "x")
	s.Subject = "admin"
	found, err := ss.Save(f.ctx, &s)
	f.requireArgumentError("Subject", err)
	require.False(f, found)
	require.Equal(f, "alice", f.load(ss, s.Token).Subject)
}

func appSubject(f *fixture) {
	ss := f.appSessions(bwstate.AppSessionConfig{})
	var want []bwstate.AppSessionInfo
	for i := range 5 {
		s := f.create(ss, "alice", fmt.Sprint(i))
		want = append(want, s.AppSessionInfo)
	}
	bob, nobody := f.create(ss, "bob", "x"), f.create(ss, "", "x")
	other := f.appSessions(bwstate.AppSessionConfig{Name: "other"})
	elsewhere := f.create(other, "alice", "x")
	infos, err := ss.List(f.ctx, "alice")
	require.NoError(f, err)
	require.ElementsMatch(f, want, infos)
	for i := range infos[1:] {
		require.False(f, infos[i+1].Expires.After(infos[i].Expires))
	}
	count, err := ss.Count(f.ctx, "alice")
	require.NoError(f, err)
	require.Equal(f, 5, count)

	revoked, err := ss.RevokeHandle(f.ctx, infos[0].Handle)
	require.NoError(f, err)
	require.True(f, revoked)
	revoked, err = ss.RevokeHandle(f.ctx, infos[0].Handle)
	require.NoError(f, err)
	require.False(f, revoked)
	f.do("DEL", appKey(infos[1].Handle)) // by hand
	count, err = ss.Count(f.ctx, "alice")
	require.NoError(f, err)
	require.Equal(f, 3, count)
	n, err := ss.RevokeAll(f.ctx, "alice")
	require.NoError(f, err)
	require.Equal(f, 3, n)
	n, err = ss.RevokeAll(f.ctx, "alice")
	require.NoError(f, err)
	require.Zero(f, n)
	infos, err = ss.List(f.ctx, "alice")
	require.NoError(f, err)
	require.Empty(f, infos)
	f.load(ss, bob.Token)
	f.load(ss, nobody.Token)
	f.load(other, elsewhere.Token)
}

func appOthers(f *fixture) {
	ss := f.appSessions(bwstate.AppSessionConfig{})
	this := f.create(ss, "alice", "this")
	for range 3 {
		f.create(ss, "alice", "")
	}
	n, err := ss.RevokeOthers(f.ctx, &this)
	require.NoError(f, err)
	require.Equal(f, 3, n)
	infos, err := ss.List(f.ctx, "alice")
	require.NoError(f, err)
	require.Equal(f, []bwstate.AppSessionInfo{this.AppSessionInfo}, infos)
	require.Equal(f, "this", string(f.load(ss, this.Token).Data))
}

func (f *fixture) indexSize(subject string) int64 {
	f.Helper()
	return f.int("ZCARD", "bwredis:subject:app:"+hash("subject "+subject))
}

func appIndexForgets(f *fixture) {
	brief, long := f.appSessions(bwstate.AppSessionConfig{Idle: 200 * time.Millisecond}), f.appSessions(bwstate.AppSessionConfig{})
	kept := f.create(long, "alice", "")
	var last bwstate.AppSession
	for range 20 {
		last = f.create(brief, "alice", "")
	}
	require.Eventually(f, func() bool {
		_, found, err := brief.Load(f.ctx, string(last.Token))
		require.NoError(f, err)
		return !found
	}, 5*time.Second, 10*time.Millisecond)
	_, found, err := long.Touch(f.ctx, string(kept.Token)) // every write of one of the subject's sessions prunes
	require.NoError(f, err)
	require.True(f, found)
	require.EqualValues(f, 1, f.indexSize("alice"))
	f.requireTTL("bwredis:subject:app:"+hash("subject alice"), int64(bwstate.DefaultIdle/time.Second))
	revoked, err := long.Revoke(f.ctx, string(kept.Token))
	require.NoError(f, err)
	require.True(f, revoked)
	f.requireKeys(nil)
}

func appRevokeRace(f *fixture) {
	ss := f.appSessions(bwstate.AppSessionConfig{})
	var wg sync.WaitGroup
	var mu sync.Mutex
	var made []bwstate.Secret
	for range 4 {
		wg.Go(func() {
			for range 25 {
				s, err := ss.Create(f.ctx, "alice", nil)
				if err == nil {
					_, _, err = ss.Touch(f.ctx, string(s.Token))
				}
				if err == nil {
					_, err = ss.Save(f.ctx, &s)
				}
				if err == nil {
					_, err = ss.Rotate(f.ctx, &s)
				}
				if err != nil {
					f.Error(err)
					return
				}
				mu.Lock()
				made = append(made, s.Token)
				mu.Unlock()
			}
		})
	}
	wg.Go(func() {
		for range 20 {
			if _, err := ss.RevokeAll(f.ctx, "alice"); err != nil {
				f.Error(err)
			}
		}
	})
	wg.Wait()
	_, err := ss.RevokeAll(f.ctx, "alice")
	require.NoError(f, err)
	for _, token := range made {
		_, found, err := ss.Load(f.ctx, string(token))
		require.NoError(f, err)
		require.False(f, found)
	}
	require.Equal(f, []string{markKey("alice")}, f.keys())
}

func appNoComeback(f *fixture) {
	ss := f.appSessions(bwstate.AppSessionConfig{})
	s := f.create(ss, "alice", "x")
	_, err := ss.RevokeAll(f.ctx, "alice")
	require.NoError(f, err)
	for _, change := range []func(context.Context, *bwstate.AppSession) (bool, error){ss.Save, ss.Rotate} {
		found, err := change(f.ctx, &s)
		require.NoError(f, err)
		require.False(f, found)
	}
	f.requireEnded(ss, s.Token)
	require.Equal(f, []string{markKey("alice")}, f.keys())
}

func appForeignIndex(f *fixture) {
	ss := f.appSessions(bwstate.AppSessionConfig{})
	s := f.create(ss, "alice", "x")
	index := "bwredis:subject:app:" + hash("subject alice")
	f.do("SET", index, "of somebody else")
	want := map[string]record{index: {"string", -1, "of somebody else"}, appKey(s.Handle): {"string", 1800, f.text("GET", appKey(s.Handle))}}
	_, err := ss.Create(f.ctx, "alice", nil)
	f.requireReason(bwstate.NotAnIndex, err)
	_, _, err = ss.Touch(f.ctx, string(s.Token))
	f.requireReason(bwstate.NotAnIndex, err)
	_, err = ss.Save(f.ctx, &s)
	f.requireReason(bwstate.NotAnIndex, err)
	_, err = ss.Rotate(f.ctx, &s)
	f.requireReason(bwstate.NotAnIndex, err)
	_, err = ss.RevokeAll(f.ctx, "alice")
	f.requireReason(bwstate.NotAnIndex, err)
	_, err = ss.List(f.ctx, "alice")
	f.requireReason(bwstate.NotAnIndex, err)
	_, err = ss.Count(f.ctx, "alice")
	f.requireReason(bwstate.NotAnIndex, err)
	f.load(ss, s.Token)
	f.requireKeys(want)
	revoked, err := ss.Revoke(f.ctx, string(s.Token)) // ends it all the same
	require.NoError(f, err)
	require.True(f, revoked)
	delete(want, appKey(s.Handle))
	f.requireKeys(want)
}

func appMoved(f *fixture) {
	ss := f.appSessions(bwstate.AppSessionConfig{})
	alice, broken, bob := f.create(ss, "alice", "x"), f.create(ss, "alice", "y"), f.create(ss, "bob", "z")
	f.do("SET", appKey(alice.Handle), f.text("GET", appKey(bob.Handle)), "KEEPTTL")
	f.do("SET", appKey(broken.Handle), "of somebody else", "KEEPTTL")
	infos, err := ss.List(f.ctx, "alice")
	require.NoError(f, err)
	require.Empty(f, infos)
	n, err := ss.RevokeAll(f.ctx, "alice")
	require.NoError(f, err)
	require.Zero(f, n)
	require.Equal(f, "of somebody else", f.text("GET", appKey(broken.Handle)))
	require.Equal(f, f.text("GET", appKey(bob.Handle)), f.text("GET", appKey(alice.Handle)))
}
