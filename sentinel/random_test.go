package sentinel_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/sentinel"
)

// seeds is how many random runs each of these tests has.
const seeds = 12

// randomly runs a test with numbers of its own.
func randomly(t *testing.T, test func(t *testing.T, rnd *rand.Rand)) {
	t.Helper()
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			run(t, func(t *testing.T) { test(t, rand.New(rand.NewPCG(uint64(seed), 1))) })
		})
	}
}

// upTo returns a random duration.
func upTo(rnd *rand.Rand, d time.Duration) time.Duration { return time.Duration(rnd.Int64N(int64(d))) }

// An openConn is counted until it is closed.
type openConn struct {
	net.Conn
	open   *atomic.Int64
	closed atomic.Bool
}

func (c *openConn) Close() error {
	if !c.closed.Swap(true) {
		c.open.Add(-1)
	}
	return c.Conn.Close()
}

// Whatever has happened, and whenever a watch ends: it ends at once, and no connection and no dial is left of it.
func TestNothingIsLeftOfAWatch(t *testing.T) {
	randomly(t, func(t *testing.T, rnd *rand.Rand) {
		set := redistest.NewSet(t, redistest.SetConfig{})
		var open, dialling atomic.Int64
		dialer := &conn.Dialer{Timeout: 5 * time.Second, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			dialling.Add(1)
			defer dialling.Add(-1)
			nc, err := set.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			open.Add(1)
			return &openConn{Conn: nc, open: &open}, nil
		}}
		r := newResolver(t, sentinel.Config{Addrs: set.SentinelAddrs()[:1+rnd.IntN(3)], Master: "mymaster", Dialer: dialer})
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan error)
		go func() { stopped <- r.Watch(ctx, dialer, func(sentinel.Switch) {}) }()
		for range rnd.IntN(12) {
			s, n := set.Sentinels[rnd.IntN(3)], set.Nodes[rnd.IntN(2)]
			[]func(){
				func() { _ = set.Failover() }, s.Freeze, s.Cut, s.Kill, func() { s.Start(); s.Thaw(); s.Heal() }, n.Cut, n.Heal,
				func() { s.Say("+switch-master", "mymaster 10.0.0.1 6379 10.0.0.2 6379") }, func() { s.Slow(upTo(rnd, 300*time.Millisecond)) },
			}[rnd.IntN(9)]()
			time.Sleep(upTo(rnd, 1500*time.Millisecond))
		}
		cancel()
		began := time.Now()
		require.NoError(t, <-stopped)
		require.LessOrEqual(t, time.Since(began), 10*time.Millisecond)
		require.Zero(t, open.Load())
		require.Zero(t, dialling.Load())
	})
}

// Whatever happens to the connections of sentinels: of a failover that is called planned nothing is lost.
func TestPlannedLosesNothing(t *testing.T) {
	randomly(t, func(t *testing.T, rnd *rand.Rand) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		s := c.increments(2)
		done, at := make(chan struct{}), upTo(rnd, 1500*time.Millisecond)
		go func() {
			defer close(done)
			for range 24 {
				time.Sleep(upTo(rnd, 150*time.Millisecond))
				x, other := c.Sentinels[rnd.IntN(3)], c.Sentinels[1+rnd.IntN(2)] // the first one can lead
				[]func(){x.CloseClients, x.Mute, x.Unmute, func() { x.Slow(upTo(rnd, 200*time.Millisecond)) }, other.Cut, other.Heal}[rnd.IntN(6)]()
			}
		}()
		time.Sleep(at)
		require.NoError(t, c.Failover())
		<-done
		for _, x := range c.Sentinels {
			x.Heal()
			x.Unmute()
			x.Slow(0)
		}
		time.Sleep(12 * time.Second)
		lost, planned := s.stop(), true
		for _, s := range c.switched() {
			planned = planned && s.Planned
		}
		require.True(t, lost <= 0 || !planned, "%d are lost: %+v", lost, c.switched())
	})
}
