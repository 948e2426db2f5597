package bwstate

import (
	"crypto/rand"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// oneLineEach requires that no two lines are for one cookie.
func oneLineEach(t *testing.T, lines []string) {
	t.Helper()
	seen := map[string]bool{}
	for _, line := range lines {
		name, _, _ := strings.Cut(line, "=")
		require.False(t, seen[name], "%s twice", name)
		seen[name] = true
	}
}

func noise(t *testing.T, size int) string {
	data := make([]byte, size)
	_, err := rand.Read(data)
	require.NoError(t, err)
	return base64.StdEncoding.EncodeToString(data)[:size]
}

// Whatever is done in one request, in whatever order, the lines are those of its end.
func TestVisitorLinesAreTheFinalTruth(t *testing.T) {
	save := func(s *VisitorSession) { require.NoError(t, s.Save(t.Context())) }
	touch := func(s *VisitorSession) { s.Touch() }
	commit := func(s *VisitorSession) {
		require.NoError(t, s.Set("k", "w"))
		require.NoError(t, s.Commit(t.Context()))
	}
	for _, steps := range [][]func(*VisitorSession){{save, touch}, {touch, save}, {touch, commit, touch}, {save, save}, {commit, save, touch, touch}} {
		r := newVisitorRig(t, VisitorSettings{})
		s := r.mustOpen(cookieOf(r.fresh()))
		r.now += 100
		for _, step := range steps {
			step(s)
		}
		require.Len(t, s.SetCookies(), 1)
		require.Equal(t, s.SetCookies(), s.SetCookies())
		opened := r.mustOpen(cookieOf(s))
		require.Equal(t, keyOf(s), keyOf(opened))
		require.Equal(t, r.now, opened.Touched().Unix())
	}
}

// However often a session is saved in one request, the parts of what the browser had are taken back.
func TestVisitorLinesOfSeveralSaves(t *testing.T) {
	r, server := newAwayRig(t, VisitorSettings{Away: CookieWhenAway})
	server.away = errAway
	s, err := r.sessions.New(someVisitor)
	require.NoError(t, err)
	cookies := jar{}
	for _, size := range []int{9000, 100, 20_000, 5000, 50} {
		require.NoError(t, s.Set("k", noise(t, size)))
		require.NoError(t, s.Save(t.Context()))
		cookies.take(s.SetCookies())
		if size == 20_000 {
			s, err = r.sessions.Open(t.Context(), cookies.get)
			require.NoError(t, err)
		}
	}
	s.Touch()
	oneLineEach(t, s.SetCookies())
	last := jar{"bwgolden2": "x", "bwgolden3": "x", "bwgolden4": "x", "bwgolden5": "x"}
	last.take(s.SetCookies()) // alone
	require.Len(t, last, 1)
	s, err = r.sessions.Open(t.Context(), last.get)
	require.NoError(t, err)
	require.NoError(t, s.Destroy(t.Context()))
	oneLineEach(t, s.SetCookies())
}

// When the server is back, and the session on it, the parts that are left in the browser are taken back.
func TestVisitorTakesBackWhatIsLeftOfCookies(t *testing.T) {
	r, server := newAwayRig(t, VisitorSettings{Away: CookieWhenAway})
	server.away = errAway
	for _, size := range []int{5000, 9000, 20_000} {
		s, err := r.sessions.New(someVisitor)
		require.NoError(t, err)
		require.NoError(t, s.Set("k", noise(t, size)))
		require.NoError(t, s.Save(t.Context()))
		cookies := jar{"bwgolden9": "of-somebody-else", "other": "x"}
		cookies.take(s.SetCookies())
		before := len(cookies)
		require.Greater(t, before, 3)

		server.away = nil
		for _, settings := range []VisitorSettings{{Away: CookieWhenAway}, {}} { // both know of the parts
			settings.Secret, settings.Name, settings.Now = "golden-secret-0123456789", "bwgolden", r.sessions.settings.Now
			sessions, err := r.state.VisitorSessions(settings)
			require.NoError(t, err)
			_, err = sessions.Open(t.Context(), cookies.get)
			require.Equal(t, OtherStorage, reason(t, err))
			s, err = sessions.New(someVisitor)
			require.NoError(t, err)
			s.TakesOver(cookies.get)
			require.Empty(t, s.SetCookies(), "nothing happened yet")
			require.NoError(t, s.Set("k", "v"))
			require.NoError(t, s.Commit(t.Context()))
			after := jar{}
			for name, value := range cookies {
				after[name] = value
			}
			oneLineEach(t, s.SetCookies())
			after.take(s.SetCookies())
			require.Len(t, after, 3, "%v", after)
			require.Equal(t, "of-somebody-else", after["bwgolden9"])
		}
		server.away = errAway
	}
}

// A node does not take parts back. One that cannot be anything else goes with the next save; what may be somebody's cookie stays.
func TestVisitorTakesBackWhatNodesLeft(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{})
	full := strings.Repeat("A", maxCookieSize-len("bwgolden")-2)
	for _, c := range []struct {
		left jar
		gone []string
	}{
		{jar{"bwgolden2": full, "bwgolden3": full, "bwgolden4": "AAAA"}, []string{"bwgolden2", "bwgolden3", "bwgolden4"}},
		{jar{"bwgolden2": full}, []string{"bwgolden2"}},
		{jar{"bwgolden2": "AAAA"}, nil},
		{jar{"bwgolden2": full[1:] + "."}, nil},
		{jar{"bwgolden2": full + "A"}, nil},
		{jar{"bwgolden2": full, "bwgolden3": "a.b"}, []string{"bwgolden2"}},
		{jar{"bwgolden3": full}, nil},
	} {
		c.left["bwgolden"] = cookieOf(r.fresh())
		s, err := r.sessions.Open(t.Context(), c.left.get)
		require.NoError(t, err)
		require.NoError(t, s.Save(t.Context()))
		var gone []string
		for _, line := range s.SetCookies()[1:] {
			name, _, _ := strings.Cut(line, "=")
			require.Contains(t, line, "Max-Age=0")
			gone = append(gone, name)
		}
		require.Equal(t, c.gone, gone)
	}
}

// What leaves no more cannot be changed any more, and nothing is saved that no browser learns of.
func TestVisitorFinish(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{})
	s := r.mustOpen(cookieOf(r.fresh()))
	require.NoError(t, s.Save(t.Context()))
	key, lines := keyOf(s), s.SetCookies()
	require.Equal(t, lines, s.Finish())
	r.now += 1000
	s.Touch()
	require.NoError(t, s.Commit(t.Context()))
	require.ErrorIs(t, s.Save(t.Context()), errFinished)
	require.NoError(t, s.Set("k", "late"))
	require.ErrorIs(t, s.Commit(t.Context()), errFinished)
	require.True(t, s.Changed())
	require.Equal(t, lines, s.Finish())
	require.Equal(t, "3600", r.do("TTL", key))
	require.NoError(t, s.Destroy(t.Context()), "which needs no browser")
	require.Empty(t, r.keysOfSessions())

	r = newVisitorRig(t, VisitorSettings{Idling: NoTimeout})
	s = r.fresh()
	r.now += 3000
	s = r.mustOpen(cookieOf(s))
	require.Empty(t, s.Finish())
	require.NoError(t, s.Commit(t.Context()), "what is due without a change is no loss")
}
