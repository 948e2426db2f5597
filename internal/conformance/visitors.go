package conformance

import (
	"net/netip"
	"strconv"
	"strings"
	"sync"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

var visitorTests = []test{
	{"a session lives through its saves", visitorLives},
	{"the old key lives on for ten seconds", visitorGrace},
	{"requests with one cookie all succeed", visitorParallel},
	{"a session ends", visitorEnds},
	{"a session that ended is not stored again", visitorEndsBeforeASave},
	{"a save beside an end", visitorRace},
	{"a value of another kind is left alone", visitorForeign},
	{"two sites share nothing", visitorSites},
}

var aVisitor = bwstate.Visitor{IP: netip.MustParseAddr("2001:db8::7"), UserAgent: "agent/1.0"}

// visitors are the sessions of one site.
func (f *fixture) visitors(name string) *bwstate.VisitorSessions {
	vs, err := f.state.VisitorSessions(bwstate.VisitorSettings{Secret: "secret", Name: name})
	require.NoError(f, err)
	return vs
}

// newVisitor saves a session and returns it with its cookie.
func (f *fixture) newVisitor(vs *bwstate.VisitorSessions) (s *bwstate.VisitorSession, cookie string) {
	s, err := vs.New(aVisitor)
	require.NoError(f, err)
	require.NoError(f, s.Set("k", "v"))
	require.NoError(f, s.Commit(f.ctx))
	return s, visitorCookie(s)
}

// visitorCookie is what the browser keeps.
func visitorCookie(s *bwstate.VisitorSession) string {
	pair, _, _ := strings.Cut(s.SetCookies()[0], ";")
	_, value, _ := strings.Cut(pair, "=")
	return value
}

func (f *fixture) openVisitor(vs *bwstate.VisitorSessions, cookie string) (*bwstate.VisitorSession, error) {
	return vs.Open(f.ctx, func(string) string { return cookie })
}

// requireVisitor opens a session, which must be there.
func (f *fixture) requireVisitor(vs *bwstate.VisitorSessions, cookie, want string) *bwstate.VisitorSession {
	s, err := f.openVisitor(vs, cookie)
	require.NoError(f, err)
	var got string
	found, err := s.Get("k", &got)
	require.NoError(f, err)
	require.True(f, found)
	require.Equal(f, want, got)
	require.NoError(f, s.Check(aVisitor))
	return s
}

// requireRefused opens a session, which must be refused.
func (f *fixture) requireRefused(vs *bwstate.VisitorSessions, cookie string, want bwstate.Reason) {
	_, err := f.openVisitor(vs, cookie)
	var refused *bwstate.VisitorError
	require.ErrorAs(f, err, &refused)
	require.Equal(f, want, refused.Reason)
}

func visitorKey(f *fixture, s *bwstate.VisitorSession, name string) string {
	id, kept := s.ID()
	require.True(f, kept)
	return sessionKeyOf(name, id)
}

func visitorLives(f *fixture) {
	vs := f.visitors("sid")
	_, cookie := f.newVisitor(vs)
	for _, value := range []string{"v", "w", "x"} {
		s := f.requireVisitor(vs, cookie, value)
		next := map[string]string{"v": "w", "w": "x", "x": strings.Repeat("long", 20_000)}[value]
		require.NoError(f, s.Set("k", next))
		require.NoError(f, s.Commit(f.ctx))
		cookie = visitorCookie(s)
		f.requireVisitor(vs, cookie, next)
	}
}

func visitorGrace(f *fixture) {
	vs := f.visitors("sid")
	s, cookie := f.newVisitor(vs)
	first := visitorKey(f, s, "sid")
	f.requireTTL(first, 3600)
	require.NoError(f, s.Save(f.ctx))
	second := visitorKey(f, s, "sid")
	f.requireTTL(first, 10)
	f.requireTTL(second, 3600)
	f.requireVisitor(vs, cookie, "v")

	f.do("PERSIST", second)
	require.NoError(f, s.Save(f.ctx))
	require.Equal(f, "-1", f.do("TTL", second).String(), "without an end it is nobody's session")
	third := visitorKey(f, s, "sid")
	f.do("DEL", third)
	f.requireVisitorEnded(s.Save(f.ctx))
	require.EqualValues(f, 2, len(f.keys()), "nothing was stored")
}

func (f *fixture) requireVisitorEnded(err error) {
	f.Helper()
	var refused *bwstate.VisitorError
	require.ErrorAs(f, err, &refused)
	require.Equal(f, bwstate.EndedMeanwhile, refused.Reason)
}

// visitorRace saves a session and ends it at the same time. Either is the first: what was ended is not stored again, and what was saved before is a session of its
// own. The other way round the old key would be there.
func visitorRace(f *fixture) {
	vs := f.visitors("sid")
	const times = 20
	for range times {
		first, cookie := f.newVisitor(vs)
		saving, err := f.openVisitor(vs, cookie)
		require.NoError(f, err)
		ending, err := f.openVisitor(vs, cookie)
		require.NoError(f, err)
		var saved, ended error
		var wg sync.WaitGroup
		wg.Go(func() { saved = saving.Save(f.ctx) })
		wg.Go(func() { ended = ending.Destroy(f.ctx) })
		wg.Wait()
		require.NoError(f, ended)
		require.EqualValues(f, 0, f.int("EXISTS", visitorKey(f, first, "sid")))
		if saved != nil {
			f.requireVisitorEnded(saved)
			require.Empty(f, f.keys())
			continue
		}
		f.requireVisitor(vs, visitorCookie(saving), "v")
		require.NoError(f, saving.Destroy(f.ctx))
		require.Empty(f, f.keys())
	}
}

// visitorEndsBeforeASave begins a save when the session has ended, however it did.
func visitorEndsBeforeASave(f *fixture) {
	vs := f.visitors("sid")
	for _, end := range []func(s *bwstate.VisitorSession){
		func(s *bwstate.VisitorSession) { require.NoError(f, s.Destroy(f.ctx)) },
		func(s *bwstate.VisitorSession) { f.do("PEXPIRE", visitorKey(f, s, "sid"), "0") },
	} {
		s, cookie := f.newVisitor(vs)
		late := f.requireVisitor(vs, cookie, "v")
		require.NoError(f, late.Set("k", "w"))
		end(s)
		f.requireVisitorEnded(late.Commit(f.ctx))
		f.requireVisitorEnded(late.Commit(f.ctx))
		require.Empty(f, f.keys())
	}
}

// visitorParallel saves one session many times at once, as a browser's requests do. Nothing is merged, and nobody fails.
func visitorParallel(f *fixture) {
	const requests = 8
	vs := f.visitors("sid")
	_, cookie := f.newVisitor(vs)
	errs, cookies := make([]error, requests), make([]string, requests)
	var wg sync.WaitGroup
	for i := range requests {
		wg.Go(func() {
			s, err := f.openVisitor(vs, cookie)
			if err == nil {
				_ = s.Set("k", strconv.Itoa(i))
				err = s.Commit(f.ctx)
			}
			if errs[i] = err; err == nil {
				cookies[i] = visitorCookie(s)
			}
		})
	}
	wg.Wait()
	for i := range requests {
		require.NoError(f, errs[i])
		f.requireVisitor(vs, cookies[i], strconv.Itoa(i))
	}
	f.requireVisitor(vs, cookie, "v")
}

func visitorEnds(f *fixture) {
	vs := f.visitors("sid")
	s, cookie := f.newVisitor(vs)
	_, other := f.newVisitor(vs)
	require.NoError(f, s.Destroy(f.ctx))
	f.requireRefused(vs, cookie, bwstate.NotStored)
	f.requireVisitor(vs, other, "v")
}

func visitorForeign(f *fixture) {
	vs := f.visitors("sid")
	s, cookie := f.newVisitor(vs)
	key := visitorKey(f, s, "sid")
	f.do("SET", key, "null")
	f.requireRefused(vs, cookie, bwstate.ValueNull)
	require.Equal(f, "null", f.text("GET", key))
	f.do("DEL", key)
	f.do("RPUSH", key, "x")
	f.requireRefused(vs, cookie, bwstate.ValueOtherType)
	require.Equal(f, "1", f.do("LLEN", key).String())
}

func visitorSites(f *fixture) {
	a, b := f.visitors("a"), f.visitors("b")
	_, cookie := f.newVisitor(a)
	f.requireRefused(b, cookie, bwstate.NotStored)
	f.requireVisitor(a, cookie, "v")
}
