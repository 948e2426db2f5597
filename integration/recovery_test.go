package integration

import (
	"bytes"
	"context"
	"errors"
	"net"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

// What the tests of recovery share. Each breaks something in front of a pool, looks at what callers are told meanwhile, and mends it.

// recovery is how long a pool may take after all is well again. It dials at least once a second; the rest is for a machine that is busy.
const recovery = 5 * time.Second

// newPool makes a pool of connections to addr until the test ends, when all of them must be accounted for.
func newPool(t testing.TB, cfg pool.Config, d conn.Dialer, addr string) *pool.Pool {
	t.Helper()
	cfg.Dial = func(ctx context.Context) (*conn.Conn, error) { return d.Dial(ctx, "tcp", addr) }
	p, err := pool.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, p.Close())
		requireBalanced(t, p)
		assert.Zero(t, p.Stats().Open)
	})
	return p
}

// requireBalanced asserts that what was dialled is open or was closed, which holds at any moment.
func requireBalanced(t testing.TB, p *pool.Pool) {
	t.Helper()
	s := p.Stats()
	require.Equal(t, s.Open, s.Idle+s.InUse, "%+v", s)
	require.Equal(t, s.Dials-s.DialErrors, uint64(s.Open)+s.ClosedIdle+s.ClosedDead+s.ClosedReset+s.ClosedSurplus+s.ClosedByUs, "%+v", s)
}

// request is one command.
func request(args ...string) *resp.Request {
	var q resp.Request
	return q.Cmd(args[0]).Args(args[1:]...)
}

// patience bounds a call of somebody who calls often: longer than any that is in order, shorter than the test.
func patience() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 10*time.Second)
}

// checkOut has n connections checked out at the same time, and so as many kept afterwards as the pool keeps.
func checkOut(t testing.TB, p *pool.Pool, n int) {
	t.Helper()
	var callers, here sync.WaitGroup
	here.Add(n)
	for range n {
		callers.Go(func() {
			met := false
			assert.NoError(t, p.With(short(t), func(c *conn.Conn) error {
				met = true
				here.Done()
				here.Wait()
				return nil
			}))
			if !met { // the others must not wait for ever
				here.Done()
			}
		})
	}
	callers.Wait()
}

// A dialLog dials, and remembers when.
type dialLog struct {
	mu sync.Mutex
	at []time.Time // guarded by mu
}

func (l *dialLog) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	l.mu.Lock()
	l.at = append(l.at, time.Now())
	l.mu.Unlock()
	return new(net.Dialer).DialContext(ctx, network, addr)
}

// between counts the dials that began between two moments.
func (l *dialLog) between(from, to time.Time) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, at := range l.at {
		if at.After(from) && at.Before(to) {
			n++
		}
	}
	return n
}

// A ledger notes what callers were told of their increments. Each is of a key of its own, so that afterwards each key says what became of it.
type ledger struct {
	mu   sync.Mutex
	told map[string]error // by key; nil: acknowledged. Guarded by mu
	last atomic.Int64
}

// increment makes one, and returns what it was told.
func (l *ledger) increment(p *pool.Pool) error {
	ctx, cancel := patience()
	defer cancel()
	key := "once:" + strconv.FormatInt(l.last.Add(1), 10)
	err := p.RoundTrip(ctx, request("INCR", key), nil)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.told == nil {
		l.told = make(map[string]error)
	}
	l.told[key] = err
	return err
}

// A reckoning is a ledger beside what the server counted.
type reckoning struct {
	acknowledged, unknown, notSent int // what callers were told
	counted                        int // increments that the server has executed
}

// reckon asserts that every caller was told the truth: what was acknowledged was executed once, what had not been sent never was, and what is unknown not twice.
func (l *ledger) reckon(t testing.TB, control *conn.Conn) (r reckoning) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	values := l.values(t, control)
	for key, err := range l.told {
		n := values[key]
		r.counted += n
		switch {
		case err == nil:
			r.acknowledged++
			require.Equal(t, 1, n, "%s was acknowledged", key)
		case conn.NotSent(err):
			r.notSent++
			require.Zero(t, n, "%s had not been sent: %v", key, err)
		default:
			r.unknown++
			require.LessOrEqual(t, n, 1, "%s was executed twice: %v", key, err)
		}
	}
	require.LessOrEqual(t, r.acknowledged, r.counted)
	require.LessOrEqual(t, r.counted, r.acknowledged+r.unknown)
	return r
}

// values asks the server for the keys, a thousand at a time.
func (l *ledger) values(t testing.TB, control *conn.Conn) map[string]int {
	t.Helper()
	values := make(map[string]int)
	var keys []string
	flush := func() {
		v, err := control.Do(short(t), append([]string{"MGET"}, keys...)...)
		require.NoError(t, err)
		for i, one := range v.Elems() {
			if !one.IsNull() {
				n, err := one.Int()
				require.NoError(t, err)
				values[keys[i]] = int(n)
			}
		}
		keys = keys[:0]
	}
	for key := range l.told {
		if keys = append(keys, key); len(keys) == 1000 {
			flush()
		}
	}
	if len(keys) > 0 {
		flush()
	}
	return values
}

// announced returns how long an error says that nobody will dial.
func announced(err error) (time.Duration, bool) {
	_, rest, found := strings.Cut(err.Error(), "(no dial for another ")
	text, _, closed := strings.Cut(rest, ")")
	d, bad := time.ParseDuration(text)
	return d, found && closed && bad == nil
}

// marked runs f, and marks all goroutines that come of it as the test's: other tests run at the same time, so counting tells nothing.
func marked(t testing.TB, f func()) {
	pprof.Do(context.Background(), pprof.Labels("test", t.Name()), func(context.Context) { f() })
}

// requireNoneLeft asserts that the goroutines which were marked end.
func requireNoneLeft(t testing.TB) {
	t.Helper()
	var left string
	if !assert.Eventually(t, func() bool { left = marks(t.Name()); return left == "" }, eventually, tick) {
		t.Fatalf("goroutines are left:\n%s", left)
	}
}

// marks returns the stacks of the goroutines that a test has marked.
func marks(test string) string {
	var profile bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&profile, 1)
	var found []string
	for _, stack := range strings.Split(profile.String(), "\n\n") {
		if strings.Contains(stack, strconv.Quote("test")+":"+strconv.Quote(test)) {
			found = append(found, stack)
		}
	}
	return strings.Join(found, "\n\n")
}

func TestRecoveryMarks(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	marked(t, func() { go func() { <-stop }() })
	require.Eventually(t, func() bool { return marks(t.Name()) != "" }, eventually, tick)
	close(stop)
	requireNoneLeft(t)
}

func TestRecoveryAnnounced(t *testing.T) {
	t.Parallel()
	d, found := announced(errors.New("refused (no dial for another 340ms)"))
	require.True(t, found)
	require.Equal(t, 340*time.Millisecond, d)
	_, found = announced(errors.New("refused"))
	require.False(t, found)
}
