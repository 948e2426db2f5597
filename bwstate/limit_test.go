package bwstate

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/resp"
)

var (
	loginLimit = PathLimit{Rate: Rate{2, time.Second}, Service: "app1.example.com", IP: netip.MustParseAddr("1.2.3.4"), Path: "/login"}
	siteLimit  = ServiceLimit{Rate: Rate{1000, time.Second}, Service: "app1.example.com"}
	someQuota  = Quota{Name: "login", Key: "203.0.113.7", Rate: Rate{100, time.Minute}}
)

// limitsOf returns limits with a clock that stands at the time of the recordings.
func limitsOf(t testing.TB, s *State, when WhenAway) *Limits {
	limits, err := s.Limits(LimitsConfig{WhenAway: when, Now: func() time.Time { return time.Unix(1_700_000_000, 0) }})
	require.NoError(t, err)
	return limits
}

// weighed is a RoundTripper that counts the bytes of a request and of its replies.
type weighed struct {
	RoundTripper
	bytes int
}

func (m *weighed) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	m.bytes += len(q.Encoded())
	return m.RoundTripper.RoundTrip(ctx, q, resp.HandlerFunc(func(i int, r *resp.Reply) error {
		again := *r
		m.bytes += len(again.Raw())
		return h.HandleReply(i, r)
	}))
}

// A node's script takes 1563 bytes for the same key, because it is sent whole each time.
func TestBytesOfALimit(t *testing.T) {
	s := openLocal()
	defer s.Close()
	wire := &weighed{RoundTripper: s.rt}
	limits := limitsOf(t, &State{rt: wire}, FailWhenAway)
	for name, ask := range map[string]func() (LimitResult, error){
		"path":    func() (LimitResult, error) { return limits.Path(t.Context(), loginLimit) },
		"service": func() (LimitResult, error) { return limits.Service(t.Context(), siteLimit) },
		"quota":   func() (LimitResult, error) { return limits.Quota(t.Context(), someQuota) },
		"path, day": func() (LimitResult, error) {
			daily := loginLimit
			daily.Path, daily.Rate = "/other", Rate{10_000, 24 * time.Hour}
			return limits.Path(t.Context(), daily)
		},
	} {
		for range 4 {
			wire.bytes = 0
			_, err := ask()
			require.NoError(t, err)
			require.LessOrEqual(t, wire.bytes, 200, name)
		}
	}
}

func TestWhatLimitsMayBeAnswered(t *testing.T) {
	for _, frame := range []string{
		"+OK\r\n", ":1\r\n", "_\r\n", "*0\r\n", "*2\r\n:1\r\n:1\r\n", "*1\r\n:1\r\n", "*1\r\n*2\r\n:1\r\n:1\r\n", "*1\r\n*4\r\n:1\r\n:1\r\n:1\r\n:1\r\n",
		"*1\r\n*3\r\n:1\r\n+x\r\n:1\r\n", "*1\r\n*3\r\n:1\r\n:1\r\n-ERR x\r\n", "*1\r\n%0\r\n", "*1\r\n,1.5\r\n", "*1\r\n_\r\n",
	} {
		limits := limitsOf(t, New(replies{frame}), FailWhenAway)
		r, err := limits.Path(t.Context(), loginLimit)
		if frame == "*1\r\n_\r\n" {
			require.NoError(t, err, "what no script says of a single limit")
			continue
		}
		require.Error(t, err, "%q", frame)
		require.Zero(t, r)
	}
	for _, answer := range []string{"-READONLY no\r\n", "*1\r\n-READONLY no\r\n"} {
		_, err := limitsOf(t, New(replies{answer}), LocalWhenAway).Path(t.Context(), loginLimit)
		require.True(t, resp.IsCode(err, "READONLY"), "a server that refuses is not away: %v", err)
	}
	// Numbers that no server sends make no panic.
	for _, frame := range []string{
		"*1\r\n*3\r\n:9223372036854775807\r\n:9223372036854775807\r\n:9223372036854775807\r\n",
		"*1\r\n*3\r\n:-9223372036854775808\r\n:-9223372036854775808\r\n:-9223372036854775808\r\n", "*1\r\n*3\r\n:1\r\n:0\r\n:-2\r\n",
	} {
		limits := limitsOf(t, New(replies{frame}), FailWhenAway)
		for _, ask := range []func() (LimitResult, error){
			func() (LimitResult, error) { return limits.Path(t.Context(), loginLimit) },
			func() (LimitResult, error) { return limits.Quota(t.Context(), someQuota) },
		} {
			r, err := ask()
			require.NoError(t, err)
			require.LessOrEqual(t, r.Remaining, r.Limit)
			require.GreaterOrEqual(t, r.Remaining, int64(0))
		}
	}
}

func TestLimitsWhenAway(t *testing.T) {
	s := openLocal()
	defer s.Close()
	server := &switchable{RoundTripper: s.rt}
	state := &State{rt: server, close: func() error { return nil }}
	defer state.Close()
	strict, local := limitsOf(t, state, FailWhenAway), limitsOf(t, state, LocalWhenAway)
	ctx := t.Context()
	r, err := local.Path(ctx, loginLimit)
	require.NoError(t, err)
	require.False(t, r.Degraded)

	server.away = errAway
	_, err = strict.Path(ctx, loginLimit)
	require.ErrorIs(t, err, errAway)
	for i := range 4 {
		r, err := local.Path(ctx, loginLimit)
		require.NoError(t, err)
		require.True(t, r.Degraded)
		require.EqualValues(t, min(i+1, 3), r.Count, "it begins at nothing")
		require.Equal(t, i >= 2, r.Limited)
	}
	results, err := local.InOrder(ctx, ServiceLimit{Rate: Rate{0, time.Hour}, Service: "a"}, someQuota)
	require.NoError(t, err)
	require.True(t, results[0].Degraded)
	require.Equal(t, LimitResult{Skipped: true}, results[1])
	_, err = s.Do(ctx, "GET", "plugin_limit_global_a_472222")
	require.NoError(t, err)

	server.away = nil
	r, err = local.Path(ctx, loginLimit)
	require.NoError(t, err)
	require.False(t, r.Degraded)
	require.EqualValues(t, 2, r.Count, "what was counted meanwhile is not added")

	server.away = errAway
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err = local.Path(ended, loginLimit)
	require.ErrorIs(t, err, errAway)
}

func TestHTTPRateCounterWhenAway(t *testing.T) {
	s := openLocal()
	defer s.Close()
	server := &switchable{RoundTripper: s.rt, away: errAway}
	state := &State{rt: server, close: func() error { return nil }}
	defer state.Close()
	window := time.Unix(1_700_000_000, 0)
	c := &HTTPRateCounter{State: state, Name: "api"}
	require.ErrorIs(t, c.Increment("k", window), errAway)
	c.WhenAway = LocalWhenAway
	require.NoError(t, c.Increment("k", window))
	n, _, err := c.Get("k", window, window)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.True(t, c.Degraded())
	server.away = nil
	n, _, err = c.Get("k", window, window)
	require.NoError(t, err)
	require.Zero(t, n)
	require.False(t, c.Degraded())
	state.rt = hanging{} // the counter's own timeout says that the server is away
	c.Timeout = time.Millisecond
	require.NoError(t, c.Increment("k", window))
	require.True(t, c.Degraded())
	c.WhenAway = FailWhenAway
	require.ErrorIs(t, c.Increment("k", window), context.DeadlineExceeded)
}

// hanging is a server that never answers.
type hanging struct{}

func (hanging) RoundTrip(ctx context.Context, _ *resp.Request, _ resp.Handler) error {
	<-ctx.Done()
	return ctx.Err()
}

// What looks is sent again when a connection is lost, what counts is not.
func TestLimitsThatRead(t *testing.T) {
	s := openLocal()
	defer s.Close()
	var seen []bool
	limits := limitsOf(t, New(roundTripper(func(ctx context.Context, q *resp.Request, h resp.Handler) error {
		seen = append(seen, q.ReadOnly())
		return s.rt.RoundTrip(ctx, q, h)
	})), FailWhenAway)
	look := someQuota
	look.Peek = true
	for _, some := range [][]Limit{{someQuota}, {look}, {look, look}, {look, someQuota}, {loginLimit}} {
		_, err := limits.All(t.Context(), some...)
		require.NoError(t, err)
	}
	require.Equal(t, []bool{false, true, true, false, false}, seen)
}

type roundTripper func(ctx context.Context, q *resp.Request, h resp.Handler) error

func (f roundTripper) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	return f(ctx, q, h)
}

// Arguments that no rate has, and what BunkerWeb's own script does with them: its window is 0 for a unit that it does not know.
func TestTheUnknownUnitOfBunkerWeb(t *testing.T) {
	s := openLocal()
	defer s.Close()
	op := newLimitsOp()
	op.checks = append(op.checks, limitCheck{kind: pathKind, key: "plugin_limit_app1.example.com1.2.3.4/login", limit: 2, now: 1_700_000_000})
	require.NoError(t, s.run(t.Context(), &op.q, op))
	var refused *resp.Error
	require.ErrorAs(t, op.err, &refused)
	require.Equal(t, "ERR invalid expire time in 'set' command", refused.Message)
	v, err := s.Do(t.Context(), "EXISTS", "plugin_limit_app1.example.com1.2.3.4/login")
	require.NoError(t, err)
	require.Equal(t, "0", v.String())
}

func TestLimitErrorsHideKeys(t *testing.T) {
	s := openLocal()
	defer s.Close()
	limits := limitsOf(t, s, FailWhenAway)
	q := someQuota
	q.Key, q.Cost = "a secret token", 1000
	_, err := limits.Quota(t.Context(), q)
	require.ErrorContains(t, err, "Cost")
	require.NotContains(t, err.Error(), "secret")
	_, err = s.Do(t.Context(), "SET", "bwredis:limit:login:a secret token", "another secret")
	require.NoError(t, err)
	q.Cost = 1
	_, err = limits.Quota(t.Context(), q)
	require.Error(t, err)
	require.False(t, strings.Contains(err.Error(), "secret"))
}
