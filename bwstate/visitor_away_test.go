package bwstate

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/resp"
)

// switchable is a RoundTripper that can be away.
type switchable struct {
	RoundTripper
	away error
	sent int
}

func (s *switchable) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	s.sent++
	if s.away != nil {
		return s.away
	}
	return s.RoundTripper.RoundTrip(ctx, q, h)
}

var errAway = errors.New("connection refused")

// newAwayRig is a rig whose server can be away.
func newAwayRig(t *testing.T, settings VisitorSettings) (*visitorRig, *switchable) {
	r := newVisitorRig(t, settings)
	server := &switchable{RoundTripper: r.state.rt}
	r.state.rt = server
	return r, server
}

// A jar keeps cookies as a browser does.
type jar map[string]string

func (j jar) take(lines []string) {
	for _, line := range lines {
		pair, attributes, _ := strings.Cut(line, ";")
		name, value, _ := strings.Cut(pair, "=")
		if strings.Contains(attributes, "Max-Age=0") {
			delete(j, name)
		} else {
			j[name] = value
		}
	}
}

func (j jar) get(name string) string { return j[name] }

func TestVisitorFailsWhenAway(t *testing.T) {
	r, server := newAwayRig(t, VisitorSettings{})
	s := r.fresh()
	cookies := jar{}
	cookies.take(s.SetCookies())
	server.away = errAway
	_, err := r.sessions.Open(t.Context(), cookies.get)
	require.ErrorIs(t, err, errAway)
	var refused *VisitorError
	require.False(t, errors.As(err, &refused), "a visitor is not sent away with a new session")
	require.ErrorIs(t, s.Save(t.Context()), errAway)
	require.NoError(t, s.Away())
	require.ErrorIs(t, s.Destroy(t.Context()), errAway)
	require.Contains(t, s.SetCookies()[0], "Max-Age=0")

	server.away = nil
	_, err = r.sessions.Open(t.Context(), cookies.get)
	require.NoError(t, err)
	require.NoError(t, s.Destroy(t.Context()), "once more")
	_, err = r.sessions.Open(t.Context(), cookies.get)
	require.Equal(t, NotStored, reason(t, err))
}

// While the server is away sessions are in cookies, and cookies of one kind are refused by the other, as on nodes.
func TestVisitorGoesIntoCookiesWhenAway(t *testing.T) {
	r, server := newAwayRig(t, VisitorSettings{Away: CookieWhenAway})
	s, cookies := r.fresh(), jar{}
	cookies.take(s.SetCookies())
	kept := jar{"bwgolden": cookies["bwgolden"]}
	server.away = errAway

	_, err := r.sessions.Open(t.Context(), cookies.get)
	require.Equal(t, ServerAway, reason(t, err))
	require.ErrorIs(t, err, errAway)
	s, err = r.sessions.New(someVisitor)
	require.NoError(t, err)
	require.NoError(t, s.Set("@k", "w"))
	require.NoError(t, s.Commit(t.Context()))
	require.ErrorIs(t, s.Away(), errAway)
	require.True(t, s.InCookie())
	cookies.take(s.SetCookies())
	require.Len(t, cookies, 1)

	before := server.sent
	s, err = r.sessions.Open(t.Context(), cookies.get)
	require.NoError(t, err)
	require.Equal(t, before+1, server.sent)
	require.True(t, s.InCookie())
	require.ErrorIs(t, s.Away(), errAway)
	require.NoError(t, s.Check(someVisitor))
	raw, _ := s.Raw("@k")
	require.Equal(t, `"w"`, string(raw))
	require.Contains(t, string(appendAudiences(nil, s.audiences, false)), `"$@k":`)

	r.now += 61
	s, err = r.sessions.Open(t.Context(), cookies.get)
	require.NoError(t, err)
	require.NoError(t, s.Commit(t.Context()))
	cookies.take(s.SetCookies())
	s, err = r.sessions.Open(t.Context(), cookies.get)
	require.NoError(t, err)
	require.Equal(t, r.now, s.Touched().Unix(), "touched, with the data behind")

	server.away = nil
	_, err = r.sessions.Open(t.Context(), cookies.get)
	require.Equal(t, OtherStorage, reason(t, err), "a copy of a cookie is worth nothing any more")
	_, err = r.sessions.Open(t.Context(), kept.get)
	require.NoError(t, err, "sessions on the server are there again")
}

// The server may go away between opening and saving.
func TestVisitorGoesIntoCookiesInBetween(t *testing.T) {
	r, server := newAwayRig(t, VisitorSettings{Away: CookieWhenAway})
	s := r.fresh()
	for _, away := range []error{errAway, &resp.Error{Message: "LOADING x"}, &resp.Error{Message: "MASTERDOWN x"}} {
		server.away = nil
		s = r.mustOpen(cookieOf(r.fresh()))
		server.away = away
		require.NoError(t, s.Save(t.Context()))
		require.True(t, s.InCookie())
		require.ErrorIs(t, s.Destroy(t.Context()), away, "the one on the server lives on")
		require.Len(t, s.SetCookies(), 1)
	}
	server.away = nil
	for _, refusal := range []error{&resp.Error{Message: "READONLY x"}, &resp.Error{Message: "OOM x"}, &resp.Error{Message: "NOPERM x"}} {
		s = r.mustOpen(cookieOf(r.fresh()))
		server.away = refusal
		require.ErrorIs(t, s.Save(t.Context()), refusal, "it is there, and says no")
		server.away = nil
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	server.away = errAway
	require.Error(t, s.Save(ended), "nobody waits for the answer")
}

// Cookies are cut where nodes cut them, and what is no longer needed is taken back.
func TestVisitorChunks(t *testing.T) {
	r, server := newAwayRig(t, VisitorSettings{Away: CookieWhenAway})
	server.away = errAway
	noise := make([]byte, 40_000)
	_, err := rand.Read(noise)
	require.NoError(t, err)
	text := base64.StdEncoding.EncodeToString(noise)
	cookies := jar{}
	s, err := r.sessions.New(someVisitor)
	require.NoError(t, err)
	for _, c := range []struct{ size, cookies int }{{100, 1}, {6000, 0}, {2000, 1}, {26000, 9}, {20, 1}} {
		require.NoError(t, s.Set("noise", text[:c.size]))
		require.NoError(t, s.Save(t.Context()))
		cookies.take(s.SetCookies())
		if c.cookies > 0 && c.size != 26000 {
			require.Len(t, cookies, c.cookies, "%d", c.size)
		}
		for i, line := range s.SetCookies() {
			pair, _, _ := strings.Cut(line, ";")
			require.LessOrEqual(t, len(pair), maxCookieSize)
			if i+1 < len(cookies) {
				require.Len(t, pair, maxCookieSize, "all but the last are full")
			}
		}
		opened, err := r.sessions.Open(t.Context(), cookies.get)
		require.NoError(t, err, "%d", c.size)
		raw, _ := opened.Raw("noise")
		require.Equal(t, `"`+text[:c.size]+`"`, string(raw))
		s = opened
	}
	require.NoError(t, s.Set("noise", text))
	var e *ArgumentError
	require.ErrorAs(t, s.Save(t.Context()), &e, "nine cookies are the most")

	require.NoError(t, s.Set("noise", text[:6000]))
	require.NoError(t, s.Save(t.Context()))
	cookies.take(s.SetCookies())
	for change, want := range map[string]Reason{"": CookieChunks, "A": ValueWrongSize, strings.Repeat("A", 5000): CookieTooLarge} {
		changed := jar{"bwgolden": cookies["bwgolden"], "bwgolden2": change}
		_, err = r.sessions.Open(t.Context(), changed.get)
		require.Equal(t, want, reason(t, err), "%.9q", change)
	}
	swapped := []byte(cookies["bwgolden2"])
	swapped[0], swapped[1] = swapped[1], swapped[0]
	if !bytes.Equal(swapped, []byte(cookies["bwgolden2"])) {
		_, err = r.sessions.Open(t.Context(), jar{"bwgolden": cookies["bwgolden"], "bwgolden2": string(swapped)}.get)
		require.Equal(t, ValueForged, reason(t, err))
	}
	short := jar{"bwgolden": cookies["bwgolden"][:4000], "bwgolden2": cookies["bwgolden2"]}
	_, err = r.sessions.Open(t.Context(), short.get)
	require.Equal(t, ValueWrongSize, reason(t, err))
	require.NoError(t, s.Destroy(t.Context()))
	cookies.take(s.SetCookies())
	require.Empty(t, cookies)
}
