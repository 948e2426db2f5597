package sentinel_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
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

// gate sends a write, and reports for how long it was held.
func (c *cluster) gate(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	var q resp.Request
	err := c.pool.RoundTrip(ctx, q.Cmd("SET").Str("a").Str("1"), nil)
	took := time.Since(began)
	return took, err
}

// announce makes a sentinel say that it leads a failover, which goes on for as long as nobody asks.
func (c *cluster) announce() {
	c.Sentinels[0].Say("+elected-leader", "master mymaster 10.0.0.1 6379")
	synctest.Wait()
}

// leading answers as a sentinel whose failover does not end.
func leading(c *redistest.Session, _ []string) {
	c.Map(5)
	for _, s := range []string{"ip", "10.0.0.1", "port", "6379", "flags", "master,failover_in_progress", "config-epoch", "0", "name", "mymaster"} {
		c.Bulk(s)
	}
}

func TestGateHoldsWritesForNoLongerThanIsSet(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}), func(cfg *sentinel.Config, _ *pool.Config) { cfg.MaxFence = 4 * time.Second })
		c.Sentinels[0].Answer("SENTINEL MASTER", leading)
		c.announce()
		held, err := c.gate(t.Context())
		require.NoError(t, err)
		require.Equal(t, 4*time.Second, held)
		time.Sleep(20 * time.Second)
		held, err = c.gate(t.Context())
		require.NoError(t, err)
		require.Less(t, held, 10*time.Millisecond, "it was held for long enough")

		c.Sentinels[0].Answer("SENTINEL MASTER", nil)
		time.Sleep(5 * time.Second) // the failover is over
		c.Sentinels[0].Answer("SENTINEL MASTER", leading)
		c.announce()
		held, err = c.gate(t.Context())
		require.NoError(t, err)
		require.InDelta(t, 4*time.Second, held, float64(10*time.Millisecond), "this is another one")
	})
}

// What was not announced is seen by asking.
func TestGateHoldsWritesWhenAFailoverIsSeen(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		c.Sentinels[0].Answer("SENTINEL MASTER", leading)
		time.Sleep(2500 * time.Millisecond)
		held, err := c.gate(t.Context())
		require.NoError(t, err)
		require.Positive(t, held)
	})
}

// The leader of a failover may name the new master before its announcement is heard: that is no reason to write to the old one.
func TestGateHoldsWritesWhileTheLeaderNamesAnother(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		c.announce()
		c.Sentinels[0].Lie(c.Replica().Addr(), 1000)
		held, err := c.gate(t.Context())
		require.NoError(t, err)
		require.Equal(t, sentinel.DefaultMaxFence, held)
	})
}

// A watch that begins in the middle of a failover learns who the master is, and goes on holding writes.
func TestGateHoldsWritesFromTheFirstMoment(t *testing.T) {
	run(t, func(t *testing.T) {
		set := redistest.NewSet(t, redistest.SetConfig{})
		for _, s := range set.Sentinels {
			s.Answer("SENTINEL MASTER", func(c *redistest.Session, _ []string) { c.Error("NOPERM no") }) // so nobody says whether it goes on
		}
		for _, n := range set.Nodes {
			n.Slow(500 * time.Millisecond) // so that the announcement comes before the master has proved to be one
		}
		time.AfterFunc(800*time.Millisecond, func() { set.Sentinels[0].Say("+elected-leader", "master mymaster 10.0.0.1 6379") })
		c := follow(t, set)
		var q resp.Request
		time.Sleep(2 * time.Second)
		require.NotNil(t, c.resolver.Gate(q.Cmd("SET").Str("a").Str("1")))
	})
}

func TestGateLetsGoOfWhoLeaves(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		c.Sentinels[0].Answer("SENTINEL MASTER", leading)
		c.announce()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		held, err := c.gate(ctx)
		require.Equal(t, 100*time.Millisecond, held)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.True(t, conn.NotSent(err))
		require.ErrorContains(t, err, "held back")
		require.ErrorIs(t, c.pool.With(ctx, func(*conn.Conn) error { return nil }), context.DeadlineExceeded, "who takes a connection may write")
		var q resp.Request
		require.Nil(t, c.resolver.Gate(q.Cmd("GET").Str("a").MarkReadOnly()))
		q.Reset()
		require.NotNil(t, c.resolver.Gate(q.Cmd("SET").Str("a").Str("1").MarkIdempotent()), "twice is as good as once, and a write all the same")
	})
}

// With the watch everything that it held ends.
func TestEndOfAWatch(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		c.Sentinels[0].Answer("SENTINEL MASTER", leading)
		c.announce()
		done := make(chan time.Duration)
		go func() {
			held, _ := c.gate(context.Background())
			done <- held
		}()
		synctest.Wait()
		c.Master().Kill()
		c.pool.Reset()
		dialled := make(chan error)
		go func() {
			_, err := c.resolver.Dial(&conn.Dialer{DialContext: c.DialContext}, sentinel.Master)(context.Background())
			dialled <- err
		}()
		time.Sleep(time.Millisecond)
		c.stop()
		<-c.stopped
		require.Less(t, <-done, 10*time.Millisecond)
		require.Error(t, <-dialled, "nobody will have news of a master")
		var q resp.Request
		require.Nil(t, c.resolver.Gate(&q))
		synctest.Wait()
		for _, s := range c.Sentinels {
			require.Zero(t, s.Clients())
		}
	})
}

func TestWatchTwice(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		require.ErrorContains(t, c.resolver.Watch(t.Context(), &conn.Dialer{}, nil), "watched already")
		c.stop()
		<-c.stopped
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, c.resolver.Watch(ctx, &conn.Dialer{DialContext: c.DialContext}, func(sentinel.Switch) {}))
	})
}

// A dial that waits for a master has one as soon as the sentinels have it, and is not woken before.
func TestDialWaitsForTheNewMaster(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		_, err := c.do("PING")
		require.NoError(t, err)
		c.Master().Kill()
		dial := c.resolver.Dial(&conn.Dialer{DialContext: c.DialContext}, sentinel.Master)
		nc, err := dial(t.Context())
		require.NoError(t, err)
		require.NoError(t, nc.Close())
		switches := c.switched()
		require.Len(t, switches, 1)
		require.Equal(t, nc.Addr(), switches[0].To)
	})
}

// A dial that hangs at a master that has stopped is given up when there is another.
func TestDialLeavesAMasterThatHasStopped(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		_, err := c.do("PING")
		require.NoError(t, err)
		c.Master().Freeze()
		nc, err := c.resolver.Dial(&conn.Dialer{DialContext: c.DialContext}, sentinel.Master)(t.Context())
		require.NoError(t, err)
		require.Equal(t, c.Master().Addr(), nc.Addr())
		require.NoError(t, nc.Close())
		require.Len(t, c.switched(), 1)
	})
}

// How long a dial waits is up to its caller; then it says what is missing.
func TestDialSaysWhatItWaitedFor(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{Sentinels: 1, Quorum: 2})) // no quorum, no failover
		_, err := c.do("PING")
		require.NoError(t, err)
		c.Master().Kill()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		_, err = c.resolver.Dial(&conn.Dialer{DialContext: c.DialContext}, sentinel.Master)(ctx)
		require.Equal(t, 3*time.Second, time.Since(began))
		require.ErrorContains(t, err, "waiting for a master of mymaster")
		require.ErrorContains(t, err, "10.0.0.1:6379: connection refused")
		require.True(t, conn.NotSent(err))
	})
}

// What waiting does not mend is said at once.
func TestDialDoesNotWaitForAnotherPassword(t *testing.T) {
	run(t, func(t *testing.T) {
		set := redistest.NewSet(t, redistest.SetConfig{Password: canary})
		cfg := sentinel.Config{Addrs: set.SentinelAddrs(), Master: "mymaster", Dialer: &conn.Dialer{DialContext: set.DialContext}}
		r := newResolver(t, cfg)
		ctx, cancel := context.WithCancel(t.Context())
		good := &conn.Dialer{DialContext: set.DialContext, Password: canary}
		done := make(chan error)
		go func() { done <- r.Watch(ctx, good, func(sentinel.Switch) {}) }()
		time.Sleep(time.Second)
		nc, err := r.Dial(good, sentinel.Master)(t.Context())
		require.NoError(t, err)
		require.NoError(t, nc.Close())
		began := time.Now()
		_, err = r.Dial(&conn.Dialer{DialContext: set.DialContext, Password: canary + "x"}, sentinel.Master)(t.Context())
		require.True(t, resp.IsCode(err, "WRONGPASS"), "%v", err)
		require.Less(t, time.Since(began), 100*time.Millisecond)
		require.NotContains(t, err.Error(), canary)
		cancel()
		require.NoError(t, <-done)
	})
}

// A master that was demoted is refused, although the sentinel that is asked still names it.
func TestDemotedMasterIsRefused(t *testing.T) {
	run(t, func(t *testing.T) {
		set := redistest.NewSet(t, redistest.SetConfig{DemoteAfter: time.Millisecond})
		old := set.Master().Addr()
		set.Sentinels[2].Stale()
		require.NoError(t, set.Failover())
		time.Sleep(5 * time.Second)
		r := newResolver(t, sentinel.Config{Addrs: set.SentinelAddrs()[2:], Master: "mymaster", Dialer: &conn.Dialer{DialContext: set.DialContext}})
		addr, err := r.Resolve(t.Context(), sentinel.Master)
		require.NoError(t, err)
		require.Equal(t, old, addr)
		_, err = r.Dial(&conn.Dialer{DialContext: set.DialContext}, sentinel.Master)(t.Context())
		var wrong *sentinel.RoleError
		require.ErrorAs(t, err, &wrong)

		r = newResolver(t, sentinel.Config{Addrs: set.SentinelAddrs(), Master: "mymaster", Dialer: &conn.Dialer{DialContext: set.DialContext}})
		set.Sentinels[0].Kill()
		nc, err := r.Dial(&conn.Dialer{DialContext: set.DialContext}, sentinel.Master)(t.Context())
		require.NoError(t, err, "of two that disagree the newer configuration counts")
		require.Equal(t, set.Master().Addr(), nc.Addr())
		require.NoError(t, nc.Close())
	})
}

// One sentinel is enough to begin with: it names the others. Those that are dead are not followed, and those that die are forgotten.
func TestSentinelsAreLearnedAndForgotten(t *testing.T) {
	run(t, func(t *testing.T) {
		set := redistest.NewSet(t, redistest.SetConfig{})
		set.AddGhost("10.0.1.99:26379")
		var dials sync.Map
		c := follow(t, set, func(cfg *sentinel.Config, _ *pool.Config) {
			cfg.Addrs = set.SentinelAddrs()[:1]
			cfg.Dialer = &conn.Dialer{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				n, _ := dials.LoadOrStore(addr, new(atomic.Int64))
				n.(*atomic.Int64).Add(1)
				return set.DialContext(ctx, network, addr)
			}}
		})
		dialled := func() int64 {
			n, _ := dials.Load(set.Sentinels[2].Addr())
			return n.(*atomic.Int64).Load()
		}
		time.Sleep(10 * time.Second)
		for _, s := range set.Sentinels {
			require.Equal(t, 1, s.Clients(), "the others are followed")
		}
		set.Sentinels[0].Kill()
		s := c.increments(2)
		require.NoError(t, set.Sentinels[1].Failover())
		time.Sleep(12 * time.Second)
		require.Zero(t, s.stop())
		require.Empty(t, s.errs)
		require.Len(t, c.switched(), 1)

		set.Sentinels[2].Kill()
		time.Sleep(2 * time.Minute)
		before := dialled()
		time.Sleep(time.Minute)
		require.Equal(t, before, dialled(), "it was forgotten")
		set.Sentinels[2].Start()
		time.Sleep(time.Minute)
		require.Equal(t, 1, set.Sentinels[2].Clients(), "and is known again")
	})
}

// A sentinel that is configured by a name, and announced with an address, is one.
func TestASentinelWithTwoAddresses(t *testing.T) {
	run(t, func(t *testing.T) {
		set := redistest.NewSet(t, redistest.SetConfig{})
		names := map[string]string{"one:26379": set.Sentinels[0].Addr(), "two:26379": set.Sentinels[1].Addr()}
		c := follow(t, set, func(cfg *sentinel.Config, _ *pool.Config) {
			cfg.Addrs = []string{"one:26379", "two:26379"}
			dial := cfg.Dialer.DialContext
			cfg.Dialer = &conn.Dialer{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				if to, ok := names[addr]; ok {
					addr = to
				}
				return dial(ctx, network, addr)
			}}
		})
		time.Sleep(30 * time.Second)
		for _, s := range c.Sentinels {
			require.Equal(t, 1, s.Clients())
		}
	})
}

// Sentinels before RESP3, and users without the right to subscribe or to ask for more than the address.
func TestSentinelsThatSayLess(t *testing.T) {
	noPerm := func(c *redistest.Session, _ []string) {
		c.Error("NOPERM User x has no permissions to run this command")
	}
	for name, tc := range map[string]struct {
		less    map[string]redistest.Handler
		loses   bool // writes, because nothing is announced
		unknown bool // whether it was in time
	}{
		"RESP2":          {map[string]redistest.Handler{"HELLO": func(c *redistest.Session, _ []string) { c.Error("ERR unknown command 'HELLO'") }}, false, false},
		"address only":   {map[string]redistest.Handler{"SENTINEL MASTER": noPerm, "SENTINEL MYID": noPerm, "SENTINEL SENTINELS": noPerm}, false, true},
		"no subscribing": {map[string]redistest.Handler{"SUBSCRIBE": noPerm}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				set := redistest.NewSet(t, redistest.SetConfig{})
				for _, s := range set.Sentinels {
					for command, answer := range tc.less {
						s.Answer(command, answer)
					}
				}
				c := follow(t, set)
				s := c.increments(2)
				require.NoError(t, c.Failover())
				time.Sleep(12 * time.Second)
				if lost := s.stop(); !tc.loses {
					require.Zero(t, lost)
				}
				require.Empty(t, s.errs)
				require.Len(t, c.switched(), 1)
				require.Equal(t, !tc.unknown, c.switched()[0].Planned)
			})
		})
	}
}

// A log that tests read.
type log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// lines returns what was logged, without the times.
func (l *log) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var lines []string
	for line := range strings.Lines(l.buf.String()) {
		_, line, _ = strings.Cut(line, " ")
		lines = append(lines, line)
	}
	return lines
}

func (l *log) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// What happened is told once, without a secret.
func TestWatchTells(t *testing.T) {
	run(t, func(t *testing.T) {
		l := &log{}
		set := redistest.NewSet(t, redistest.SetConfig{SentinelPassword: canary, Password: canary})
		c := follow(t, set, func(cfg *sentinel.Config, _ *pool.Config) {
			cfg.Logger, cfg.Dialer.Password = l.logger(), canary
		})
		_ = c // its own connections have no password: they are not needed
		set.Sentinels[2].Kill()
		time.Sleep(time.Minute)
		set.Sentinels[2].Start()
		time.Sleep(time.Minute)
		text := strings.Join(l.lines(), "")
		require.Equal(t, 1, strings.Count(text, "does not help"), text)
		require.Equal(t, 1, strings.Count(text, "answers again"), text)
		require.Contains(t, text, set.Sentinels[2].Addr())
		require.NotContains(t, text, canary)
	})
	run(t, func(t *testing.T) {
		l := &log{}
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}), func(cfg *sentinel.Config, _ *pool.Config) { cfg.Logger = l.logger() })
		require.NoError(t, c.Failover())
		time.Sleep(12 * time.Second)
		lines := l.lines()
		require.Len(t, lines, 2, "%q", lines)
		require.Contains(t, lines[0], "writes are held back")
		require.Contains(t, lines[1], "the master is another")
		require.Contains(t, lines[1], c.Master().Addr())
	})
}
