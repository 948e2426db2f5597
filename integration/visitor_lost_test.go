package integration

import (
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
)

// A visitor's session is saved over connections that end after every number of bytes that the server answers. When Save says that nothing was sent, nothing happened;
// when it fails otherwise, the outcome is unknown, and the error says so. Another Save succeeds, and leaves one session, with which everything ends.
func TestVisitorSaveOverConnectionsThatEnd(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Shared(t, v)
		dialer := conn.Dialer{Timeout: 5 * time.Second, DB: server.Database(t)}
		control := open(t, with(server.Settings(), "REDIS_DATABASE", strconv.Itoa(dialer.DB)))
		through := &route{RoundTripper: newPool(t, pool.Config{}, dialer, server.Addr)}
		sessions, err := bwstate.New(through).VisitorSessions(bwstate.VisitorSettings{Secret: "secret", Name: "sid"})
		require.NoError(t, err)
		l := lostAnswers{t, control, redistest.NewProxy(t, server.Addr), dialer, through, sessions}
		outcomes := map[string]int{}
		for after := 1; after < greetingSize(t, server)+32; after++ {
			outcomes[l.save(after)]++
		}
		t.Log(outcomes)
		for _, outcome := range []string{"not sent", "unknown", "done"} {
			require.Positive(t, outcomes[outcome], outcome)
		}
	})
}

// route is a RoundTripper that can be changed.
type route struct{ bwstate.RoundTripper }

type lostAnswers struct {
	*testing.T
	control  *bwstate.State
	proxy    *redistest.Proxy
	dialer   conn.Dialer
	through  *route
	sessions *bwstate.VisitorSessions
}

// save saves a session over connections that end after some bytes, and says what came of it.
func (l *lostAnswers) save(after int) (outcome string) {
	first, err := l.sessions.New(bwstate.Visitor{IP: netip.MustParseAddr("203.0.113.7")})
	require.NoError(l, err)
	require.NoError(l, first.Save(short(l)))
	s := l.require(first)
	whole := l.through.RoundTripper
	p := newPool(l, pool.Config{}, l.dialer, l.proxy.Addr())
	l.through.RoundTripper = p
	l.proxy.SetFaults(redistest.Faults{Read: redistest.Fault{Action: redistest.Cut, After: after}})
	err = s.Save(short(l))
	l.proxy.Heal()
	l.through.RoundTripper = whole
	switch {
	case err == nil:
		outcome = "done"
	case conn.NotSent(err):
		outcome = "not sent"
		id, _ := first.ID()
		require.Greater(l, l.int("TTL", "sessions_:sid:"+id.Text()), int64(10), "nothing happened")
		require.EqualValues(l, 1, l.int("DBSIZE"))
	default:
		outcome = "unknown"
	}
	if err != nil {
		require.NoError(l, s.Save(short(l)))
	}
	l.require(s)
	require.NoError(l, s.Destroy(short(l)))
	require.Zero(l, l.int("DBSIZE"), "after %d bytes, %s: something is left that nobody knows", after, outcome)
	require.NoError(l, p.Close())
	return outcome
}

// require opens a session with the cookie that a browser has.
func (l *lostAnswers) require(s *bwstate.VisitorSession) *bwstate.VisitorSession {
	pair, _, _ := strings.Cut(s.SetCookies()[0], ";")
	opened, err := l.sessions.Open(short(l), func(string) string { return strings.TrimPrefix(pair, "sid=") })
	require.NoError(l, err)
	return opened
}

func (l *lostAnswers) int(args ...string) int64 {
	v, err := l.control.Do(short(l), args...)
	require.NoError(l, err)
	n, err := v.Int()
	require.NoError(l, err)
	return n
}
