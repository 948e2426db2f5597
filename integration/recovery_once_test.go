package integration

import (
	"context"
	"flag"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
)

var cuts = flag.Int("cuts", 300, "how many connections are cut between what the server did and its reply, on each server")

// A connection that ends between an increment and its reply: nobody counts twice, and everybody is told what is known.
func TestRecoveryCountsOnce(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v})
		proxy := redistest.NewProxy(t, server.Addr)
		cutting := conn.Dialer{Timeout: 5 * time.Second, DialContext: cutter(proxy, greetingSize(t, server))}
		p := newPool(t, pool.Config{}, cutting, server.Addr)
		var l ledger
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for p.Stats().ClosedDead < uint64(*cuts) {
					err := l.increment(p)
					if err != nil && !assert.True(t, broken(err), "%v", err) {
						return
					}
					if conn.NotSent(err) { // nobody dials for some milliseconds, and all this time has to be reckoned
						time.Sleep(time.Millisecond)
					}
				}
			})
		}
		wg.Wait()
		r, s := l.reckon(t, dial(t, server, conn.Dialer{})), p.Stats()
		t.Logf("%+v, %+v", r, s)
		require.Positive(t, r.notSent, "no dial was ever cut")
		require.Greater(t, r.unknown, *cuts/10, "hardly any reply was cut off")
		require.Greater(t, r.counted, r.acknowledged, "no reply was cut off after its increment")
		requireBalanced(t, p)
	})
}

// cutter dials through a proxy that ends each connection when some bytes of replies have passed: most of them when there have been a few replies, in the middle of
// one or behind it, and every sixteenth in the middle of the greeting.
func cutter(proxy *redistest.Proxy, greeting int) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		fault := redistest.Fault{Action: redistest.Cut, After: greeting + rand.IntN(64)}
		if rand.IntN(2) == 0 {
			fault.Action = redistest.Reset
		}
		if rand.IntN(16) == 0 {
			fault.After = 1 + rand.IntN(greeting/2)
		}
		proxy.SetFaults(redistest.Faults{Read: fault})
		return proxy.DialContext(ctx, network, addr)
	}
}

// greetingSize returns how many bytes a server sends until a connection is ready, and a few more: the number of a later connection may have more digits.
func greetingSize(t testing.TB, server *harness.Server) int {
	t.Helper()
	var n countedReads
	dial(t, server, conn.Dialer{DialContext: func(ctx context.Context, network, addr string) (c net.Conn, err error) {
		n.Conn, err = new(net.Dialer).DialContext(ctx, network, addr)
		return &n, err
	}})
	require.Positive(t, n.bytes.Load())
	return int(n.bytes.Load()) + 8
}

type countedReads struct {
	net.Conn
	bytes atomic.Int64
}

func (c *countedReads) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.bytes.Add(int64(n))
	return n, err
}

// An administrator kills all connections, again and again, while sixteen callers work: who only reads does not notice, who counts is told the truth, and everything
// goes on.
func TestRecoveryFromClientKill(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		const kills, callers = 20, 16
		server := harness.Start(t, harness.Config{Version: v})
		control := dial(t, server, conn.Dialer{})
		var attempts failedAttempts
		p := newPool(t, pool.Config{}, conn.Dialer{Timeout: 5 * time.Second, Name: own(t), Trace: &conn.Trace{RoundTrip: attempts.note}}, server.Addr)
		w := startWorkers(t, p, callers)
		for kill := range uint64(kills) {
			// Whoever began before the last kill is done, so nobody meets two; and no dial is there to be hit.
			w.awaitProgress(2)
			require.Eventually(t, func() bool { s := p.Stats(); return s.Open == pool.DefaultKeep && s.Dialling == 0 }, eventually, tick)
			require.Equal(t, "3", do(t, control, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"))
			require.Eventually(t, func() bool { return p.Stats().ClosedDead == pool.DefaultKeep*(kill+1) }, eventually, tick, "%+v", p.Stats())
			requireBalanced(t, p)
		}
		w.awaitProgress(2)
		w.stop()

		r, s := w.ledger.reckon(t, control), p.Stats()
		t.Logf("%d reads, %d of them again; %+v, %d of them again; %+v", w.reads.Load(), attempts.reads.Load(), r, attempts.unsent.Load(), s)
		require.Zero(t, r.notSent, "what was not sent is sent again")
		require.EqualValues(t, attempts.unknown.Load(), r.unknown, "an increment that may have been executed was sent again")
		require.Equal(t, uint64(attempts.reads.Load()+attempts.unsent.Load()), s.Retries)
		require.Positive(t, attempts.reads.Load())
		require.Positive(t, r.unknown)
		require.Zero(t, s.DialErrors)
		require.Equal(t, s.Dials, uint64(s.Open)+kills*pool.DefaultKeep+s.ClosedSurplus)
	})
}

// failedAttempts counts what failed on connections, whether or not it was sent again.
type failedAttempts struct{ reads, unknown, unsent atomic.Int64 }

func (f *failedAttempts) note(r conn.RoundTripTrace) {
	switch {
	case r.Err == nil:
	case r.Command == "GET":
		f.reads.Add(1)
	case conn.NotSent(r.Err):
		f.unsent.Add(1)
	default:
		f.unknown.Add(1)
	}
}

// workers read or count, each as fast as it can.
type workers struct {
	t      testing.TB
	ledger ledger
	reads  atomic.Int64
	rounds []atomic.Int64 // of each
	wg     sync.WaitGroup
	end    context.CancelFunc
}

func startWorkers(t testing.TB, p *pool.Pool, n int) *workers {
	ctx, cancel := context.WithCancel(context.Background())
	w := &workers{t: t, rounds: make([]atomic.Int64, n), end: cancel}
	t.Cleanup(w.stop)
	for i := range n {
		w.wg.Go(func() {
			for ctx.Err() == nil && w.work(p, i) {
				w.rounds[i].Add(1)
			}
		})
	}
	return w
}

// work reports false when a worker was told what it must not be.
func (w *workers) work(p *pool.Pool, i int) bool {
	if i%2 == 0 {
		ctx, cancel := patience()
		defer cancel()
		w.reads.Add(1)
		return assert.NoError(w.t, p.RoundTrip(ctx, request("GET", "k").MarkIdempotent(), nil))
	}
	err := w.ledger.increment(p)
	return err == nil || assert.True(w.t, broken(err), "%v", err)
}

// awaitProgress waits until each worker has done so much more.
func (w *workers) awaitProgress(rounds int64) {
	w.t.Helper()
	for i := range w.rounds {
		from := w.rounds[i].Load()
		require.Eventually(w.t, func() bool { return w.rounds[i].Load() >= from+rounds }, 2*eventually, time.Millisecond, "worker %d does nothing", i)
	}
}

func (w *workers) stop() {
	w.end()
	w.wg.Wait()
}
