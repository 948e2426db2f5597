package bwstate

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Clocks of processes and of the server may differ, so a session in a cookie that began shortly after all were ended does not count either; it only has to begin again.
func TestSessionsInCookiesThatWereEnded(t *testing.T) {
	for after, want := range map[time.Duration]bool{-time.Hour: false, 0: false, clockDistance: false, clockDistance + time.Millisecond: true} {
		synctest.Test(t, func(t *testing.T) {
			ss, o := withOutage(t, AppSessionConfig{WhenAway: CookieWhenAway, Keys: []Secret{NewAppSessionKey()}, Idle: 3 * time.Hour, Rolling: 3 * time.Hour})
			end := func() {
				_, err := ss.RevokeAll(t.Context(), "alice")
				require.NoError(t, err)
			}
			if after >= 0 {
				end()
				time.Sleep(after)
			}
			o.away = errNobodyThere
			s, err := ss.Create(t.Context(), "alice", nil)
			require.NoError(t, err)
			o.away = nil
			if after < 0 {
				time.Sleep(-after)
				end()
			}
			for name, move := range map[string]func(context.Context, *AppSession) (bool, error){"save": ss.Save, "rotate": ss.Rotate} {
				own := s
				found, err := move(t.Context(), &own)
				require.NoError(t, err)
				require.Equal(t, want, found, "%s %v after", name, after)
			}
		})
	}
}

// Whether a session in a cookie ended goes by its subject, which Save therefore cannot change.
func TestSaveOfACookieKeepsItsSubject(t *testing.T) {
	ss, o := withOutage(t, AppSessionConfig{WhenAway: CookieWhenAway, Keys: []Secret{NewAppSessionKey()}})
	o.away = errNobodyThere
	s, err := ss.Create(t.Context(), "alice", nil)
	require.NoError(t, err)
	for _, o.away = range []error{errNobodyThere, nil} {
		s.Subject = "bob"
		_, err = ss.Save(t.Context(), &s)
		var wrong *ArgumentError
		require.ErrorAs(t, err, &wrong)
		require.Equal(t, "Subject", wrong.Name)
	}
	_, err = ss.RevokeAll(t.Context(), "alice")
	require.NoError(t, err)
	found, err := ss.Rotate(t.Context(), &s)
	require.NoError(t, err)
	require.False(t, found, "it was alice's")
}

// A server whose clock went back, as that of a new master may, does not let sessions come back that were ended before.
func TestMarksDoNotGoBack(t *testing.T) {
	ss, o := withOutage(t, AppSessionConfig{})
	mark, later := appMarkKey("app", subjectHash("alice")), string(appendMillis(nil, time.Now().Add(time.Hour).UnixMilli()))
	_, err := New(o).Do(t.Context(), "SET", mark, later)
	require.NoError(t, err)
	_, err = ss.RevokeAll(t.Context(), "alice")
	require.NoError(t, err)
	v, err := New(o).Do(t.Context(), "GET", mark)
	require.NoError(t, err)
	text, err := v.Text()
	require.NoError(t, err)
	require.Equal(t, later, text)
}

// The mark lives for as long as a session may that it ends, and no longer.
func TestMarksLiveAsLongAsSessions(t *testing.T) {
	for later, marked := range map[time.Duration]bool{0: true, time.Hour - time.Millisecond: true, time.Hour + time.Millisecond: false} {
		synctest.Test(t, func(t *testing.T) {
			ss, o := withOutage(t, AppSessionConfig{WhenAway: CookieWhenAway, Keys: []Secret{NewAppSessionKey()}, Idle: time.Hour, Rolling: time.Hour, Absolute: time.Hour})
			_, err := ss.RevokeAll(t.Context(), "alice")
			require.NoError(t, err)
			time.Sleep(clockDistance) // the last that it ends
			o.away = errNobodyThere
			s, err := ss.Create(t.Context(), "alice", nil)
			require.NoError(t, err)
			o.away = nil
			time.Sleep(later)
			found, err := ss.Save(t.Context(), &s)
			require.NoError(t, err)
			require.False(t, found, later)
			n, err := New(o).Do(t.Context(), "EXISTS", appMarkKey("app", subjectHash("alice")))
			require.NoError(t, err)
			exists, err := n.Int()
			require.NoError(t, err)
			require.Equal(t, marked, exists == 1, later)
		})
	}
}

// What is asked for is bounded by what these sessions take: a larger reply would end the connection of everybody.
func TestLoadAsksForNoMoreThanASession(t *testing.T) {
	rt := &frames{answers: []string{"$0\r\n\r\n"}}
	ss, err := New(rt).AppSessions(AppSessionConfig{Name: "app", MaxData: 100})
	require.NoError(t, err)
	_, _, err = ss.Load(t.Context(), newToken())
	require.NoError(t, err)
	require.Regexp(t, `^\*4\r\n\$8\r\nGETRANGE\r\n\$\d+\r\nbwredis:session:app:.{43}\r\n\$1\r\n0\r\n\$4\r\n1298\r\n$`, rt.sent) // 132+100+1024+10+32
}
