package integration

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/pool"
)

// A server that is away for seconds, with 512 callers who do not stop asking: few dials, an answer for everybody at once, and everybody works again by himself.
func TestRecoveryFromAnOutage(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v})
		var dials dialLog
		p := newPool(t, pool.Config{}, conn.Dialer{Timeout: 5 * time.Second, DialContext: dials.DialContext}, server.Addr)
		c := newCrowd(t, p, 512)
		require.Eventually(t, func() bool { return c.allServed(1) }, 4*eventually, tick)

		server.Stop()
		require.Eventually(t, func() bool { return p.Stats().Open == 0 }, eventually, tick)
		down, waits := time.Now(), p.Stats().Waits
		c.outage.Store(true)
		time.Sleep(4 * time.Second) // the outage
		c.outage.Store(false)
		up := time.Now()
		perSecond := float64(dials.between(down.Add(time.Second), up)) / (up.Sub(down) - time.Second).Seconds()

		c.forget()
		server.Start()
		started := time.Now()
		require.Eventually(t, func() bool { return c.served.Load() > 0 }, recovery, tick, "nobody works although the server is back")
		first := time.Since(started)
		require.Eventually(t, func() bool { return c.allServed(3) }, 4*eventually, tick, "somebody does not work although others do")
		all := time.Since(started)
		failures := c.failed.Load()
		c.forget()
		require.Eventually(t, func() bool { return c.allServed(3) }, 4*eventually, tick)
		require.Equal(t, failures, c.failed.Load(), "nobody fails once all is well")
		c.stop()

		t.Logf("%.1f dials/s, in the first second %d; %d calls failed, %d of them say when the next dial is, the slowest after %v; first success %v after the start, all after %v; %+v",
			perSecond, dials.between(down, down.Add(time.Second)), c.told.Load(), c.announced.Load(), time.Duration(c.slowest.Load()), first, all, p.Stats())
		require.LessOrEqual(t, perSecond, 10.0)
		require.Greater(t, perSecond, 0.3, "nobody would notice the end of the outage")
		require.Greater(t, c.told.Load(), int64(512*4), "callers wait instead of being told")
		require.Positive(t, c.announced.Load())
		require.LessOrEqual(t, uint64(c.told.Load()-c.announced.Load()), p.Stats().Waits-waits, "all but those who waited for a dial that failed know when the next one is")
		require.Less(t, time.Duration(c.slowest.Load()), 3*time.Second)
		requireBalanced(t, p)
		require.Zero(t, p.Stats().Waiting)
	})
}

// A crowd is callers who ask again and again.
type crowd struct {
	t  testing.TB
	p  *pool.Pool
	wg sync.WaitGroup

	outage atomic.Bool // calls that begin now must fail, and well

	successes []atomic.Int64 // of each
	served    atomic.Int64   // successes in all
	failed    atomic.Int64

	// Of calls that began during the outage.
	told      atomic.Int64 // failed
	announced atomic.Int64 // and said for how long there will be no dial
	slowest   atomic.Int64 // in ns

	end context.CancelFunc
}

// newCrowd starts n callers, who end with the test at the latest.
func newCrowd(t testing.TB, p *pool.Pool, n int) *crowd {
	ctx, cancel := context.WithCancel(context.Background())
	c := &crowd{t: t, p: p, successes: make([]atomic.Int64, n), end: cancel}
	t.Cleanup(c.stop)
	for caller := range n {
		c.wg.Go(func() {
			for ctx.Err() == nil {
				c.call(caller)
				time.Sleep(25 * time.Millisecond) // there are two processors for them, the server and the other tests
			}
		})
	}
	return c
}

func (c *crowd) stop() {
	c.end()
	c.wg.Wait()
}

// call is one call; every other caller's may be sent twice.
func (c *crowd) call(caller int) {
	q := request("INCR", "n")
	if caller%2 == 0 {
		q = request("GET", "n").MarkIdempotent()
	}
	ctx, cancel := patience()
	defer cancel()
	outage, began := c.outage.Load(), time.Now()
	err := c.p.RoundTrip(ctx, q, nil)
	switch {
	case err == nil:
		c.successes[caller].Add(1)
		c.served.Add(1)
		return
	case outage:
		c.judge(err, time.Since(began))
	}
	c.failed.Add(1)
}

// judge looks at an error of the outage.
func (c *crowd) judge(err error, took time.Duration) {
	c.told.Add(1)
	if !broken(err) || !conn.NotSent(err) {
		c.t.Errorf("does not say why, or not that nothing was sent: %v", err)
	}
	if wait, found := announced(err); found {
		c.announced.Add(1)
		if wait > time.Second {
			c.t.Errorf("the next dial is too far away: %v", err)
		}
	}
	for slowest := c.slowest.Load(); int64(took) > slowest && !c.slowest.CompareAndSwap(slowest, int64(took)); {
		slowest = c.slowest.Load()
	}
}

// forget begins to count successes anew.
func (c *crowd) forget() {
	c.served.Store(0)
	for i := range c.successes {
		c.successes[i].Store(0)
	}
}

// allServed reports whether each caller has had that many successes.
func (c *crowd) allServed(times int64) bool {
	for i := range c.successes {
		if c.successes[i].Load() < times {
			return false
		}
	}
	return true
}
