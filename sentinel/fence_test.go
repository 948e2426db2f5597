package sentinel_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
	"github.com/bwredis/bwredis/sentinel"
)

// holds reports whether a write would have to wait now.
func (c *cluster) holds() bool {
	synctest.Wait()
	var q resp.Request
	return c.resolver.Gate(q.Cmd("SET").Str("a").Str("1")) != nil
}

// nothingIsLost asks a sentinel for a failover in a stream of writes: none that was acknowledged may be lost.
func (c *cluster) nothingIsLost(leader int) {
	c.t.Helper()
	s := c.increments(8)
	require.NoError(c.t, c.Sentinels[leader].Failover())
	time.Sleep(15 * time.Second)
	require.Zero(c.t, s.stop())
	require.Empty(c.t, s.errs)
	switches := c.switched()
	require.Len(c.t, switches, 1)
	require.True(c.t, switches[0].Planned)
	require.Positive(c.t, switches[0].Held)
}

// A sentinel that dies in the failover that it leads does not keep the next one, of another sentinel, from holding writes.
func TestLeaderThatDiesInItsFailover(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		require.NoError(t, c.Sentinels[0].Failover())
		time.Sleep(30 * time.Millisecond)
		require.True(t, c.holds())
		c.Sentinels[0].Kill() // nobody has been promoted
		time.Sleep(2 * time.Minute)
		require.Empty(t, c.switched())
		asked := c.questions()
		time.Sleep(time.Minute)
		require.LessOrEqual(t, c.questions()-asked, 3*30+2, "nothing is wrong any more")
		c.nothingIsLost(1)
	})
}

// Nor does one that says for ever that it leads a failover, as one does that hangs.
func TestSentinelWhoseFailoverNeverEnds(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		c.Sentinels[2].Answer("SENTINEL MASTER", leading)
		time.Sleep(time.Minute)
		require.False(t, c.holds())
		c.nothingIsLost(0)
	})
}

// A sentinel that speaks of a failover all the time, and denies it when it is asked, stops few writes, and writes few lines into the log.
func TestSentinelThatCriesWolf(t *testing.T) {
	run(t, func(t *testing.T) {
		l := &log{}
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}), func(cfg *sentinel.Config, _ *pool.Config) { cfg.Logger = l.logger() })
		const minutes = 3
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), minutes*time.Minute)
		defer cancel()
		done := make(chan struct{})
		go func() {
			defer close(done)
			for ctx.Err() == nil {
				for range 110 {
					c.Sentinels[2].Say("+try-failover", "master mymaster 10.0.0.1 6379")
					time.Sleep(100 * time.Millisecond)
				}
				time.Sleep(1500 * time.Millisecond) // the next one is another one
			}
		}()
		var held time.Duration
		for ctx.Err() == nil {
			took, err := c.gate(t.Context())
			require.NoError(t, err)
			held += took
			time.Sleep(20 * time.Millisecond)
		}
		<-done
		require.Less(t, held, time.Since(began)/4)
		require.LessOrEqual(t, len(l.lines()), 2*2*minutes+2, "each of two lines twice a minute")
		require.Empty(t, c.switched())
	})
}

// When writes went on to the old master, because they had been held for as long as is set, the Switch says that some may be lost.
func TestWritesThatWentOnAreNotPlanned(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}), func(cfg *sentinel.Config, _ *pool.Config) { cfg.MaxFence = 200 * time.Millisecond })
		s := c.increments(8)
		require.NoError(t, c.Failover())
		time.Sleep(12 * time.Second)
		require.Positive(t, s.stop(), "they went on")
		switches := c.switched()
		require.Len(t, switches, 1)
		require.False(t, switches[0].Planned)
	})
}

// A failover that was announced and came to nothing says nothing of the next one, which nobody announces.
func TestWarningsDoNotOutliveTheirFailover(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		c.announce()
		require.True(t, c.holds())
		time.Sleep(10 * time.Second)
		require.False(t, c.holds())
		for _, s := range c.Sentinels {
			s.Mute()
		}
		require.NoError(t, c.Failover())
		time.Sleep(12 * time.Second)
		switches := c.switched()
		require.Len(t, switches, 1)
		require.False(t, switches[0].Planned)
	})
}

// While the server that a sentinel announces is asked whether it is the master, nobody writes to the old one; and when it is not, writes go on.
func TestWritesAreHeldWhileACandidateIsAsked(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		c.Sentinels[1].Say("+switch-master", "mymaster 10.0.0.1 6379 10.0.0.2 6379")
		require.True(t, c.holds())
		held, err := c.gate(t.Context())
		require.NoError(t, err)
		require.InDelta(t, 3*time.Second, held, float64(100*time.Millisecond), "as long as it has to say so")
		require.Empty(t, c.switched())
	})
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		c.Sentinels[0].Mute() // its warnings are not heard; the others announce the switch
		for _, n := range c.Nodes[1:] {
			n.Slow(500 * time.Millisecond)
		}
		require.NoError(t, c.Failover())
		for began := time.Now(); !c.holds(); time.Sleep(time.Millisecond) {
			require.Less(t, time.Since(began), 10*time.Second)
		}
		require.Empty(t, c.switched())
		_, err := c.do("SET", "late", "1")
		require.NoError(t, err)
		time.Sleep(12 * time.Second)
		_, there := c.Master().Get("late")
		require.True(t, there)
		require.Len(t, c.switched(), 1)
	})
}

// Whoever closes the pool in a failover, and then ends the watch, sends nothing of what was held to the old master.
func TestCloseInAFailover(t *testing.T) {
	run(t, func(t *testing.T) {
		c := follow(t, redistest.NewSet(t, redistest.SetConfig{}))
		_, err := c.do("SET", "warm", "1")
		require.NoError(t, err)
		require.NoError(t, c.Failover())
		time.Sleep(300 * time.Millisecond)
		done := make(chan error, 1)
		go func() {
			_, err := c.do("SET", "late", "1")
			done <- err
		}()
		require.True(t, c.holds())
		require.Empty(t, done)
		require.NoError(t, c.pool.Close())
		c.stop()
		<-c.stopped
		require.ErrorIs(t, <-done, pool.ErrClosed)
		for _, n := range c.Nodes {
			_, there := n.Get("late")
			require.False(t, there)
		}
	})
}
