package sentinel_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
	"github.com/bwredis/bwredis/sentinel"
)

// A cluster is a simulated set with a client as a user would make it: a resolver that is watched, and a pool.
type cluster struct {
	*redistest.Set
	t        *testing.T
	resolver *sentinel.Resolver
	pool     *pool.Pool
	stop     context.CancelFunc // of the watch
	stopped  chan struct{}

	mu       sync.Mutex
	switches []sentinel.Switch
}

// follow opens a client of a set, and waits until it knows the master.
func follow(t *testing.T, set *redistest.Set, change ...func(*sentinel.Config, *pool.Config)) *cluster {
	t.Helper()
	c := &cluster{Set: set, t: t, stopped: make(chan struct{})}
	dialer := &conn.Dialer{DialContext: set.DialContext, Timeout: 5 * time.Second}
	cfg := sentinel.Config{Addrs: set.SentinelAddrs(), Master: "mymaster", Dialer: &conn.Dialer{DialContext: set.DialContext}}
	pcfg := pool.Config{}
	for _, f := range change {
		f(&cfg, &pcfg)
	}
	var err error
	c.resolver, err = sentinel.New(cfg)
	require.NoError(t, err)
	pcfg.Dial, pcfg.Gate = c.resolver.Dial(dialer, sentinel.Master), c.resolver.Gate
	c.pool, err = pool.New(pcfg)
	require.NoError(t, err)
	var ctx context.Context
	ctx, c.stop = context.WithCancel(context.Background())
	go func() {
		defer close(c.stopped)
		require.NoError(t, c.resolver.Watch(ctx, dialer, func(s sentinel.Switch) {
			c.mu.Lock()
			c.switches = append(c.switches, s)
			c.mu.Unlock()
			c.pool.Switch(time.Second / 2)
		}))
	}()
	t.Cleanup(c.close)
	time.Sleep(time.Second)
	return c
}

// close ends the client: everything it started has ended, but for the set.
func (c *cluster) close() {
	c.stop()
	<-c.stopped
	require.NoError(c.t, c.pool.Close())
}

// switched returns the switches so far.
func (c *cluster) switched() []sentinel.Switch {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]sentinel.Switch(nil), c.switches...)
}

// do sends one command with a context of five seconds.
func (c *cluster) do(args ...string) (int64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var q resp.Request
	q.Cmd(args[0]).Args(args[1:]...)
	if args[0] == "GET" {
		q.MarkReadOnly()
	}
	var n int64
	err := c.pool.RoundTrip(ctx, &q, resp.HandlerFunc(func(_ int, r *resp.Reply) error {
		if r.Kind() == resp.Integer {
			n = r.Int()
		}
		return r.Err()
	}))
	return n, err
}

// A stream is INCR after INCR, by several callers, until it is stopped.
type stream struct {
	c     *cluster
	end   chan struct{}
	tasks sync.WaitGroup

	mu      sync.Mutex
	acked   int
	errs    []error
	longest time.Duration // that a caller waited
	first   time.Time     // the last time that a wait of more than a tenth of a second was over
}

// increments begins a stream: each caller increments every ten milliseconds.
func (c *cluster) increments(callers int) *stream {
	s := &stream{c: c, end: make(chan struct{})}
	for range callers {
		s.tasks.Go(func() {
			for {
				select {
				case <-s.end:
					return
				case <-time.After(10 * time.Millisecond):
				}
				began := time.Now()
				_, err := c.do("INCR", "n")
				s.note(time.Since(began), err)
			}
		})
	}
	time.Sleep(100 * time.Millisecond)
	return s
}

func (s *stream) note(took time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.errs = append(s.errs, err)
	} else {
		s.acked++
	}
	s.longest = max(s.longest, took)
	if took > 100*time.Millisecond {
		s.first = time.Now()
	}
}

// stop ends the stream and returns how many acknowledged increments the master does not have; below zero: it has some that were not acknowledged.
func (s *stream) stop() (lost int) {
	close(s.end)
	s.tasks.Wait()
	return s.acked - s.c.Master().Int("n")
}

// run runs a test of a cluster in its own time.
func run(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

// questions returns how many questions all sentinels were asked so far.
func (c *cluster) questions() (n int) {
	for _, s := range c.Sentinels {
		n += s.Count("SENTINEL")
	}
	return n
}
