package bwstate

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/resp"
)

// durableApp are sessions on a server that answers so, a Durable, and what was sent.
func durableApp(t *testing.T, rt RoundTripper) (*Durable, *AppSessions) {
	t.Helper()
	state := New(rt)
	ss, err := state.AppSessions(AppSessionConfig{Name: "app", WhenAway: CookieWhenAway, Keys: []Secret{NewAppSessionKey()}})
	require.NoError(t, err)
	return state.WaitReplicas(2, time.Second), ss
}

// headFrame is a script's reply: the head of a session of that version.
func headFrame(version int64) string {
	h := head{kind: sealedData, version: version, created: 1, rotated: 1, used: 1, expires: 2, subject: subjectHash("alice")}
	return bulkFrame(string(h.append(nil)))
}

func bulkFrame(text string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(text), text) }

func storedSession() *AppSession {
	return &AppSession{AppSessionInfo: AppSessionInfo{Place: InStore, Version: 1}, Token: Secret(newToken()), Subject: "alice"}
}

// durableAppWrites are all writes: each with what is answered to it, and what is returned then.
func durableAppWrites(d *Durable, ss *AppSessions, s *AppSession) map[string]struct {
	answer string
	call   func(ctx context.Context) (result any, acknowledged int, err error)
	want   any
} {
	type call = func(ctx context.Context) (any, int, error)
	return map[string]struct {
		answer string
		call   call
		want   any
	}{
		"create": {headFrame(1), func(ctx context.Context) (any, int, error) {
			created, n, err := d.CreateAppSession(ctx, ss, "alice", []byte("x"))
			return created.Version, n, err
		}, int64(1)},
		"save": {headFrame(2), func(ctx context.Context) (any, int, error) {
			found, n, err := d.SaveAppSession(ctx, ss, s)
			return fmt.Sprint(found, s.Version), n, err
		}, "true 2"},
		"rotate": {headFrame(3), func(ctx context.Context) (any, int, error) {
			before := s.Token
			found, n, err := d.RotateAppSession(ctx, ss, s)
			return fmt.Sprint(found, s.Version, before != s.Token), n, err
		}, "true 3 true"},
		"revoke": {headFrame(3), func(ctx context.Context) (any, int, error) {
			return anyOf(d.RevokeAppSession(ctx, ss, string(s.Token)))
		}, true},
		"revoke handle": {headFrame(3), func(ctx context.Context) (any, int, error) {
			return anyOf(d.RevokeAppSessionHandle(ctx, ss, handleOfToken("x")))
		}, true},
		"revoke all":    {bulkFrame("N7"), func(ctx context.Context) (any, int, error) { return anyOf(d.RevokeAllAppSessions(ctx, ss, "alice")) }, 7},
		"revoke others": {bulkFrame("N6"), func(ctx context.Context) (any, int, error) { return anyOf(d.RevokeOtherAppSessions(ctx, ss, s)) }, 6},
	}
}

func anyOf[T any](result T, acknowledged int, err error) (any, int, error) {
	return result, acknowledged, err
}

// frames is a server whose answers are set for each request.
type frames struct {
	answers []string
	err     error // after the last
	sent    string
	marked  bool
}

func (f *frames) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	f.sent, f.marked = string(q.Encoded()), q.Blocking()
	if err := replies(f.answers).RoundTrip(ctx, q, h); err != nil && f.err == nil {
		return err
	}
	return f.err
}

// The write and WAIT are one request; the text of the script is in it, because WAIT would come before the write when a server that does not know the script is sent it later.
func TestDurableAppSessions(t *testing.T) {
	rt := &frames{}
	d, ss := durableApp(t, rt)
	for name, w := range durableAppWrites(d, ss, storedSession()) {
		rt.answers = []string{w.answer, ":1\r\n"}
		_, acknowledged, err := w.call(t.Context())
		require.NoError(t, err, name)
		require.Equal(t, 1, acknowledged, name)
		require.True(t, rt.marked, name)
		require.Regexp(t, `^\*\d+\r\n\$4\r\nEVAL\r\n\$\d+\r\n-- `, rt.sent, name)
		require.Regexp(t, `\*3\r\n\$4\r\nWAIT\r\n\$1\r\n2\r\n\$4\r\n1000\r\n$`, rt.sent, name)
	}
}

// The results are those of the write, also where the wait failed behind it.
func TestDurableAppSessionsWaitError(t *testing.T) {
	lost := errors.New("lost")
	for what, c := range map[string]struct {
		wait []string
		err  error
	}{"refused": {[]string{"-NOPERM no\r\n"}, nil}, "lost": {nil, lost}, "left": {nil, context.Canceled}} {
		for _, name := range []string{"create", "save", "rotate", "revoke", "revoke handle", "revoke all", "revoke others"} {
			rt := &frames{err: c.err}
			d, ss := durableApp(t, rt)
			s := storedSession()
			if name == "rotate" {
				s.Version = 2
			}
			w := durableAppWrites(d, ss, s)[name]
			rt.answers = append([]string{w.answer}, c.wait...)
			result, acknowledged, err := w.call(t.Context())
			var wait *WaitError
			require.ErrorAs(t, err, &wait, "%s, %s", name, what)
			require.False(t, isAway(err))
			require.Equal(t, w.want, result, "%s, %s", name, what)
			require.Zero(t, acknowledged)
		}
	}
}

// When the write was not done, its error is returned, whatever became of the wait, and nothing has changed.
func TestDurableAppSessionsThatFail(t *testing.T) {
	lost := errors.New("lost")
	for name, c := range map[string]struct {
		answers []string
		err     error
		check   func(err error) bool
	}{
		"refused":             {[]string{"-OOM no\r\n", ":1\r\n"}, nil, func(err error) bool { return resp.IsCode(err, "OOM") }},
		"refused and lost":    {[]string{"-OOM no\r\n"}, lost, func(err error) bool { return resp.IsCode(err, "OOM") }},
		"changed meanwhile":   {[]string{"$2\r\nV7\r\n"}, lost, func(err error) bool { var e *LostUpdateError; return errors.As(err, &e) && e.Stored == 7 }},
		"not a session":       {[]string{"$1\r\nF\r\n"}, lost, func(err error) bool { var e *AppSessionValueError; return errors.As(err, &e) }},
		"away":                {nil, lost, isAway},
		"another's wrongness": {[]string{"$1\r\nI\r\n", "-NOPERM no\r\n"}, nil, func(err error) bool { var e *AppSessionValueError; return errors.As(err, &e) }},
	} {
		d, ss := durableApp(t, &frames{answers: c.answers, err: c.err})
		s := storedSession()
		before := *s
		found, acknowledged, err := d.SaveAppSession(t.Context(), ss, s)
		require.True(t, c.check(err), "%s: %v", name, err)
		var wait *WaitError
		require.NotErrorAs(t, err, &wait, name)
		require.False(t, found, name)
		require.Zero(t, acknowledged, name)
		require.Equal(t, before, *s, name)
	}
	// A session that has ended is none, with the error of the wait.
	d, ss := durableApp(t, &frames{answers: []string{"$-1\r\n"}, err: lost})
	found, _, err := d.SaveAppSession(t.Context(), ss, storedSession())
	require.False(t, found)
	require.ErrorIs(t, err, lost)
	d, ss = durableApp(t, &frames{answers: []string{"$1\r\nF\r\n"}, err: lost})
	revoked, _, err := d.RevokeAppSession(t.Context(), ss, newToken())
	require.False(t, revoked)
	var foreign *AppSessionValueError
	require.ErrorAs(t, err, &foreign)
	// Where the server is away, a session goes into a cookie, of which no replica knows.
	d, ss = durableApp(t, &frames{err: lost})
	s, acknowledged, err := d.CreateAppSession(t.Context(), ss, "alice", nil)
	require.NoError(t, err)
	require.Equal(t, InCookie, s.Place)
	require.Zero(t, acknowledged)
	// When it is back, it comes to the server, which is known also where the wait failed.
	rt := &frames{answers: []string{headFrame(1)}, err: lost}
	state := New(rt)
	back := *ss
	back.state = state
	found, _, err = state.WaitReplicas(1, time.Second).RotateAppSession(t.Context(), &back, &s)
	var wait *WaitError
	require.ErrorAs(t, err, &wait)
	require.True(t, found)
	require.Equal(t, InStore, s.Place)
}
