package bwstate

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/localstore"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

// again sends what may be sent again twice, and nobody sees the first reply.
type again struct{ RoundTripper }

func (a again) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	if q.Idempotent() {
		if err := a.RoundTripper.RoundTrip(ctx, q, nil); err != nil {
			return err
		}
	}
	return a.RoundTripper.RoundTrip(ctx, q, h)
}

func testReports(from, n int) []Report {
	reports := make([]Report, n)
	for i := range reports {
		reports[i] = Report{ID: NewReportID(), Date: time.UnixMilli(1795404591367), IP: "192.0.2.7", Method: "GET", URL: "/" + strconv.Itoa(from+i), Status: 403}
	}
	return reports
}

func mustReports(t testing.TB, s *State, cfg ReportsConfig) *Reports {
	t.Helper()
	r, err := s.Reports(cfg)
	require.NoError(t, err)
	return r
}

// requireTally checks that so many reports are there, each once, and that facets say so.
func requireTally(t testing.TB, s *State, n int64) {
	t.Helper()
	r := mustReports(t, s, ReportsConfig{NoLimit: true})
	length, err := r.Len(t.Context())
	require.NoError(t, err)
	require.Equal(t, n, length)
	count, err := r.Count(t.Context(), ReportQuery{})
	require.NoError(t, err)
	require.Equal(t, n, count)
	facets, err := r.Facets(t.Context(), 2)
	require.NoError(t, err)
	require.Equal(t, []FacetCount{{"192.0.2.7", n}}, facets[FieldIP])
	require.Equal(t, []FacetCount{{NoFacet, n}}, facets[FieldCountry])
	urls, err := r.Top(t.Context(), FieldURL, maxTop)
	require.NoError(t, err)
	require.Len(t, urls, int(n))
	require.EqualValues(t, 1, urls[0].Count)
	v, err := s.Do(t.Context(), "EXISTS", recountKey)
	require.NoError(t, err)
	left, _ := v.Int()
	require.Zero(t, left, "a recount was left alone")
}

func TestReportsWhoseRepliesAreLost(t *testing.T) {
	s := openLocal()
	defer s.Close()
	s.rt = again{s.rt}
	r := mustReports(t, s, ReportsConfig{})
	done, err := r.Push(t.Context(), testReports(0, 1800)...)
	require.NoError(t, err)
	require.Equal(t, PushedReports{Pushed: 1800, Again: 1800, Len: 1800, Trimmed: true}, done)
	requireTally(t, s, 1800)

	// The push that was answered does not begin the recount that the first one began.
	_, err = s.Do(t.Context(), "DEL", facetsMarkerKey, facetKey(FieldIP))
	require.NoError(t, err)
	_, err = r.Push(t.Context(), testReports(1800, 1)...)
	require.NoError(t, err)
	requireTally(t, s, 1801)

	_, err = s.Do(t.Context(), "HSET", facetKey(FieldIP), "192.0.2.7", "none")
	require.NoError(t, err)
	_, err = r.Push(t.Context(), testReports(1801, 1)...)
	require.NoError(t, err)
	requireTally(t, s, 1802)

	require.NoError(t, r.Recount(t.Context()))
	requireTally(t, s, 1802)
	n, err := mustReports(t, s, ReportsConfig{Limit: "600"}).Trim(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 600, n)
	requireTally(t, s, 600)
}

// embedded answers on connections what an embedded store answers.
func embedded(s *State) redistest.Handler {
	return func(c *redistest.Session, args []string) {
		var q resp.Request
		q.Cmd(args[0]).Args(args[1:]...)
		if args[0] == "HELLO" {
			c.Error("ERR unknown command")
			return
		}
		err := s.rt.RoundTrip(context.Background(), &q, resp.HandlerFunc(func(_ int, r *resp.Reply) error {
			_, err := c.Write(r.Raw())
			return err
		}))
		if err != nil {
			c.Close()
		}
	}
}

// The connection ends at every byte of the replies, and at many of the request, and the same reports are pushed again: each is there once.
func TestReportsOnConnectionsThatBreakAtEveryByte(t *testing.T) {
	store := openLocal()
	defer func() { _ = store.Close() }()
	proxy := redistest.NewProxy(t, redistest.NewServer(t, embedded(store)).Addr())
	pushed := 0
	for name, faults := range map[string]func(after int) redistest.Faults{
		"replies": func(after int) redistest.Faults {
			return redistest.Faults{Read: redistest.Fault{Action: redistest.Cut, After: after}}
		},
		"requests": func(after int) redistest.Faults {
			return redistest.Faults{Write: redistest.Fault{Action: redistest.Reset, After: 31 * after}}
		},
	} {
		lost := 0
		for after := 1; ; after++ {
			reports := testReports(pushed, 3)
			failed := pushThrough(t, proxy, faults(after), reports)
			pushed += len(reports)
			if !failed {
				break
			}
			lost++
		}
		t.Logf("%s: %d pushes failed", name, lost)
		require.Greater(t, lost, 20)
	}
	requireTally(t, store, int64(pushed))
}

// pushThrough pushes through a proxy with faults, and reports whether that failed; if so it pushes once more without them.
func pushThrough(t *testing.T, proxy *redistest.Proxy, faults redistest.Faults, reports []Report) (failed bool) {
	proxy.SetFaults(faults)
	defer proxy.SetFaults(redistest.Faults{})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	p, err := pool.New(pool.Config{Dial: func(ctx context.Context) (*conn.Conn, error) {
		dialer := conn.Dialer{Protocol: 2}
		return dialer.Dial(ctx, "tcp", proxy.Addr())
	}})
	require.NoError(t, err)
	defer func() { _ = p.Close() }()
	r := mustReports(t, New(p), ReportsConfig{})
	if _, err = r.Push(ctx, reports...); err == nil {
		return false
	}
	require.NoError(t, ctx.Err())
	for err != nil && ctx.Err() == nil { // the pool waits a little before it dials again
		proxy.SetFaults(redistest.Faults{})
		_, err = r.Push(ctx, reports...)
	}
	require.NoError(t, err)
	return true
}

// A context that ends in the middle: what Pushed says is there, and the rest may be pushed again.
func TestReportsWhoseContextEnds(t *testing.T) {
	s := openLocal()
	defer func() { _ = s.Close() }()
	r := mustReports(t, s, ReportsConfig{})
	ctx, cancel := context.WithCancel(t.Context())
	s.rt = &ending{RoundTripper: s.rt, left: 17, end: cancel}
	reports := testReports(0, 10_000)
	done, err := r.Push(ctx, reports...)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, PushedReports{Pushed: 4250, Len: 4250}, done)
	requireTally(t, s, 4250)
	done, err = r.Push(t.Context(), reports[done.Pushed:]...)
	require.NoError(t, err)
	require.Equal(t, PushedReports{Pushed: 5750, Len: 10_000, Trimmed: true}, done)
	requireTally(t, s, 10_000)
	done, err = r.Push(t.Context(), reports...)
	require.NoError(t, err)
	require.Equal(t, PushedReports{Pushed: 10_000, Again: 10_000, Len: 10_000, Trimmed: true}, done)
}

// ending ends the context behind some round trips.
type ending struct {
	RoundTripper
	left int
	end  func()
}

func (e *ending) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if e.left--; e.left == 0 {
		defer e.end()
	}
	return e.RoundTripper.RoundTrip(ctx, q, h)
}

// Wherever memory runs out in the middle of a push: it is an error, and when there is room again, pushing the same reports again leaves each there once, and counted. So
// it is in the middle of a recount.
func TestReportsWithoutMemory(t *testing.T) {
	for name, again := range map[string]bool{"push": false, "recount": true} {
		failures := 0
		for ballast := 60_000; ; ballast -= 37 {
			require.Positive(t, ballast)
			s := openStore(localstore.Config{MaxBytes: 64 << 10})
			t.Cleanup(func() { _ = s.Close() })
			r := mustReports(t, s, ReportsConfig{})
			_, err := r.Push(t.Context(), testReports(0, 2)...)
			require.NoError(t, err)
			if again {
				_, err = s.Do(t.Context(), "DEL", facetsMarkerKey)
				require.NoError(t, err)
			}
			if _, err = s.Do(t.Context(), "SET", "ballast", strings.Repeat("x", ballast)); err != nil {
				continue
			}
			reports := testReports(2, 6)
			_, err = r.Push(t.Context(), reports...)
			if err == nil {
				requireTally(t, s, 8)
				break
			}
			failures++
			require.True(t, resp.IsCode(err, "OOM"), "%v", err)
			_, err = s.Do(t.Context(), "DEL", "ballast")
			require.NoError(t, err)
			done, err := r.Push(t.Context(), reports...)
			require.NoError(t, err)
			require.Equal(t, 6, done.Pushed)
			requireTally(t, s, 8)
		}
		t.Logf("%s: %d sizes were too small", name, failures)
		require.Greater(t, failures, 20)
	}
}

// A server that always says that something is left keeps nobody for ever.
func TestReportsOfAServerThatIsNeverDone(t *testing.T) {
	for name, answer := range map[string]string{
		"trimming": "*5\r\n:1\r\n:10\r\n:5\r\n:0\r\n$0\r\n\r\n",
		"counting": "*5\r\n:1\r\n:10\r\n:0\r\n:5\r\n$1\r\nx\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			server := &never{push: answer}
			_, err := mustReports(t, New(server), ReportsConfig{}).Push(t.Context(), testReports(0, 1)...)
			var stuck *ValueError
			require.ErrorAs(t, err, &stuck)
			require.Greater(t, server.asked, maxStalls)
			require.Less(t, server.asked, 2*maxStalls)
		})
	}
}

// never answers a push, and then that five are left to be counted, whatever it is asked.
type never struct {
	push  string
	asked int
}

func (n *never) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	n.asked++
	if _, recounts := h.(*reportsRecount); recounts {
		return replies{"*2\r\n:5\r\n$1\r\nx\r\n"}.RoundTrip(ctx, q, h)
	}
	return replies{n.push}.RoundTrip(ctx, q, h)
}
