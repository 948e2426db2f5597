package bwstate

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/resp"
)

// keysOfSessions are the keys of all sessions, with how long each lives.
func (r *visitorRig) keysOfSessions() map[string]string {
	v, err := r.state.Do(r.Context(), "SCAN", "0", "COUNT", "1000")
	require.NoError(r, err)
	all := map[string]string{}
	for _, item := range v.Elems()[1].Elems() {
		key, err := item.Text()
		require.NoError(r, err)
		all[key] = r.do("TTL", key)
	}
	return all
}

// A session whose key is gone is not stored again, whatever ended it.
func TestVisitorSaveOfASessionThatEnded(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{Away: CookieWhenAway})
	cookie := cookieOf(r.fresh())
	one, other := r.mustOpen(cookie), r.mustOpen(cookie)
	require.NoError(t, other.Destroy(t.Context()))
	require.NoError(t, one.Set("k", "w"))
	id, _ := one.ID()
	for range 2 {
		require.Equal(t, EndedMeanwhile, reason(t, one.Commit(t.Context())))
		require.Empty(t, r.keysOfSessions())
		require.Empty(t, one.SetCookies())
		require.True(t, one.Changed())
		require.NoError(t, one.Away(), "the server answered")
	}
	again, kept := one.ID()
	require.True(t, kept)
	require.Equal(t, id, again, "as before")

	late := r.mustOpen(cookieOf(r.fresh()))
	r.do("DEL", keyOf(late)) // as ten seconds after another request saved it
	require.Equal(t, EndedMeanwhile, reason(t, late.Save(t.Context())))
	require.Empty(t, r.keysOfSessions())
}

// Of a save and an end at the same time either is the first. Whichever it is, nothing of the session is left that the other does not know of.
func TestVisitorSaveBesideDestroy(t *testing.T) {
	for range 50 {
		r := newVisitorRig(t, VisitorSettings{})
		s := r.fresh()
		cookie := cookieOf(s)
		saving, ending := r.mustOpen(cookie), r.mustOpen(cookie)
		var wg sync.WaitGroup
		var err error
		wg.Go(func() { err = saving.Save(context.Background()) })
		wg.Go(func() { _ = ending.Destroy(context.Background()) })
		wg.Wait()
		if err != nil {
			require.Equal(t, EndedMeanwhile, reason(t, err))
			require.Empty(t, r.keysOfSessions())
		} else {
			require.NotContains(t, r.keysOfSessions(), keyOf(s))
			r.mustOpen(cookieOf(saving))
		}
	}
}

// loses is a RoundTripper that does what it is asked to, and loses the answer.
type loses struct {
	RoundTripper
	answers int // so many are lost
}

func (l *loses) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	if l.answers == 0 {
		return l.RoundTripper.RoundTrip(ctx, q, h)
	}
	l.answers--
	if err := l.RoundTripper.RoundTrip(ctx, q, nil); err != nil {
		return err
	}
	return errAway
}

// A save whose answer is lost can be repeated, also when that is late and with other data, and leaves nothing that nobody knows.
func TestVisitorSaveWhoseAnswerIsLost(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{})
	for name, begin := range map[string]func() *VisitorSession{
		"new": func() *VisitorSession {
			s, err := r.sessions.New(someVisitor)
			require.NoError(t, err)
			return s
		},
		"saved before": func() *VisitorSession { return r.mustOpen(cookieOf(r.fresh())) },
		"old key gone": func() *VisitorSession { return r.mustOpen(cookieOf(r.fresh())) },
	} {
		t.Run(name, func(t *testing.T) {
			lossy := &loses{RoundTripper: r.state.rt}
			r.state.rt = lossy
			defer func() { r.state.rt = lossy.RoundTripper }()
			s := begin()
			old, kept := s.ID()
			lossy.answers = 2
			for i := range 2 {
				require.NoError(t, s.Set("k", i))
				require.ErrorIs(t, s.Save(t.Context()), errAway)
				id, keptStill := s.ID()
				require.Equal(t, kept, keptStill)
				require.Equal(t, old, id)
			}
			if name == "old key gone" {
				r.do("DEL", sessionKey("bwgolden", old)) // its ten seconds are over
			}
			require.NoError(t, s.Set("k", 2))
			require.NoError(t, s.Save(t.Context()))
			raw, _ := r.mustOpen(cookieOf(s)).Raw("k")
			require.Equal(t, "2", string(raw))
			for key, ttl := range r.keysOfSessions() {
				switch key {
				case keyOf(s):
					require.Equal(t, "3600", ttl)
				case sessionKey("bwgolden", old):
					require.Equal(t, "10", ttl)
				default:
					t.Errorf("%s lives on for %s", key, ttl)
				}
			}
			require.NoError(t, s.Destroy(t.Context()))
			require.Empty(t, r.keysOfSessions())
		})
	}
}

// What a save left whose answer was lost ends with the session, too.
func TestVisitorDestroyAfterALostAnswer(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{})
	for _, begin := range []func() *VisitorSession{
		func() *VisitorSession { return r.mustOpen(cookieOf(r.fresh())) },
		func() *VisitorSession { s, _ := r.sessions.New(someVisitor); return s },
	} {
		lossy := &loses{RoundTripper: r.state.rt}
		r.state.rt = lossy
		s := begin()
		lossy.answers = 1
		require.Error(t, s.Save(t.Context()))
		require.NoError(t, s.Destroy(t.Context()))
		r.state.rt = lossy.RoundTripper
		require.Empty(t, r.keysOfSessions())
	}
}

// The same save twice, as a pool sends it whose answer was lost, is as good as once, also when the old key is gone in between.
func TestVisitorSaveIsIdempotent(t *testing.T) {
	for _, gone := range []bool{false, true} {
		r := newVisitorRig(t, VisitorSettings{})
		s := r.fresh()
		old := keyOf(s)
		twice := &repeats{RoundTripper: r.state.rt, between: func() {
			if gone {
				r.do("DEL", old)
			}
		}}
		r.sessions.state = New(twice)
		require.NoError(t, s.Save(t.Context()))
		require.True(t, twice.idempotent, "or pools would not send it again")
		r.sessions.state = r.state
		r.mustOpen(cookieOf(s))
		require.Equal(t, "3600", r.do("TTL", keyOf(s)))
		if !gone {
			require.Equal(t, "10", r.do("TTL", old))
		}
		r.sessions.state, twice.idempotent = New(twice), false
		require.NoError(t, s.Destroy(t.Context()))
		require.True(t, twice.idempotent)
		r.sessions.state = r.state
	}
}

// repeats sends every request twice.
type repeats struct {
	RoundTripper
	between    func()
	idempotent bool
}

func (r *repeats) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	r.idempotent = q.Idempotent()
	if err := r.RoundTripper.RoundTrip(ctx, q, nil); err != nil {
		return err
	}
	r.between()
	return r.RoundTripper.RoundTrip(ctx, q, h)
}

// One session may be used by several goroutines, such as a handler that is late and the one that answers for it.
func TestVisitorSessionOfSeveralGoroutines(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{})
	s := r.mustOpen(cookieOf(r.fresh()))
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for n := range 20 {
				_ = s.Set("k"+strconv.Itoa(i), n)
				_, _ = s.Get("k", new(any))
				_ = s.Save(context.Background())
				s.Touch()
				_, _, _ = s.SetCookies(), s.Names(), s.String()
				_, _ = s.ID()
				_ = s.Check(someVisitor)
				_ = s.Commit(context.Background())
			}
		})
	}
	wg.Wait()
	require.False(t, s.Changed())
	require.Len(t, r.mustOpen(cookieOf(s)).Names(), 6)
	live := 0
	for _, ttl := range r.keysOfSessions() {
		if ttl != "10" {
			live++
		}
	}
	require.Equal(t, 1, live, "saves followed one another")
}

// What is changed while a save is under way is not saved with it.
func TestVisitorSetDuringSave(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{})
	s := r.mustOpen(cookieOf(r.fresh()))
	require.NoError(t, s.Set("k", 1))
	during := &repeats{RoundTripper: r.state.rt, between: func() { _ = s.Set("k", 2); s.Touch() }}
	r.sessions.state = New(during)
	require.NoError(t, s.Save(t.Context()))
	require.True(t, s.Changed())
	r.sessions.state = r.state
	require.NoError(t, s.Commit(t.Context()))
	raw, _ := r.mustOpen(cookieOf(s)).Raw("k")
	require.Equal(t, "2", string(raw))
}

// Who waits for a save of somebody else waits no longer than its context.
func TestVisitorSaveWaitsNoLongerThanItsContext(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{})
	s := r.fresh()
	require.NoError(t, s.wait(t.Context()))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Save(ended), context.Canceled)
	require.ErrorIs(t, s.Commit(ended), context.Canceled)
	require.ErrorIs(t, s.Destroy(ended), context.Canceled)
	s.done()
	require.NoError(t, s.Save(t.Context()))
}

// A replica that was the master a moment ago does not say that a session ended.
func TestReplaceScriptAsksAServerThatWrites(t *testing.T) {
	require.Less(t, strings.Index(replaceScript.Text(), "'UNLINK', KEYS[1]"), strings.Index(replaceScript.Text(), "'SET'"))
}
