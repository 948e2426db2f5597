package bwstate

import (
	"context"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
)

// The browser learns of a save that is under way when the lines leave: the old key is good for ten seconds only.
func TestVisitorFinishDuringSave(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{})
	s := r.mustOpen(cookieOf(r.fresh()))
	lines := make(chan []string, 1)
	during := &repeats{RoundTripper: r.state.rt, between: func() {
		go func() { lines <- s.Finish() }()
		for finished := false; !finished; runtime.Gosched() {
			s.mu.Lock()
			finished = s.finished
			s.mu.Unlock()
		}
		require.Empty(t, lines)
	}}
	r.sessions.state = New(during)
	require.NoError(t, s.Save(t.Context()))
	r.sessions.state = r.state
	cookies := jar{}
	cookies.take(<-lines)
	id, _ := r.mustOpen(cookies["bwgolden"]).ID()
	now, _ := s.ID()
	require.Equal(t, now, id)
}

// What a cookie says of parts counts only where it is authentic: otherwise they may be somebody else's.
func TestVisitorTakesOverNothingForACookieThatIsForged(t *testing.T) {
	r, server := newAwayRig(t, VisitorSettings{Away: CookieWhenAway})
	server.away = errAway
	s := r.fresh()
	require.NoError(t, s.Set("k", noise(t, 5000)))
	require.NoError(t, s.Save(t.Context()))
	cookies := jar{}
	cookies.take(s.SetCookies())
	cookies["bwgolden2"] = "shorter, and of somebody else"
	first := cookies["bwgolden"]
	for cookie, lines := range map[string]int{first: 2, first[:100] + "AAAAAAAAAA" + first[110:]: 1} {
		cookies["bwgolden"], server.away = cookie, nil
		s, err := r.sessions.New(someVisitor)
		require.NoError(t, err)
		s.TakesOver(cookies.get)
		require.NoError(t, s.Save(t.Context()))
		require.Len(t, s.SetCookies(), lines)
	}
}

// errNotSent is how a pool says that nothing reached the server.
var errNotSent = &conn.Error{Op: "write", Err: context.Canceled}

// A save whose answer is lost is repeated by Commit even when nothing was changed: the key that the browser knows may end in ten seconds.
func TestVisitorCommitAfterALostAnswer(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{})
	for name, begin := range map[string]func() *VisitorSession{"new": r.fresh, "opened": func() *VisitorSession { return r.mustOpen(cookieOf(r.fresh())) }} {
		lossy := &loses{RoundTripper: r.state.rt, answers: 1}
		s := begin()
		r.state.rt = &switchable{away: errNotSent}
		require.ErrorIs(t, s.Save(t.Context()), errNotSent)
		require.NoError(t, s.Commit(t.Context()), "the old key lives on")
		r.state.rt = lossy
		require.ErrorIs(t, s.Save(t.Context()), errAway)
		require.False(t, s.Changed())
		require.NoError(t, s.Commit(t.Context()))
		r.state.rt = lossy.RoundTripper
		cookies := jar{}
		cookies.take(s.SetCookies())
		require.Equal(t, "3600", r.do("TTL", keyOf(r.mustOpen(cookies["bwgolden"]))), name)
		id, _ := s.ID()
		require.NoError(t, s.Commit(t.Context()))
		again, _ := s.ID()
		require.Equal(t, id, again, "nothing is due any more")
	}
}
