package redistest

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSetKill(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		c := dialSet(t, s, node1)
		s.Nodes[0].Kill()
		_, err := c.next()
		require.ErrorIs(t, err, syscall.ECONNRESET)
		require.ErrorIs(t, dialFor(s, node1, time.Second), syscall.ECONNREFUSED)
		require.ErrorIs(t, dialFor(s, "10.9.9.9:1", time.Second), syscall.ECONNREFUSED)
		s.Nodes[0].Start()
		assert.Equal(t, "PONG", dialSet(t, s, node1).do("PING"))
		assert.Equal(t, 2, s.Nodes[0].Dials())
	})
}

func TestSetFreeze(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		s.Sentinels[0].Kill() // nobody promotes the other node
		s.Sentinels[1].Kill()
		early := dialSet(t, s, node1)
		require.Equal(t, "PONG", early.do("PING"))
		s.Nodes[0].Freeze()
		late := dialSet(t, s, node1)
		require.NoError(t, early.send("INCR n"))
		require.NoError(t, late.send("INCR n"))
		require.NoError(t, late.nc.Close()) // what it sent counts all the same
		time.Sleep(time.Minute)
		assert.Equal(t, 0, s.Nodes[0].Int("n"))
		assert.Equal(t, []string{"PING"}, s.Nodes[0].Commands())
		s.Nodes[0].Thaw()
		reply, err := early.next()
		require.NoError(t, err)
		assert.Contains(t, "1 2", reply)
		synctest.Wait()
		assert.Equal(t, 2, s.Nodes[0].Int("n"))
		assert.Equal(t, 1, s.Nodes[0].Clients())
	})
}

func TestSetKillOfWhatIsFrozen(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		c := dialSet(t, s, node1)
		s.Nodes[0].Freeze()
		require.NoError(t, c.send("INCR n"))
		s.Nodes[0].Kill()
		_, err := c.next()
		require.ErrorIs(t, err, syscall.ECONNRESET)
		s.Nodes[0].Start()
		assert.Equal(t, 0, s.Nodes[0].Int("n")) // it never saw that
	})
}

func TestSetCut(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		c, killed := dialSet(t, s, node2), dialSet(t, s, sentinel1)
		s.Nodes[1].Cut()
		s.Sentinels[0].Cut()
		require.ErrorIs(t, dialFor(s, node2, time.Second), context.DeadlineExceeded)
		require.NoError(t, c.send("PING"))
		require.NoError(t, c.nc.SetReadDeadline(time.Now().Add(time.Second)))
		_, err := c.next()
		require.True(t, isTimeout(err), "%v", err)
		s.Sentinels[0].Kill()
		require.NoError(t, killed.send("PING")) // it does not know yet
		time.AfterFunc(time.Second, s.Nodes[1].Heal)
		time.AfterFunc(time.Second, s.Sentinels[0].Heal)
		require.NoError(t, dialFor(s, node2, time.Minute))
		require.NoError(t, c.nc.SetReadDeadline(time.Time{}))
		reply, err := c.next()
		require.NoError(t, err)
		assert.Equal(t, "PONG", reply)
		_, err = killed.next()
		require.ErrorIs(t, err, syscall.ECONNRESET)
	})
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func TestSetSlow(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		c := dialSet(t, s, sentinel1)
		s.Sentinels[0].Slow(700 * time.Millisecond)
		start := time.Now()
		assert.Equal(t, isNode1, c.do(whoMaster))
		assert.Equal(t, 700*time.Millisecond, time.Since(start))
		assert.Equal(t, 1, s.Sentinels[0].Count("SENTINEL GET-MASTER"))
	})
}

// TestSetEnds leaves everything in the middle of something. Goroutines that did not end would fail it.
func TestSetEnds(t *testing.T) {
	inSet(t, SetConfig{Nodes: 4}, func(t *testing.T, s *Set) {
		for i, strike := range []func(n *Node){(*Node).Freeze, (*Node).Cut, func(n *Node) { n.Slow(time.Hour) }, func(*Node) {}} {
			c := dialSet(t, s, s.Nodes[i].Addr())
			strike(s.Nodes[i])
			require.NoError(t, c.send("PING"))
		}
		require.NoError(t, dialSet(t, s, node1).send("WAIT 9 0"))
		s.Sentinels[0].Freeze()
		require.NoError(t, dialSet(t, s, sentinel1).send("SUBSCRIBE a"))
		s.Sentinels[0].Say("a", "b")
		s.Close()
		require.ErrorIs(t, dialFor(s, node1, time.Second), net.ErrClosed)
	})
}

func TestSetAnswer(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		c := dialSet(t, s, sentinel1)
		s.Sentinels[0].Answer("sentinel get-master-addr-by-name", func(c *Session, _ []string) { c.Simple("what?") })
		s.Nodes[0].Answer("GET", func(c *Session, _ []string) { c.Error("LOADING") })
		assert.Equal(t, "what?", c.do(whoMaster))
		assert.Equal(t, "LOADING", dialSet(t, s, node1).do("GET a"))
		s.Sentinels[0].Answer("SENTINEL GET-MASTER-ADDR-BY-NAME", nil)
		assert.Equal(t, isNode1, c.do(whoMaster))
	})
}

func TestSetHostnames(t *testing.T) {
	announce := func(addr string) string { return "outside-" + addr }
	inSet(t, SetConfig{Hostnames: true, Announce: announce}, func(t *testing.T, s *Set) {
		require.Equal(t, []string{"sentinel-1.test:26379", "sentinel-2.test:26379", "sentinel-3.test:26379"}, s.SentinelAddrs())
		assert.Equal(t, `["outside-redis-1.test", "6379"]`, dialSet(t, s, "sentinel-1.test:26379").do(whoMaster))
		assert.Equal(t, `["slave", "outside-redis-1.test", 6379, "connected", 0]`, dialSet(t, s, "redis-2.test:6379").do("ROLE"))
		var unknown *net.DNSError
		require.ErrorAs(t, dialFor(s, "outside-redis-1.test:6379", time.Second), &unknown)
	})
}

func TestSetTLS(t *testing.T) {
	ca := NewCA(t)
	inSet(t, SetConfig{SentinelTLS: ca.ServerConfig(ca.Server())}, func(t *testing.T, s *Set) {
		c, config := dialSet(t, s, sentinel1), ca.ClientConfig()
		config.ServerName = "localhost"
		c.nc = tls.Client(c.nc, config)
		assert.Equal(t, isNode1, c.do(whoMaster))
		assert.Equal(t, "PONG", dialSet(t, s, node1).do("PING"))
	})
}

func TestSetSlowCommandMeetsAFreeze(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		c := dialSet(t, s, node1)
		s.Nodes[0].Slow(200 * time.Millisecond)
		require.NoError(t, c.send("INCR n"))
		synctest.Wait()
		s.Nodes[0].Freeze()
		time.Sleep(500 * time.Millisecond)
		assert.Equal(t, 0, s.Nodes[0].Int("n"))
		s.Nodes[0].Thaw()
		reply, err := c.next()
		require.NoError(t, err)
		assert.Equal(t, "1", reply)
	})
}

func TestSetEventsDoNotPassACut(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		heard := events(t, s, sentinel1)
		s.Sentinels[0].Cut()
		s.Sentinels[0].Say("a", "1")
		s.Sentinels[0].Say("a", "2")
		time.Sleep(time.Second)
		assert.Empty(t, heard())
		s.Sentinels[0].Heal()
		assert.Equal(t, []string{"1s a 1", "1s a 2"}, heard())
	})
}

func TestSetRestartBehindACut(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		c := dialSet(t, s, sentinel1)
		s.Sentinels[0].Cut()
		s.Sentinels[0].Kill()
		s.Sentinels[0].Start()
		s.Sentinels[0].Heal()
		_, err := c.next()
		require.ErrorIs(t, err, syscall.ECONNRESET)
		c = dialSet(t, s, sentinel1)
		s.Sentinels[0].CloseClients()
		_, err = c.next()
		require.ErrorIs(t, err, syscall.ECONNRESET)
	})
}
