package sentinel_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/sentinel"
)

// leads makes a client reach sentinels through f, which says where an address leads.
func leads(f func(addr string) string) func(*sentinel.Config, *pool.Config) {
	return func(cfg *sentinel.Config, _ *pool.Config) {
		dial := cfg.Dialer.DialContext
		cfg.Dialer = &conn.Dialer{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) { return dial(ctx, network, f(addr)) }}
	}
}

// unannounced is how long it takes until a failover that nobody announces is followed.
func (c *cluster) unannounced() time.Duration {
	c.t.Helper()
	for _, s := range c.Sentinels {
		s.Mute()
	}
	began := time.Now()
	require.NoError(c.t, c.Failover())
	for len(c.switched()) == 0 {
		require.Less(c.t, time.Since(began), 20*time.Second)
		time.Sleep(10 * time.Millisecond)
	}
	require.Equal(c.t, c.Master().Addr(), c.switched()[0].To)
	return time.Since(began)
}

// A sentinel that announces one master after the other, and none is there, does not keep a failover from being followed.
func TestAnnouncementsWithoutEnd(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		for _, n := range c.Nodes {
			n.Slow(700 * time.Millisecond) // it takes longer to ask one than the next announcement takes to come
		}
		end, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			for i := 0; ; i++ {
				c.Sentinels[2].Say("+switch-master", fmt.Sprintf("mymaster 10.0.0.1 6379 10.9.9.%d 6379", i%200))
				select {
				case <-end:
					return
				case <-time.After(10 * time.Millisecond):
				}
			}
		}()
		require.NoError(t, c.Failover())
		time.Sleep(15 * time.Second)
		_, err := c.do("INCR", "n")
		close(end)
		<-done
		require.NoError(t, err)
		switches := c.switched()
		require.Len(t, switches, 1)
		require.Equal(t, c.Master().Addr(), switches[0].To)
	})
}

// Nor does it make clients dial whatever it names: they ask one server at a time for it, and another one a second later at the earliest.
func TestAnnouncementsAreFollowedSlowly(t *testing.T) {
	run(t, func(t *testing.T) {
		set := redistest.NewSet(t, redistest.SetConfig{})
		dialled, dials := map[string]bool{}, 0 // one server at a time is dialled
		r := newResolver(t, sentinel.Config{Addrs: set.SentinelAddrs(), Master: "mymaster", Dialer: &conn.Dialer{DialContext: set.DialContext}})
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan error)
		go func() {
			stopped <- r.Watch(ctx, &conn.Dialer{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				if strings.HasPrefix(addr, "10.9.") {
					dialled[addr] = true
					dials++
				}
				return set.DialContext(ctx, network, addr)
			}}, func(sentinel.Switch) {})
		}()
		time.Sleep(time.Second)
		for i := range 3000 {
			set.Sentinels[2].Say("+switch-master", fmt.Sprintf("mymaster 10.0.0.1 6379 10.9.%d.%d 6379", i/250, i%250))
			time.Sleep(time.Millisecond)
		}
		cancel()
		require.NoError(t, <-stopped)
		require.LessOrEqual(t, len(dialled), 4)
		require.Less(t, dials, 3*40)
	})
}

// What goes on and on is in the log twice a minute.
func TestLogIsNotFlooded(t *testing.T) {
	run(t, func(t *testing.T) {
		l := &log{}
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}), func(cfg *sentinel.Config, _ *pool.Config) { cfg.Logger = l.logger() })
		for _, s := range c.Sentinels[:2] {
			s.Lie(c.Replica().Addr(), 1000)
		}
		time.Sleep(2 * time.Minute)
		text := strings.Join(l.lines(), "")
		require.LessOrEqual(t, strings.Count(text, "does not say so"), 2*2+1, text)
		require.Contains(t, text, " more=", "how often it would have been told")
		require.Empty(t, c.switched())
	})
}

// One sentinel of three that names others, as many as it likes, is not the majority for that.
func TestSockPuppets(t *testing.T) {
	run(t, func(t *testing.T) {
		set, puppets := redistest.NewSet(t, redistest.SetConfig{}), redistest.NewSet(t, redistest.SetConfig{Sentinels: 8}) // the first three have names of the others
		evil := set.Replica()
		evil.Answer("ROLE", saysMaster)
		for _, p := range puppets.Sentinels {
			p.Lie(evil.Addr(), 1000)
		}
		set.Sentinels[0].Answer("SENTINEL SENTINELS", func(c *redistest.Session, _ []string) {
			c.Array(5)
			for i := range 5 {
				c.Map(4)
				for _, s := range []string{"ip", fmt.Sprintf("10.7.1.%d", i+4), "port", "26379", "flags", "sentinel", "runid", fmt.Sprint("x", i)} {
					c.Bulk(s)
				}
			}
		})
		c := follow(t, set, func(cfg *sentinel.Config, _ *pool.Config) {
			dial := cfg.Dialer.DialContext
			cfg.Dialer = &conn.Dialer{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				if rest, ok := strings.CutPrefix(addr, "10.7."); ok {
					return puppets.DialContext(ctx, network, "10.0."+rest)
				}
				return dial(ctx, network, addr)
			}}
		})
		time.Sleep(30 * time.Second)
		require.Equal(t, 1, puppets.Sentinels[3].Clients(), "they are listened to")
		require.Empty(t, c.switched())
		c.unannounced()
	})
}

// An epoch that one sentinel alone names does not make a new configuration look old.
func TestEpochOfOneSentinel(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		c.Sentinels[2].Lie(c.Master().Addr(), 1000)
		time.Sleep(5 * time.Second)
		c.Sentinels[2].Honest()
		require.Less(t, c.unannounced(), 4*time.Second)
	})
}

// Two of five that each name another dead server with a high epoch do not keep a watch that begins from finding the master.
func TestTwoLiarsOfFive(t *testing.T) {
	run(t, func(t *testing.T) {
		set := redistest.NewSet(t, redistest.SetConfig{Sentinels: 5})
		set.Sentinels[3].Lie("10.9.9.3:6379", 1000)
		set.Sentinels[4].Lie("10.9.9.4:6379", 1001)
		c := follow(t, set)
		s := c.increments(2)
		c.unannounced()
		time.Sleep(10 * time.Second)
		s.stop()
		require.Empty(t, s.errs)
		require.Len(t, c.switched(), 1)
	})
}

// Most sentinels may be late to learn of a failover, or be cut off from its leader: a master that has said that it is one is not left for the old one because of that.
func TestSentinelsThatAreLate(t *testing.T) {
	for name, late := range map[string]redistest.SetConfig{
		"slow":    {Lag: 7 * time.Second, DemoteAfter: 10 * time.Second},
		"cut off": {DemoteAfter: 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				c := follow(t, redistest.NewSet(t, late))
				if late.Lag == 0 {
					c.Sentinels[1].Stale()
					c.Sentinels[2].Stale()
				}
				s := c.increments(4)
				require.NoError(t, c.Sentinels[0].Failover())
				time.Sleep(25 * time.Second)
				require.Zero(t, s.stop())
				require.Empty(t, s.errs)
				require.Len(t, c.switched(), 1)
				require.True(t, c.switched()[0].Planned)
			})
		})
	}
}

// Nor for what the last sentinel says that answers, when it has heard of no failover and the old master does not know yet that it is none.
func TestLateSentinelAlone(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{DemoteAfter: time.Minute}))
		c.Sentinels[2].Stale()
		require.NoError(t, c.Sentinels[0].Failover())
		time.Sleep(4 * time.Second)
		c.Sentinels[0].Kill()
		c.Sentinels[1].Kill()
		time.Sleep(30 * time.Second)
		require.Len(t, c.switched(), 1)
	})
}

// Before Redis 6.2 sentinels do not say who they are. One that is configured by a name, and named by its address by the others, has one vote.
func TestSentinelsThatDoNotSayWhoTheyAre(t *testing.T) {
	run(t, func(t *testing.T) {
		set := redistest.NewSet(t, redistest.SetConfig{})
		for _, s := range set.Sentinels {
			s.Answer("SENTINEL MYID", func(c *redistest.Session, _ []string) { c.Error("ERR Unknown sentinel subcommand 'myid'") })
		}
		set.Sentinels[2].Kill()
		evil := set.Replica()
		evil.Answer("ROLE", saysMaster)
		names := map[string]string{"one:26379": set.Sentinels[0].Addr(), "two:26379": set.Sentinels[1].Addr()}
		c := follow(t, set, func(cfg *sentinel.Config, _ *pool.Config) { cfg.Addrs = []string{"one:26379", "two:26379"} }, leads(func(addr string) string {
			if to, ok := names[addr]; ok {
				return to
			}
			return addr
		}))
		time.Sleep(30 * time.Second)
		set.Sentinels[1].Lie(evil.Addr(), 1000)
		time.Sleep(10 * time.Second)
		require.Empty(t, c.switched(), "one of two lies")
	})
}

// A configured sentinel whose name is not found at first takes the place of itself, as others named it.
func TestConfiguredSentinelThatIsFoundLater(t *testing.T) {
	run(t, func(t *testing.T) {
		set := redistest.NewSet(t, redistest.SetConfig{})
		var known atomic.Bool
		follow(t, set, func(cfg *sentinel.Config, _ *pool.Config) { cfg.Addrs = []string{set.Sentinels[0].Addr(), "two:26379"} }, leads(func(addr string) string {
			if addr == "two:26379" && known.Load() {
				return set.Sentinels[1].Addr()
			}
			return addr
		}))
		time.Sleep(10 * time.Second)
		require.Equal(t, 1, set.Sentinels[1].Clients(), "it was named")
		known.Store(true)
		time.Sleep(time.Minute)
		require.Equal(t, 1, set.Sentinels[1].Clients())
	})
}
