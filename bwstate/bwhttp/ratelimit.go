package bwhttp

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/bwredis/bwredis/bwstate"
)

// An ErrorPolicy says what becomes of a request of which nobody knows whether it is one too many.
type ErrorPolicy byte

// The policies. There is none by default: only who runs the service knows what is worse.
const (
	PassOnError   ErrorPolicy = iota + 1 // it is served, as on a node
	RefuseOnError                        // it is answered with 503, or by Failed
)

// A RateLimitConfig says which requests are limited, and how. Limits, For and OnError are required.
type RateLimitConfig struct {
	// Limits count. With LocalWhenAway they go on in this process while the server is away, and then there is no error.
	Limits *bwstate.Limits

	// For returns the limits of a request, in the order in which they are checked, as by [bwstate.Limits.InOrder]; without any the request is served. ip is what IP returned.
	// [PerVisitor] and [AsNodes] make such functions.
	For func(r *http.Request, ip netip.Addr) []bwstate.Limit

	// OnError is what happens when the server is away, or something else went wrong.
	OnError ErrorPolicy

	// IP returns the visitor's address as nodes see it; nil is [RemoteIP], which behind a node is the node's own: use [RealIP] there.
	IP func(*http.Request) netip.Addr

	// Limited answers a request that is one too many; nil answers 429. The headers are set already.
	Limited http.Handler

	// Failed answers with RefuseOnError; nil answers 503.
	Failed func(http.ResponseWriter, *http.Request, error)

	// Timeout bounds the question, which is an error then; 0: the request's context alone does.
	Timeout time.Duration

	// NoHeaders leaves the headers RateLimit-Policy and RateLimit out. Retry-After is always there where it belongs.
	NoHeaders bool

	// Logger is told of errors, and of counting in this process, at most once in LogEvery (0: a minute) for each; nil tells nobody.
	Logger   *slog.Logger
	LogEvery time.Duration
}

// RateLimit returns a middleware that answers 429 to requests that are too many, with the header Retry-After, and tells everybody in RateLimit-Policy and RateLimit
// (draft-ietf-httpapi-ratelimit-headers) what is allowed and what is left. It asks once for each request, in one round trip, and leaves the ResponseWriter as it is.
//
// Handlers find the results with [LimitResults].
func RateLimit(cfg RateLimitConfig) (func(next http.Handler) http.Handler, error) {
	switch {
	case cfg.Limits == nil:
		return nil, &bwstate.ArgumentError{Name: "Limits", Problem: "is missing"}
	case cfg.For == nil:
		return nil, &bwstate.ArgumentError{Name: "For", Problem: "is missing"}
	case cfg.OnError != PassOnError && cfg.OnError != RefuseOnError:
		return nil, &bwstate.ArgumentError{Name: "OnError", Problem: "is neither PassOnError nor RefuseOnError"}
	case cfg.Timeout < 0 || cfg.LogEvery < 0:
		return nil, &bwstate.ArgumentError{Name: "Timeout or LogEvery", Problem: "is negative"}
	}
	if cfg.IP == nil {
		cfg.IP = RemoteIP
	}
	if cfg.Limited == nil {
		cfg.Limited = http.HandlerFunc(tooMany)
	}
	if cfg.Failed == nil {
		cfg.Failed = unavailable
	}
	if cfg.LogEvery == 0 {
		cfg.LogEvery = time.Minute
	}
	return func(next http.Handler) http.Handler { return &limiter{RateLimitConfig: cfg, next: next} }, nil
}

func tooMany(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, http.StatusText(http.StatusTooManyRequests), http.StatusTooManyRequests)
}

func unavailable(w http.ResponseWriter, _ *http.Request, _ error) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Retry-After", retryAfter)
	http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
}

type limitsKey struct{}

// LimitResults returns what became of the request that is being served, one result for each of its limits, in their order; nil where there is no [RateLimit] around, or
// no limit. Those that failed are zero. Degraded says that the server is away.
func LimitResults(ctx context.Context) []bwstate.LimitResult {
	results, _ := ctx.Value(limitsKey{}).([]bwstate.LimitResult)
	return results
}

// A limiter is the middleware around one handler.
type limiter struct {
	RateLimitConfig
	next           http.Handler
	failures, away sometimes
}

func (l *limiter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	limits := l.For(r, l.IP(r))
	if len(limits) == 0 {
		l.next.ServeHTTP(w, r)
		return
	}
	results, err := l.ask(r.Context(), limits)
	if errors.Is(r.Context().Err(), context.Canceled) {
		w.WriteHeader(http.StatusServiceUnavailable) // nobody waits for it, unless the program itself is ending: then it must not look like success
		return
	}
	l.tell(r.Context(), results, err)
	limited, after := false, time.Duration(0)
	for i := range results {
		limited, after = limited || results[i].Limited, max(after, results[i].RetryAfter)
	}
	if !l.NoHeaders {
		addRateLimit(w.Header(), limits, results)
	}
	r = r.WithContext(context.WithValue(r.Context(), limitsKey{}, results))
	switch {
	case limited:
		w.Header().Set("Retry-After", strconv.FormatInt(max(1, wholeSeconds(after)), 10))
		l.Limited.ServeHTTP(w, r)
	case err != nil && l.OnError == RefuseOnError:
		l.Failed(w, r, err)
	default:
		l.next.ServeHTTP(w, r)
	}
}

func (l *limiter) ask(ctx context.Context, limits []bwstate.Limit) ([]bwstate.LimitResult, error) {
	if l.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, l.Timeout)
		defer cancel()
	}
	return l.Limits.InOrder(ctx, limits...)
}

// tell logs what whoever runs the service should know, now and then.
func (l *limiter) tell(ctx context.Context, results []bwstate.LimitResult, err error) {
	if l.Logger == nil {
		return
	}
	if err != nil {
		if n, now := l.failures.now(l.LogEvery); now {
			l.Logger.ErrorContext(ctx, "a limit could not be checked", "error", err, "passed", l.OnError == PassOnError, "times", n)
		}
	}
	for i := range results {
		if results[i].Degraded {
			if n, now := l.away.now(l.LogEvery); now {
				l.Logger.WarnContext(ctx, "the server is away, and limits are counted in this process alone", "times", n)
			}
			return
		}
	}
}
