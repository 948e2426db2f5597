package bwhttp_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/bwstate/bwhttp"
)

// keep takes the cookies of an answer.
func (s *site) keep(answer *http.Response) {
	for _, cookie := range answer.Cookies() {
		if cookie.MaxAge < 0 {
			delete(s.cookies, cookie.Name)
		} else {
			s.cookies[cookie.Name] = cookie.Value
		}
	}
}

// visits is what the session says that the browser's cookie names.
func (s *site) visits() (n int) {
	s.Helper()
	session, err := s.visitors.Sessions.Open(s.Context(), func(name string) string { return s.cookies[name] })
	require.NoError(s, err)
	_, err = session.Get("n", &n)
	require.NoError(s, err)
	return n
}

// ttl is how long the browser's session lives.
func (s *site) ttl() string {
	session, err := s.visitors.Sessions.Open(s.Context(), func(name string) string { return s.cookies[name] })
	require.NoError(s, err)
	id, _ := session.ID()
	left, err := s.state.Do(s.Context(), "TTL", "sessions_:sid:"+id.Text())
	require.NoError(s, err)
	return left.String()
}

// A connection that was taken over has no answer that could tell the browser of another id, so nothing is saved.
func TestVisitorsWhoseConnectionIsHijacked(t *testing.T) {
	for name, hijack := range map[string]func(http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error){
		"assertion": func(w http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error) { return w.(http.Hijacker).Hijack() },
		"controller": func(w http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error) {
			return http.NewResponseController(w).Hijack()
		},
		"wrapped": func(w http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error) {
			return http.NewResponseController(wrapper{w}).Hijack()
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, bwstate.FailWhenAway)
			s.visit(count)
			s.now = s.now.Add(50 * time.Minute) // a save is due, besides
			s.visitors.Sessions = s.sessions(bwstate.VisitorSettings{Idling: bwstate.NoTimeout})
			done := make(chan struct{})
			handler := s.visitors.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				session := bwhttp.Session(r.Context())
				before, _ := session.ID()
				require.NoError(t, session.Set("n", 77))
				nc, _, err := hijack(w)
				require.NoError(t, err)
				defer nc.Close()
				require.Error(t, session.Save(r.Context()), "nobody would learn of it")
				after, _ := session.ID()
				require.Equal(t, before, after)
				_, _ = io.WriteString(nc, "HTTP/1.1 101 Switching Protocols\r\nConnection: close\r\n\r\n")
			}))
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(done)
				handler.ServeHTTP(w, r)
			}))
			defer server.Close()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
			require.NoError(t, err)
			s.visitors.IP = addressOf(s.ip)
			r.Header.Set("User-Agent", s.agent)
			r.Header.Set("Cookie", "sid="+s.cookies["sid"])
			answer, err := server.Client().Do(r)
			require.NoError(t, err)
			_ = answer.Body.Close()
			<-done
			require.Equal(t, "3600", s.ttl(), "the session lives on as it was")
			require.Equal(t, 1, s.visits())
			require.Contains(t, s.log.String(), "before the connection was taken over")
			require.NotContains(t, s.log.String(), "after the answer began", "once is enough")
		})
	}
}

// wrapper is a middleware's.
type wrapper struct{ http.ResponseWriter }

func (w wrapper) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// A handler that saves its session itself, before it takes the connection over, has the lines, too.
func TestVisitorsWhoSaveBeforeTheyHijack(t *testing.T) {
	s := newSite(t, bwstate.FailWhenAway)
	s.visitors.IP = addressOf(s.ip)
	server := httptest.NewServer(s.visitors.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session := bwhttp.Session(r.Context())
		_ = session.Set("n", 5)
		require.NoError(t, session.Save(r.Context()))
		nc, _, err := http.NewResponseController(w).Hijack()
		require.NoError(t, err)
		defer nc.Close()
		fmt.Fprintf(nc, "HTTP/1.1 200 OK\r\nConnection: close\r\nSet-Cookie: %s\r\n\r\n", session.SetCookies()[0])
	})))
	defer server.Close()
	answer, err := server.Client().Get(server.URL)
	require.NoError(t, err)
	_ = answer.Body.Close()
	s.keep(answer)
	require.Equal(t, 5, s.visits())
	require.Empty(t, s.log.String())
}

// A recorder cannot be hijacked, and an attempt changes nothing.
func TestVisitorsWhoCannotHijack(t *testing.T) {
	s := newSite(t, bwstate.FailWhenAway)
	answer := s.visit(func(w http.ResponseWriter, r *http.Request) {
		_, _, err := http.NewResponseController(w).Hijack()
		require.ErrorIs(t, err, http.ErrNotSupported)
		count(w, r)
	})
	require.Equal(t, "1 new=true", body(t, answer))
	require.Equal(t, 1, s.visits())
}

// What else a ResponseController asks for reaches the server.
func TestVisitorsResponseController(t *testing.T) {
	s := newSite(t, bwstate.FailWhenAway)
	server := httptest.NewServer(s.visitors.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		controller := http.NewResponseController(w)
		later := time.Now().Add(time.Hour)
		if err := errors.Join(controller.SetReadDeadline(later), controller.SetWriteDeadline(later), controller.EnableFullDuplex()); err != nil {
			t.Error(err)
		}
	})))
	defer server.Close()
	answer, err := server.Client().Get(server.URL)
	require.NoError(t, err)
	_ = answer.Body.Close()
}

// A handler that saved its session has changed the id, so the browser is told whatever the answer is.
func TestVisitorsAreToldOfASaveWhateverTheAnswer(t *testing.T) {
	saves := func(t *testing.T, r *http.Request) {
		session := bwhttp.Session(r.Context())
		require.NoError(t, session.Set("n", 2))
		require.NoError(t, session.Save(r.Context()))
		require.NoError(t, session.Set("n", 3))
	}
	t.Run("failed", func(t *testing.T) {
		for _, failed := range []func(http.ResponseWriter, *http.Request, error){nil, func(w http.ResponseWriter, _ *http.Request, _ error) {
			http.Error(w, "sorry", http.StatusServiceUnavailable)
		}} {
			s := newSite(t, bwstate.FailWhenAway)
			s.visit(count)
			s.visitors.Failed = failed
			old := s.cookies["sid"]
			answer := s.visit(func(w http.ResponseWriter, r *http.Request) {
				saves(t, r)
				require.NoError(t, s.state.Close())
				_, _ = io.WriteString(w, "x")
			})
			require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
			require.Len(t, answer.Header["Set-Cookie"], 1)
			require.NotEqual(t, old, s.cookies["sid"])
		}
	})
	t.Run("panic", func(t *testing.T) {
		s := newSite(t, bwstate.FailWhenAway)
		s.visit(count)
		inner := s.visitors.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			saves(t, r)
			panic("oops")
		}))
		w := httptest.NewRecorder()
		func() {
			defer func() {
				require.Equal(t, "oops", recover())
				w.WriteHeader(http.StatusInternalServerError)
			}()
			inner.ServeHTTP(w, s.request())
		}()
		require.Len(t, w.Result().Header["Set-Cookie"], 1)
		s.keep(w.Result())
		require.Equal(t, 2, s.visits(), "nothing else was saved")
	})
	t.Run("panic after the session of another", func(t *testing.T) {
		s := newSite(t, bwstate.FailWhenAway)
		s.visit(count)
		s.ip = "203.0.113.8"
		w := httptest.NewRecorder()
		require.Panics(t, func() {
			s.visitors.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oops") })).ServeHTTP(w, s.request())
		})
		require.Len(t, w.Header()["Set-Cookie"], 1)
		require.Contains(t, w.Header()["Set-Cookie"][0], "Max-Age=0")
	})
}

// What a handler said of its answer is not true of another one.
func TestVisitorsFailWithoutTheHandlersHeaders(t *testing.T) {
	for name, ctx := range map[string]func() context.Context{"visitor waits": t.Context, "visitor left": func() context.Context {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		return ended
	}} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, bwstate.FailWhenAway)
			inner := s.visitors.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for _, name := range []string{"Content-Type", "Content-Length", "Content-Encoding", "ETag", "Last-Modified", "Cache-Control", "Location", "X-Frame", "Set-Cookie"} {
					w.Header().Set(name, "8")
				}
				require.NoError(t, bwhttp.Session(r.Context()).Set("k", 1))
				require.NoError(t, s.state.Close())
				_, _ = io.WriteString(w, "12345678")
			}))
			w, r := httptest.NewRecorder(), s.request().WithContext(ctx())
			w.Header().Set("X-Frame", "of the middleware around")
			inner.ServeHTTP(w, r)
			answer := w.Result()
			require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
			require.Equal(t, http.Header{
				"Content-Type": {"text/plain; charset=utf-8"}, "X-Content-Type-Options": {"nosniff"},
				"Cache-Control": {"no-store"}, "Retry-After": {"5"}, "X-Frame": {"of the middleware around"},
			}, answer.Header)
			require.Equal(t, "Service Unavailable\n", w.Body.String())
		})
	}
}

// A handler that is late goes on with its session while another answers for it.
func TestVisitorsWithATimeout(t *testing.T) {
	s := newSite(t, bwstate.FailWhenAway)
	s.visit(count)
	late := make(chan struct{})
	answered := make(chan struct{})
	handler := http.TimeoutHandler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		defer close(late)
		session := bwhttp.Session(r.Context())
		for n := 0; ; n++ {
			_ = session.Set("n", n)
			_, _ = session.Get("n", new(int))
			_ = session.Save(r.Context())
			select {
			case <-answered:
				require.Error(t, session.Save(t.Context()), "the browser cannot learn of it")
				return
			default:
			}
		}
	}), 20*time.Millisecond, "late")
	answer := s.visit(handler.ServeHTTP)
	close(answered)
	<-late
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	require.Len(t, answer.Header["Set-Cookie"], 1)
	require.Equal(t, "3600", s.ttl(), "the browser has the cookie of the last save")
}

// A session that does not say whose it is is nobody's, but it is not destroyed either: a node leaves it alone.
func TestVisitorsWhoseMetadataIsIncomplete(t *testing.T) {
	for _, metadata := range []string{`{"IP":"203.0.113.7"}`, `{"USER_AGENT":"agent/1.0"}`, `{"IP":"203.0.113.7","USER_AGENT":null}`, `{}`, `"x"`} {
		s := newSite(t, bwstate.FailWhenAway)
		s.visit(func(_ http.ResponseWriter, r *http.Request) {
			require.NoError(t, bwhttp.Session(r.Context()).Set("metadata", json.RawMessage(metadata)))
		})
		cookie := s.cookies["sid"]
		look := func(_ http.ResponseWriter, r *http.Request) {
			var refused *bwstate.VisitorError
			require.ErrorAs(t, bwhttp.Refused(r.Context()), &refused)
			require.Equal(t, bwstate.MetadataIncomplete, refused.Reason)
			require.True(t, bwhttp.Session(r.Context()).IsNew())
			require.Equal(t, "sid="+cookie, r.Header.Get("Cookie"), "as it came")
		}
		require.Empty(t, s.visit(look).Header["Set-Cookie"])
		require.Equal(t, "1 new=true", body(t, s.visit(count)))
		require.Equal(t, 1, s.visits())
		_, err := s.visitors.Sessions.Open(t.Context(), func(string) string { return cookie })
		require.NoError(t, err)
	}
}

// When the server is back, the browser forgets what is left of the cookies.
func TestVisitorsForgetPartsOfCookies(t *testing.T) {
	s := newSite(t, bwstate.CookieWhenAway)
	state := s.state
	away := newSite(t, bwstate.CookieWhenAway)
	require.NoError(t, away.state.Close())
	data := make([]byte, 9000)
	for i := range data {
		data[i] = byte(rand.Uint32())
	}
	away.visit(func(_ http.ResponseWriter, r *http.Request) {
		require.NoError(t, bwhttp.Session(r.Context()).Set("k", base64.StdEncoding.EncodeToString(data)))
	})
	require.Greater(t, len(away.cookies), 2)
	s.cookies, s.state = away.cookies, state
	require.Equal(t, "1 new=true", body(t, s.visit(count)))
	require.Len(t, s.cookies, 1)
	require.Equal(t, "2 new=false", body(t, s.visit(count)))
}

// A session that ended while a handler was at work is not stored again: what was changed in it is lost, and that is said; what was not, is no loss.
func TestVisitorsWhoseSessionEndsMeanwhile(t *testing.T) {
	end := func(s *site) {
		session, err := s.visitors.Sessions.Open(t.Context(), func(name string) string { return s.cookies[name] })
		require.NoError(t, err)
		require.NoError(t, session.Destroy(t.Context()))
	}
	s := newSite(t, bwstate.FailWhenAway)
	s.visit(count)
	var got error
	s.visitors.Failed = func(w http.ResponseWriter, _ *http.Request, err error) {
		got = err
		w.WriteHeader(http.StatusConflict)
	}
	answer := s.visit(func(w http.ResponseWriter, r *http.Request) {
		end(s)
		count(w, r)
	})
	require.Equal(t, http.StatusConflict, answer.StatusCode)
	require.Empty(t, answer.Header["Set-Cookie"])
	var refused *bwstate.VisitorError
	require.ErrorAs(t, got, &refused)
	require.Equal(t, bwstate.EndedMeanwhile, refused.Reason)
	require.Equal(t, "1 new=true", body(t, s.visit(count)))

	s = newSite(t, bwstate.FailWhenAway)
	s.visitors.Sessions = s.sessions(bwstate.VisitorSettings{Idling: bwstate.NoTimeout})
	s.visit(count)
	s.now = s.now.Add(50 * time.Minute) // a save is due
	answer = s.visit(func(w http.ResponseWriter, _ *http.Request) {
		end(s)
		_, _ = io.WriteString(w, "hello")
	})
	require.Equal(t, "hello", body(t, answer))
	require.Empty(t, answer.Header["Set-Cookie"])
}

// sessions are those of the site with other settings.
func (s *site) sessions(settings bwstate.VisitorSettings) *bwstate.VisitorSessions {
	settings.Secret, settings.Name, settings.Now = "secret", "sid", func() time.Time { return s.now }
	sessions, err := s.state.VisitorSessions(settings)
	require.NoError(s, err)
	return sessions
}

func (s *site) request() *http.Request {
	r := httptest.NewRequestWithContext(s.Context(), http.MethodGet, "/", nil)
	r.RemoteAddr = net.JoinHostPort(s.ip, "1234")
	r.Header.Set("User-Agent", s.agent)
	var pairs []string
	for name, value := range s.cookies {
		pairs = append(pairs, name+"="+value)
	}
	r.Header.Set("Cookie", strings.Join(pairs, "; "))
	return r
}
