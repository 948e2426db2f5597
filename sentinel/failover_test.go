package sentinel_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/sentinel"
)

// In a failover on request nothing that was acknowledged is lost, and nobody sees an error.
func TestPlannedFailover(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		from := c.Master().Addr()
		s := c.increments(8)
		require.NoError(t, c.Failover())
		time.Sleep(12 * time.Second)
		require.Zero(t, s.stop())
		require.Empty(t, s.errs)
		require.Less(t, s.longest, 2*time.Second)
		switches := c.switched()
		require.Len(t, switches, 1)
		require.Equal(t, from, switches[0].From)
		require.Equal(t, c.Master().Addr(), switches[0].To)
		require.True(t, switches[0].Planned)
		require.Positive(t, switches[0].Held)
	})
}

// Without announcements the polling finds the new master. What was acknowledged meanwhile by the old one is lost, and the Switch says that this may be so.
func TestFailoverThatNobodyAnnounces(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		for _, s := range c.Sentinels {
			s.Mute()
		}
		s := c.increments(1)
		require.NoError(t, c.Failover())
		time.Sleep(12 * time.Second)
		s.stop()
		require.Empty(t, s.errs)
		switches := c.switched()
		require.Len(t, switches, 1)
		require.Equal(t, c.Master().Addr(), switches[0].To)
		require.False(t, switches[0].Planned)
	})
}

// When the master dies, only what was in flight fails; the others wait.
func TestDeathOfTheMaster(t *testing.T) {
	for name, end := range map[string]func(*redistest.Node){
		"killed": (*redistest.Node).Kill, "stopped": (*redistest.Node).Freeze, "cut off": (*redistest.Node).Cut,
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
				s := c.increments(8)
				end(c.Master())
				time.Sleep(15 * time.Second)
				require.LessOrEqual(t, s.stop(), 8, "what was acknowledged and not passed on yet")
				require.LessOrEqual(t, len(s.errs), 8, "what was in flight: %v", s.errs)
				switches := c.switched()
				require.Len(t, switches, 1)
				require.Equal(t, c.Master().Addr(), switches[0].To)
				require.False(t, switches[0].Planned)
			})
		})
	}
}

// A master that was demoted while nobody watched comes back, and its replica is the master.
func TestFailoverAndBack(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{DemoteAfter: time.Second}))
		first := c.Master()
		s := c.increments(4)
		for range 2 {
			require.NoError(t, c.Failover())
			time.Sleep(10 * time.Second)
		}
		require.Zero(t, s.stop())
		require.Empty(t, s.errs)
		require.Len(t, c.switched(), 2)
		require.Same(t, first, c.Master())
	})
}

// A failover that comes to nothing holds writes no longer than it lasts, and never for longer than is set.
func TestFailoverThatComesToNothing(t *testing.T) {
	for _, how := range []string{redistest.AbortNotElected, redistest.AbortNoGoodSlave, redistest.AbortSlaveTimeout} {
		t.Run(how, func(t *testing.T) {
			run(t, func(t *testing.T) {
				c := follow(t, redistest.NewSet(t, redistest.SetConfig{FailoverTimeout: 6 * time.Second}))
				from := c.Master()
				s := c.increments(1)
				c.AbortNext(how)
				require.NoError(t, c.Failover())
				time.Sleep(20 * time.Second)
				require.Zero(t, s.stop())
				require.LessOrEqual(t, len(s.errs), 2, "%v", s.errs) // who has less patience than the failover lasts
				require.Empty(t, c.switched())
				require.Same(t, from, c.Master())
			})
		})
	}
}

// Reads go on while writes are held.
func TestReadsGoOn(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		_, err := c.do("SET", "a", "1")
		require.NoError(t, err)
		c.Sentinels[0].Say("+elected-leader", "master mymaster 10.0.0.1 6379")
		time.Sleep(time.Millisecond)
		began := time.Now()
		_, err = c.do("GET", "a")
		require.NoError(t, err)
		require.Less(t, time.Since(began), 10*time.Millisecond)
		_, err = c.do("SET", "a", "2")
		require.NoError(t, err)
		require.Greater(t, time.Since(began), 100*time.Millisecond, "the sentinels say that there is no failover")
		require.Less(t, time.Since(began), 2*time.Second)
		require.Empty(t, c.switched())
	})
}

// Whatever else sentinels talk about holds nothing back.
func TestEventsOfOtherMasters(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		for channel, text := range map[string]string{
			"+elected-leader": "master mymaster2 10.0.0.1 6379", "+selected-slave": "slave 10.0.0.2:6379 10.0.0.2 6379 @ other 10.0.0.1 6379",
			"+switch-master": "other 10.0.0.1 6379 10.0.0.2 6379", "+promoted-slave": "", "+failover-state-select-slave": "master", "+try-failover": "master mymaster2 10.0.0.1 6379",
		} {
			c.Sentinels[0].Say(channel, text)
		}
		time.Sleep(time.Millisecond)
		began := time.Now()
		_, err := c.do("SET", "a", "1")
		require.NoError(t, err)
		require.Less(t, time.Since(began), 10*time.Millisecond)
		require.Empty(t, c.switched())
	})
}

// All sentinels may be away: whoever is connected goes on, new connections are made, and when the master dies too, everything is well once they are back.
func TestAllSentinelsAway(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		for _, s := range c.Sentinels {
			s.Kill()
		}
		time.Sleep(10 * time.Second)
		c.pool.Reset()
		_, err := c.do("INCR", "n")
		require.NoError(t, err, "the master is known")
		c.Master().Kill()
		began := time.Now()
		_, err = c.do("INCR", "n")
		require.Error(t, err)
		require.LessOrEqual(t, time.Since(began), 5*time.Second)
		asked := c.questions()
		for _, s := range c.Sentinels {
			s.Start()
		}
		woken := time.Now()
		for err != nil && time.Since(woken) < time.Minute {
			time.Sleep(10 * time.Millisecond)
			_, err = c.do("INCR", "n")
		}
		require.NoError(t, err)
		require.Less(t, time.Since(woken), 10*time.Second)
		require.LessOrEqual(t, float64(c.questions()-asked), 5*time.Since(woken).Seconds()+9, "questions a second, and who they are when they come back")
		require.Len(t, c.switched(), 1)
	})
}

// A watch asks no more than five questions a second, whatever happens.
func TestQuestionsAreFew(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		asked := c.questions()
		time.Sleep(time.Minute)
		require.LessOrEqual(t, c.questions()-asked, 3*30+2, "all is well")
		s := c.increments(8)
		for _, n := range c.Nodes {
			n.Kill()
		}
		asked = c.questions()
		time.Sleep(time.Minute)
		require.LessOrEqual(t, c.questions()-asked, 5*60, "no server is there")
		s.stop()
	})
}

// A sentinel that says something else than the others is not believed.
func TestSentinelsThatAreWrong(t *testing.T) {
	foreign := "10.9.9.9:6379"
	for name, wrong := range map[string]func(c *cluster){
		"stale":                 func(c *cluster) { c.Sentinels[2].Stale() },
		"names a replica":       func(c *cluster) { c.Sentinels[2].Lie(c.Replica().Addr(), 1000) },
		"names a dead server":   func(c *cluster) { c.Sentinels[2].Lie(foreign, 1000) },
		"has forgotten":         func(c *cluster) { c.Sentinels[2].Forget() },
		"is dead":               func(c *cluster) { c.Sentinels[2].Kill() },
		"is cut off":            func(c *cluster) { c.Sentinels[2].Cut() },
		"is frozen":             func(c *cluster) { c.Sentinels[2].Freeze() },
		"speaks slowly":         func(c *cluster) { c.Sentinels[2].Slow(700 * time.Millisecond) },
		"announces a replica":   func(c *cluster) { c.Sentinels[2].TakeBack(c.Replica().Addr(), 2*time.Second) },
		"announces for nothing": func(c *cluster) { c.Sentinels[2].Say("+switch-master", "mymaster 10.0.0.1 6379 10.9.9.9 6379") },
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
				s := c.increments(2)
				wrong(c)
				time.Sleep(8 * time.Second)
				require.Empty(t, c.switched())
				require.NoError(t, c.Failover())
				time.Sleep(12 * time.Second)
				require.Zero(t, s.stop())
				require.Empty(t, s.errs)
				switches := c.switched()
				require.Len(t, switches, 1)
				require.Equal(t, c.Master().Addr(), switches[0].To)
			})
		})
	}
}

// saysMaster makes a replica say that it is a master.
func saysMaster(c *redistest.Session, _ []string) {
	c.Array(3)
	c.Bulk("master")
	c.Int(0)
	c.Array(0)
}

// What most sentinels say is believed at once when it is newer than what is known, and after a while when it is not: a set that was made anew counts from 0. One alone
// is not believed, although its master says that it is one.
func TestMostSentinelsAreBelieved(t *testing.T) {
	for name, tc := range map[string]struct {
		liars    int // the first ones
		epoch    int64
		dead     int           // the last ones
		no, then time.Duration // when nothing has happened yet, and when it has; 0: never
	}{
		"one, newer":        {1, 1000, 0, 15 * time.Second, 0},
		"two, newer":        {2, 1000, 0, 0, 4 * time.Second},
		"two, older":        {2, 0, 0, 2 * time.Minute, 0},
		"all, older":        {3, 0, 0, 50 * time.Second, 70 * time.Second},
		"two, equal":        {2, 1, 0, 2 * time.Minute, 0},
		"three, newer":      {3, 2, 0, 0, 4 * time.Second},
		"one of two, newer": {1, 1000, 1, 15 * time.Second, 0},
		"the only one":      {1, 1000, 2, 0, 4 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				c := follow(t, redistest.NewSet(t, redistest.SetConfig{DemoteAfter: time.Second}))
				require.NoError(t, c.Failover())
				time.Sleep(10 * time.Second)
				require.Len(t, c.switched(), 1)
				other := c.Replica()
				other.Answer("ROLE", saysMaster)
				for _, s := range c.Sentinels[:tc.liars] {
					s.Lie(other.Addr(), tc.epoch)
				}
				for _, s := range c.Sentinels[len(c.Sentinels)-tc.dead:] {
					s.Kill()
				}
				time.Sleep(tc.no)
				require.Len(t, c.switched(), 1, "too early")
				if tc.then == 0 {
					return
				}
				time.Sleep(tc.then - tc.no)
				switches := c.switched()
				require.Len(t, switches, 2)
				require.Equal(t, other.Addr(), switches[1].To)
				require.False(t, switches[1].Planned)
			})
		})
	}
}

// A switch to a server that is a master, and back: it is followed there and back.
func TestSwitchThatIsTakenBack(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		first, other := c.Master().Addr(), c.Replica()
		other.Answer("ROLE", saysMaster)
		c.Sentinels[0].TakeBack(other.Addr(), time.Second)
		time.Sleep(5 * time.Second)
		switches := c.switched()
		require.Len(t, switches, 2)
		require.Equal(t, []string{other.Addr(), first}, []string{switches[0].To, switches[1].To})
		_, err := c.do("INCR", "n")
		require.NoError(t, err)
	})
}

// An announcement that is taken back before its server says that it is a master is forgotten.
func TestAnnouncementThatIsTakenBack(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		other := c.Replica()
		c.Sentinels[0].TakeBack(other.Addr(), time.Second)
		time.Sleep(1500 * time.Millisecond)
		other.Answer("ROLE", saysMaster)
		time.Sleep(5 * time.Second)
		require.Empty(t, c.switched())
	})
}

// Who has announced names, and is reached elsewhere, is reached there.
func TestFailoverWithAnnouncedAddresses(t *testing.T) {
	for name, cfg := range map[string]redistest.SetConfig{
		"names":  {Hostnames: true},
		"mapped": {Announce: func(addr string) string { return "172.17" + addr[len("10.0"):] }},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				set := redistest.NewSet(t, cfg)
				reach := sentinel.AddressMap{}
				if cfg.Announce != nil {
					for _, n := range set.Nodes {
						reach[cfg.Announce(n.Addr())] = n.Addr()
					}
				}
				c := follow(t, set, func(cfg *sentinel.Config, _ *pool.Config) { cfg.Reach = reach.Reach })
				s := c.increments(4)
				require.NoError(t, c.Failover())
				time.Sleep(12 * time.Second)
				require.Zero(t, s.stop())
				require.Empty(t, s.errs)
				require.Len(t, c.switched(), 1)
			})
		})
	}
}
