package bwhttp_test

import (
	"bytes"
	"context"
	"errors"
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
	"github.com/bwredis/bwredis/resp"
)

// away is a server that cannot be reached, or one that never answers.
type away struct{ hangs bool }

func (a away) RoundTrip(ctx context.Context, _ *resp.Request, _ resp.Handler) error {
	if a.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return errors.New("connection refused")
}

// requests are limits of an embedded store, or of a server that is away.
func requests(t *testing.T, cfg bwstate.LimitsConfig, rt bwstate.RoundTripper) *bwstate.Limits {
	state, err := bwstate.Open(t.Context(), bwstate.Settings{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = state.Close() })
	if rt != nil {
		state = bwstate.New(rt)
	}
	limits, err := state.Limits(cfg)
	require.NoError(t, err)
	return limits
}

// limited is a handler behind a limit; it answers with how many limits were checked.
func limited(t *testing.T, cfg bwhttp.RateLimitConfig) http.Handler {
	middleware, err := bwhttp.RateLimit(cfg)
	require.NoError(t, err)
	return middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, result := range bwhttp.LimitResults(r.Context()) {
			if result.Degraded {
				_, _ = w.Write([]byte("degraded "))
			}
		}
		_, _ = w.Write([]byte("served"))
	}))
}

func ask(handler http.Handler, path, ip string) *httptest.ResponseRecorder {
	r, w := httptest.NewRequest(http.MethodGet, path, nil), httptest.NewRecorder()
	r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(ip), 1234).String()
	handler.ServeHTTP(w, r)
	return w
}

func hourly(n int64) bwstate.Rate { return bwstate.Rate{Limit: n, Window: time.Hour} }

func TestRateLimitOfVisitors(t *testing.T) {
	handler := limited(t, bwhttp.RateLimitConfig{
		Limits: requests(t, bwstate.LimitsConfig{}, nil), For: bwhttp.PerVisitor("api", hourly(2)), OnError: bwhttp.RefuseOnError,
	})
	for i, want := range []struct {
		status     int
		body, left string
	}{{200, "served", `"api";r=1;t=1800`}, {200, "served", `"api";r=0;t=1800`}, {429, "Too Many Requests\n", `"api";r=0;t=1800`}} {
		w := ask(handler, "/", "203.0.113.7")
		require.Equal(t, want.status, w.Code, i)
		require.Equal(t, want.body, w.Body.String())
		require.Equal(t, `"api";q=2;w=3600`, w.Header().Get("RateLimit-Policy"))
		require.Equal(t, want.left, w.Header().Get("RateLimit"))
		if want.status == 429 {
			require.Equal(t, "1800", w.Header().Get("Retry-After"))
		} else {
			require.Empty(t, w.Header().Get("Retry-After"))
		}
	}
	require.Equal(t, 200, ask(handler, "/", "203.0.113.8").Code)
	for _, ip := range []string{"2001:db8::1", "2001:db8::2"} {
		require.Equal(t, 200, ask(handler, "/", ip).Code)
	}
	require.Equal(t, 429, ask(handler, "/", "2001:db8::ffff:3").Code, "a visitor has a whole network")
	require.Equal(t, 200, ask(handler, "/", "2001:db8:0:1::1").Code)
}

func TestRateLimitAsNodes(t *testing.T) {
	rules, err := bwstate.ReadLimitSettings("www.example.com", bwstate.FromMap("", map[string]string{
		"USE_LIMIT_REQ_GLOBAL": "yes", "LIMIT_REQ_GLOBAL_RATE": "4r/h", "LIMIT_REQ_RATE": "9r/m", "LIMIT_REQ_URL_1": "^/login$", "LIMIT_REQ_RATE_1": "1r/h",
	}))
	require.NoError(t, err)
	now := time.Unix(1_700_000_000, 0)
	answers := 0
	handler := limited(t, bwhttp.RateLimitConfig{
		Limits: requests(t, bwstate.LimitsConfig{Now: func() time.Time { return now }}, nil), For: bwhttp.AsNodes(rules), OnError: bwhttp.PassOnError,
		Limited: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answers++
			require.NotEmpty(t, w.Header().Get("Retry-After"))
			require.NotEmpty(t, bwhttp.LimitResults(r.Context()))
			w.WriteHeader(http.StatusTeapot)
		}),
	})
	w := ask(handler, "/x/..//login?a=b", "203.0.113.7")
	require.Equal(t, 200, w.Code)
	require.Equal(t, `"service";q=4;w=3600, "path";q=1;w=3600`, w.Header().Get("RateLimit-Policy"))
	require.Equal(t, `"service";r=3;t=2800, "path";r=0;t=3600`, w.Header().Get("RateLimit"))
	w = ask(handler, "/login", "203.0.113.7")
	require.Equal(t, http.StatusTeapot, w.Code)
	require.Equal(t, "3600", w.Header().Get("Retry-After"), "the list lives for an hour")
	require.Equal(t, 200, ask(handler, "/login", "203.0.113.8").Code)
	w = ask(handler, "/else", "203.0.113.8")
	require.Equal(t, `"service";r=0;t=2800, "path";r=8;t=60`, w.Header().Get("RateLimit"))
	w = ask(handler, "/else", "203.0.113.8")
	require.Equal(t, `"service";r=0;t=2800`, w.Header().Get("RateLimit"), "nothing is known of the limit behind")
	require.Equal(t, "2800", w.Header().Get("Retry-After"))
	require.Equal(t, 2, answers)
}

func TestRateLimitWithoutLimits(t *testing.T) {
	handler := limited(t, bwhttp.RateLimitConfig{
		Limits: requests(t, bwstate.LimitsConfig{}, away{}), OnError: bwhttp.RefuseOnError,
		For: func(*http.Request, netip.Addr) []bwstate.Limit { return nil },
	})
	w := ask(handler, "/", "203.0.113.7")
	require.Equal(t, 200, w.Code)
	require.Empty(t, w.Header().Get("RateLimit"))
	require.Nil(t, bwhttp.LimitResults(t.Context()))
}

func TestRateLimitWhenTheServerIsAway(t *testing.T) {
	for name, c := range map[string]struct {
		policy bwhttp.ErrorPolicy
		when   bwstate.WhenAway
		rt     away
		codes  []int
		body   string
		log    string
	}{
		"passes":            {bwhttp.PassOnError, bwstate.FailWhenAway, away{}, []int{200, 200, 200}, "served", "a limit could not be checked"},
		"refuses":           {bwhttp.RefuseOnError, bwstate.FailWhenAway, away{}, []int{503, 503, 503}, "Service Unavailable\n", "a limit could not be checked"},
		"hangs":             {bwhttp.RefuseOnError, bwstate.FailWhenAway, away{hangs: true}, []int{503, 503, 503}, "Service Unavailable\n", "deadline exceeded"},
		"counts for itself": {bwhttp.RefuseOnError, bwstate.LocalWhenAway, away{}, []int{200, 200, 429}, "degraded served", "in this process alone"},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			handler := limited(t, bwhttp.RateLimitConfig{
				Limits: requests(t, bwstate.LimitsConfig{WhenAway: c.when}, c.rt), For: bwhttp.PerVisitor("api", hourly(2)), OnError: c.policy,
				Timeout: 20 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(&log, nil)),
			})
			for i, code := range c.codes {
				w := ask(handler, "/", "203.0.113.7")
				require.Equal(t, code, w.Code)
				if i == 0 {
					require.Equal(t, c.body, w.Body.String())
				}
				require.Equal(t, code != 200, w.Header().Get("Retry-After") != "")
			}
			require.Contains(t, log.String(), c.log)
			require.Equal(t, 1, strings.Count(log.String(), "\n"), "not for every request")
		})
	}
}

func TestRateLimitTellsAgain(t *testing.T) {
	var log bytes.Buffer
	failed := 0
	handler := limited(t, bwhttp.RateLimitConfig{
		Limits: requests(t, bwstate.LimitsConfig{}, away{}), For: bwhttp.PerVisitor("api", hourly(2)), OnError: bwhttp.RefuseOnError,
		Logger: slog.New(slog.NewTextHandler(&log, nil)), LogEvery: 1,
		Failed: func(w http.ResponseWriter, _ *http.Request, err error) {
			failed++
			require.ErrorContains(t, err, "connection refused")
			w.WriteHeader(http.StatusTeapot)
		},
	})
	for range 2 {
		require.Equal(t, http.StatusTeapot, ask(handler, "/", "203.0.113.7").Code)
	}
	require.Equal(t, 2, failed)
	require.Equal(t, 2, strings.Count(log.String(), "\n"))
}

func TestRateLimitOfAVisitorWhoLeft(t *testing.T) {
	handler := limited(t, bwhttp.RateLimitConfig{
		Limits: requests(t, bwstate.LimitsConfig{}, nil), For: bwhttp.PerVisitor("api", hourly(2)), OnError: bwhttp.PassOnError,
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
	require.Empty(t, w.Body.String())
	require.Equal(t, 503, w.Code, "a program that is ending tells nobody that all went well")
}

// What a limit around another one says is not lost, and each list may be in several lines.
func TestRateLimitInsideAnother(t *testing.T) {
	limits := requests(t, bwstate.LimitsConfig{}, nil)
	inner := limited(t, bwhttp.RateLimitConfig{Limits: limits, For: bwhttp.PerVisitor("login", hourly(1)), OnError: bwhttp.RefuseOnError})
	outer, err := bwhttp.RateLimit(bwhttp.RateLimitConfig{Limits: limits, For: bwhttp.PerVisitor("all", hourly(4)), OnError: bwhttp.RefuseOnError})
	require.NoError(t, err)
	handler := outer(inner)
	w := ask(handler, "/", "203.0.113.7")
	require.Equal(t, 200, w.Code)
	require.Equal(t, []string{`"all";q=4;w=3600`, `"login";q=1;w=3600`}, w.Header().Values("RateLimit-Policy"))
	require.Equal(t, []string{`"all";r=3;t=900`, `"login";r=0;t=3600`}, w.Header().Values("RateLimit"))
	w = ask(handler, "/", "203.0.113.7")
	require.Equal(t, 429, w.Code)
	require.Equal(t, []string{"3600"}, w.Header().Values("Retry-After"))
	require.Len(t, w.Header().Values("RateLimit"), 2)
}

// t is when there is more than now, not when all is there again; and nobody is told to come at once.
func TestRateLimitTellsWhenThereIsMore(t *testing.T) {
	handler := limited(t, bwhttp.RateLimitConfig{
		Limits: requests(t, bwstate.LimitsConfig{}, nil), OnError: bwhttp.RefuseOnError,
		For: func(*http.Request, netip.Addr) []bwstate.Limit {
			return []bwstate.Limit{
				bwstate.Quota{Name: "api", Rate: hourly(60), Burst: 3, Cost: 2},
				bwstate.Quota{Name: "fast", Rate: bwstate.Rate{Limit: 10, Window: time.Second}},
			}
		},
	})
	w := ask(handler, "/", "203.0.113.7")
	require.Equal(t, `"api";r=1;t=60, "fast";r=9;t=1`, w.Header().Get("RateLimit"))
	w = ask(handler, "/", "203.0.113.7")
	require.Equal(t, 429, w.Code)
	require.Equal(t, `"api";r=1;t=60`, w.Header().Get("RateLimit"))
	require.Equal(t, "60", w.Header().Get("Retry-After"))
	require.Equal(t, `"api";q=3;w=180`, w.Header().Get("RateLimit-Policy"))
}

// whole is a ResponseWriter that a handler must get as it is, with all it can do.
type whole struct{ *httptest.ResponseRecorder }

func TestRateLimitKeepsTheWriter(t *testing.T) {
	middleware, err := bwhttp.RateLimit(bwhttp.RateLimitConfig{
		Limits: requests(t, bwstate.LimitsConfig{}, nil), For: bwhttp.PerVisitor("api", hourly(2)), OnError: bwhttp.PassOnError, NoHeaders: true,
	})
	require.NoError(t, err)
	w := &whole{httptest.NewRecorder()}
	middleware(http.HandlerFunc(func(got http.ResponseWriter, _ *http.Request) {
		require.Same(t, w, got)
		require.Empty(t, got.Header())
	})).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
}

func TestRateLimitConfigRefused(t *testing.T) {
	limits, all := requests(t, bwstate.LimitsConfig{}, nil), bwhttp.PerVisitor("api", hourly(2))
	for name, cfg := range map[string]bwhttp.RateLimitConfig{
		"Limits":              {For: all, OnError: bwhttp.PassOnError},
		"For":                 {Limits: limits, OnError: bwhttp.PassOnError},
		"OnError":             {Limits: limits, For: all},
		"Timeout or LogEvery": {Limits: limits, For: all, OnError: bwhttp.PassOnError, Timeout: -1},
	} {
		_, err := bwhttp.RateLimit(cfg)
		var e *bwstate.ArgumentError
		require.ErrorAs(t, err, &e)
		require.Equal(t, name, e.Name)
	}
}

func TestNodePath(t *testing.T) {
	for target, want := range map[string]string{
		"/":                 "/",
		"/a":                "/a",
		"/a/":               "/a/",
		"/a//b///c":         "/a/b/c",
		"/a/./b/../c":       "/a/c",
		"/a/b/..":           "/a/",
		"/a/b/.":            "/a/b/",
		"/..":               "/",
		"/../../etc/passwd": "/etc/passwd",
		"/a%20b/%C3%A9":     "/a b/é",
		"/a%2Fb?c=d":        "/a/b",
	} {
		require.Equal(t, want, bwhttp.NodePath(httptest.NewRequest(http.MethodGet, target, nil)), target)
	}
}

func TestVisitorKey(t *testing.T) {
	for text, want := range map[string]string{
		"203.0.113.7": "203.0.113.7", "::ffff:203.0.113.7": "203.0.113.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		require.Equal(t, want, bwhttp.VisitorKey(netip.MustParseAddr(text)))
	}
	require.Equal(t, "unknown", bwhttp.VisitorKey(netip.Addr{}))
}
