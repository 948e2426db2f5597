package bwhttp_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/bwstate/bwhttp"
)

// A site is a service with visitors, and a browser.
type site struct {
	*testing.T
	state    *bwstate.State
	visitors *bwhttp.Visitors
	now      time.Time
	cookies  map[string]string
	ip       string
	agent    string
	log      bytes.Buffer
}

func newSite(t *testing.T, away bwstate.WhenAway) *site {
	state, err := bwstate.Open(t.Context(), bwstate.Settings{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = state.Close() })
	s := &site{T: t, state: state, now: time.Unix(1700000000, 0), cookies: map[string]string{}, ip: "203.0.113.7", agent: "agent/1.0"}
	sessions, err := state.VisitorSessions(bwstate.VisitorSettings{Secret: "secret", Name: "sid", Away: away, Now: func() time.Time { return s.now }})
	require.NoError(t, err)
	s.visitors = &bwhttp.Visitors{Sessions: sessions, Logger: slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	return s
}

// visit asks for a page.
func (s *site) visit(handler http.HandlerFunc) *http.Response {
	s.Helper()
	r := s.request()
	w := httptest.NewRecorder()
	s.visitors.Handler(handler).ServeHTTP(w, r)
	answer := w.Result()
	s.keep(answer)
	return answer
}

// count is a handler that counts visits.
func count(w http.ResponseWriter, r *http.Request) {
	session, n := bwhttp.Session(r.Context()), 0
	_, _ = session.Get("n", &n)
	_ = session.Set("n", n+1)
	fmt.Fprintf(w, "%d new=%t", n+1, session.IsNew())
}

func body(t *testing.T, answer *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return string(text)
}

func TestVisitorsCount(t *testing.T) {
	s := newSite(t, bwstate.FailWhenAway)
	require.Equal(t, "1 new=true", body(t, s.visit(count)))
	before := s.state.RoundTrips()
	require.Equal(t, "2 new=false", body(t, s.visit(count)))
	require.EqualValues(t, 2, s.state.RoundTrips()-before, "open and save")
	require.Equal(t, "3 new=false", body(t, s.visit(count)))
}

// A handler that only looks stores nothing for visitors without a session, and writes no cookie for those who were here a moment ago.
func TestVisitorsWhoOnlyLook(t *testing.T) {
	s := newSite(t, bwstate.FailWhenAway)
	look := func(w http.ResponseWriter, r *http.Request) {
		require.NotNil(t, bwhttp.Session(r.Context()))
		_, _ = io.WriteString(w, "hello")
	}
	answer := s.visit(look)
	require.Equal(t, "hello", body(t, answer))
	require.Empty(t, answer.Header["Set-Cookie"])
	require.Zero(t, s.state.RoundTrips())
	s.visit(count)
	require.Empty(t, s.visit(look).Header["Set-Cookie"])
	s.now = s.now.Add(61 * time.Second)
	require.Len(t, s.visit(func(http.ResponseWriter, *http.Request) {}).Header["Set-Cookie"], 1, "touched, also where nothing is written")
	s.now = s.now.Add(time.Hour)
	require.Equal(t, "1 new=true", body(t, s.visit(count)), "expired")
	require.Contains(t, s.log.String(), string(bwstate.RollingExpired))
}

// The session of another address or browser ends, as on a node.
func TestVisitorsWithTheSessionOfAnother(t *testing.T) {
	for name, change := range map[string]func(*site){
		"address": func(s *site) { s.ip = "203.0.113.8" },
		"browser": func(s *site) { s.agent = "other" },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, bwstate.FailWhenAway)
			s.visit(count)
			stolen := s.cookies["sid"]
			s.cookies["theme"] = "dark"
			change(s)
			answer := s.visit(func(w http.ResponseWriter, r *http.Request) {
				require.Error(t, bwhttp.Refused(r.Context()))
				require.Equal(t, "theme=dark", r.Header.Get("Cookie"))
				count(w, r)
			})
			require.Equal(t, "1 new=true", body(t, answer))
			lines := answer.Header["Set-Cookie"]
			require.Len(t, lines, 1, "one for each cookie")
			require.NotContains(t, lines[0], "Max-Age=0")
			_, err := s.visitors.Sessions.Open(t.Context(), func(string) string { return stolen })
			var refused *bwstate.VisitorError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, bwstate.NotStored, refused.Reason)
		})
	}
}

func TestVisitorsWhenAway(t *testing.T) {
	s := newSite(t, bwstate.FailWhenAway)
	s.visit(count)
	require.NoError(t, s.state.Close())
	answer := s.visit(func(http.ResponseWriter, *http.Request) { t.Error("called") })
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	require.Equal(t, "Service Unavailable\n", body(t, answer), "no word of why")
	require.Contains(t, s.log.String(), "level=ERROR")
	s.visitors.Failed = func(w http.ResponseWriter, _ *http.Request, err error) { http.Error(w, "sorry", http.StatusTeapot) }
	require.Equal(t, http.StatusTeapot, s.visit(count).StatusCode)

	s = newSite(t, bwstate.CookieWhenAway)
	s.visit(count)
	require.NoError(t, s.state.Close())
	require.Equal(t, "1 new=true", body(t, s.visit(count)), "the session on the server cannot be opened")
	answer = s.visit(func(w http.ResponseWriter, r *http.Request) {
		require.True(t, bwhttp.Session(r.Context()).InCookie())
		require.Error(t, bwhttp.Session(r.Context()).Away())
		count(w, r)
	})
	require.Equal(t, "2 new=false", body(t, answer))
}

// Nothing of an answer leaves whose session was not saved.
func TestVisitorsWhoseSessionIsNotSaved(t *testing.T) {
	s := newSite(t, bwstate.FailWhenAway)
	answer := s.visit(func(w http.ResponseWriter, r *http.Request) {
		require.NoError(t, bwhttp.Session(r.Context()).Set("k", "v"))
		require.NoError(t, s.state.Close())
		w.Header().Set("Content-Length", "6")
		w.WriteHeader(http.StatusCreated)
		_, err := io.WriteString(w, "stored")
		require.Error(t, err)
		require.Error(t, http.NewResponseController(w).Flush())
	})
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	require.Equal(t, "Service Unavailable\n", body(t, answer))
	require.Empty(t, answer.Header["Set-Cookie"])
}

func TestVisitorsChangedTooLate(t *testing.T) {
	s := newSite(t, bwstate.FailWhenAway)
	s.visit(func(w http.ResponseWriter, r *http.Request) {
		require.NoError(t, bwhttp.Session(r.Context()).Set("early", 1))
		w.(http.Flusher).Flush()
		require.NoError(t, bwhttp.Session(r.Context()).Set("late", 1))
	})
	require.Contains(t, s.log.String(), "after the answer began")
	s.visit(func(_ http.ResponseWriter, r *http.Request) {
		require.Equal(t, []string{"metadata", "early"}, bwhttp.Session(r.Context()).Names())
	})
}

func TestVisitorsWithoutAnAddress(t *testing.T) {
	s := newSite(t, bwstate.FailWhenAway)
	s.visitors.IP = func(*http.Request) netip.Addr { return netip.Addr{} }
	require.Equal(t, http.StatusServiceUnavailable, s.visit(count).StatusCode)
}

func TestRealIP(t *testing.T) {
	ip := bwhttp.RealIP(netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128"))
	for _, c := range []struct{ peer, header, want string }{
		{"10.1.2.3:80", "203.0.113.7", "203.0.113.7"},
		{"[::1]:80", "2001:DB8::7", "2001:db8::7"},
		{"[::ffff:10.1.2.3]:80", "::ffff:203.0.113.7", "203.0.113.7"},
		{"10.1.2.3:80", "unknown", "10.1.2.3"},
		{"10.1.2.3:80", "", "10.1.2.3"},
		{"10.1.2.3:80", "203.0.113.7|203.0.113.7", "203.0.113.7"},
		{"10.1.2.3:80", "203.0.113.7|203.0.113.8", "invalid IP"},
		{"10.1.2.3:80", "203.0.113.7|unknown", "invalid IP"},
		{"10.1.2.3:80", "203.0.113.7, 203.0.113.8", "10.1.2.3"},
		{"192.0.2.1:80", "203.0.113.7", "192.0.2.1"},
		{"@", "203.0.113.7", "invalid IP"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		for value := range strings.SplitSeq(c.header, "|") {
			r.Header.Add("X-Real-IP", value)
		}
		require.Equal(t, c.want, ip(r).String(), "%v", c)
	}
}

func TestWithoutAHandlerThereIsNoSession(t *testing.T) {
	require.Nil(t, bwhttp.Session(t.Context()))
	require.NoError(t, bwhttp.Refused(t.Context()))
}

// Of two cookies of the name the first counts.
func TestVisitorsWithTwoCookies(t *testing.T) {
	s := newSite(t, bwstate.FailWhenAway)
	s.visit(count)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr, r.Header["User-Agent"] = "203.0.113.7:1", []string{"agent/1.0"}
	r.Header["Cookie"] = []string{"a; sid =x; b=c", "sid=" + s.cookies["sid"] + "; sid=" + strings.Repeat("A", 200)}
	w := httptest.NewRecorder()
	s.visitors.Handler(http.HandlerFunc(count)).ServeHTTP(w, r)
	require.Equal(t, "2 new=false", w.Body.String())
}

// Hints that go before the answer do not begin it.
func TestVisitorsGetEarlyHints(t *testing.T) {
	s := newSite(t, bwstate.FailWhenAway)
	server := httptest.NewServer(s.visitors.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		count(w, r)
	})))
	defer server.Close()
	answer, err := server.Client().Get(server.URL)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, "1 new=true", body(t, answer))
	require.Len(t, answer.Header["Set-Cookie"], 1)
}

// A request without an address ends nobody's session.
func TestNoAddressEndsNothing(t *testing.T) {
	s := newSite(t, bwstate.FailWhenAway)
	s.visit(count)
	cookie := s.cookies["sid"]
	s.visitors.IP = func(*http.Request) netip.Addr { return netip.Addr{} } // as behind a Unix socket
	require.Equal(t, http.StatusServiceUnavailable, s.visit(count).StatusCode)
	_, err := s.visitors.Sessions.Open(t.Context(), func(string) string { return cookie })
	require.NoError(t, err)
}

func addressOf(ip string) func(*http.Request) netip.Addr {
	return func(*http.Request) netip.Addr { return netip.MustParseAddr(ip) }
}
