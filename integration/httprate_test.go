package integration

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-chi/httprate"
	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/integration/harness"
)

var _ httprate.LimitCounter = (*bwstate.HTTPRateCounter)(nil)

// Two services that limit with httprate count together, and a window that has passed counts for what is left of it.
func TestHTTPRate(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Shared(t, v)
		settings := with(server.Settings(), "REDIS_DATABASE", strconv.Itoa(server.Database(t)))
		var services []http.Handler
		for range 2 {
			counter := &bwstate.HTTPRateCounter{State: open(t, settings), Name: "api"}
			limit := httprate.LimitBy(5, time.Hour, byIP, httprate.WithLimitCounter(counter))
			services = append(services, limit(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
		}
		ask := func(service int, ip string) int {
			r, w := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder()
			r.RemoteAddr = ip + ":1234"
			services[service].ServeHTTP(w, r)
			return w.Code
		}
		for i := range 8 {
			require.Equal(t, i < 5, ask(i%2, "203.0.113.7") == http.StatusOK, "request %d", i)
		}
		require.Equal(t, http.StatusOK, ask(0, "203.0.113.8"))
	})
}

// What httprate says of a key goes by the two windows, as with its own counter in memory.
func TestHTTPRateWindows(t *testing.T) {
	t.Parallel()
	server := harness.Shared(t, harness.Redis80)
	state := open(t, with(server.Settings(), "REDIS_DATABASE", strconv.Itoa(server.Database(t))))
	const window = time.Hour
	ours := httprate.NewRateLimiter(100, window, httprate.WithLimitCounter(&bwstate.HTTPRateCounter{State: state, Name: "api"}))
	memory := httprate.NewRateLimiter(100, window)
	now := time.Now().UTC().Truncate(window)
	for _, limiter := range []interface{ Counter() httprate.LimitCounter }{ours, memory} {
		require.NoError(t, limiter.Counter().IncrementBy("k", now.Add(-window), 40))
		require.NoError(t, limiter.Counter().Increment("k", now))
		require.NoError(t, limiter.Counter().IncrementBy("k", now, 6))
	}
	current, previous, err := ours.Counter().Get("k", now, now.Add(-window))
	require.NoError(t, err)
	require.Equal(t, []int{7, 40}, []int{current, previous})
	ok, rate, err := ours.Status("k")
	require.NoError(t, err)
	require.True(t, ok)
	require.GreaterOrEqual(t, rate, 7.0)
	require.LessOrEqual(t, rate, 47.0)
}

// Callers at the same time lose no count.
func TestHTTPRateTogether(t *testing.T) {
	t.Parallel()
	server := harness.Shared(t, harness.Redis80)
	counter := &bwstate.HTTPRateCounter{State: open(t, with(server.Settings(), "REDIS_DATABASE", strconv.Itoa(server.Database(t)))), Name: "api", Timeout: time.Minute}
	counter.Config(1000, time.Hour)
	now := time.Now().Truncate(time.Hour)
	var failed atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if counter.Increment("k", now) != nil {
					failed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	require.Zero(t, failed.Load())
	n, _, err := counter.Get("k", now, now.Add(-time.Hour))
	require.NoError(t, err)
	require.Equal(t, 400, n)
}

// byIP is whom httprate counts.
func byIP(r *http.Request) (string, error) {
	ip, _, err := net.SplitHostPort(r.RemoteAddr)
	return ip, err
}
