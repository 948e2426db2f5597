package redistest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The replies are those of Redis 7.0 to the same commands; only addresses and offsets differ.
func TestSetNodesAnswer(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		master, replica := dialSet(t, s, node1), dialSet(t, s, node2)
		assert.Equal(t, "OK", master.do("SET a b"))
		assert.Equal(t, "null", replica.do("GET a")) // not yet
		assert.Equal(t, "1", master.do("WAIT 1 100"))
		assert.Equal(t, `"b"`, replica.do("GET a"))
		assert.Equal(t, "1", master.do("INCR n"))
		assert.Equal(t, "1", master.do("DEL a"))
		time.Sleep(time.Millisecond)
		synctest.Wait()
		assert.Equal(t, "null", replica.do("GET a"))
		assert.Equal(t, 1, s.Nodes[1].Int("n"))
		assert.Equal(t, `["master", 18, [["10.0.0.2", "6379", "18"]]]`, master.do("ROLE"))
		assert.Equal(t, `["slave", "10.0.0.1", 6379, "connected", 18]`, replica.do("ROLE"))
		assert.Contains(t, master.do("HELLO 3"), `"mode": "standalone", "role": "master"`)
		assert.Contains(t, replica.do("HELLO 3"), `"mode": "standalone", "role": "replica"`)
		for _, write := range []string{"SET a b", "INCR n", "DEL a"} {
			assert.Equal(t, "READONLY You can't write against a read only replica.", replica.do(write))
		}
		assert.Equal(t, "ERR wrong number of arguments for 'wait' command", master.do("WAIT 0"))
		assert.Equal(t, "ERR value is not an integer or out of range", master.do("WAIT x 1"))
		assert.Equal(t, "ERR timeout is negative", master.do("WAIT 1 -1"))
		assert.Contains(t, replica.do("WAIT 1 100"), "ERR WAIT cannot be used with replica instances. ")
		assert.Equal(t, "ERR wrong number of arguments for 'role' command", master.do("ROLE x"))
	})
}

func TestSetWaitCounts(t *testing.T) {
	inSet(t, SetConfig{Nodes: 3, ReplicationDelay: 10 * time.Millisecond}, func(t *testing.T, s *Set) {
		c := dialSet(t, s, node1)
		assert.Equal(t, "2", c.do("WAIT 0 0")) // it has not written anything
		s.Nodes[2].Freeze()
		start := time.Now()
		c.do("SET a b")
		assert.Equal(t, "1", c.do("WAIT 1 0"))
		assert.Equal(t, 10*time.Millisecond, time.Since(start))
		assert.Equal(t, "1", c.do("WAIT 2 50"))
		assert.Equal(t, 60*time.Millisecond, time.Since(start))
		require.NoError(t, c.send("WAIT 2 0"))
		s.Nodes[2].Thaw()
		got, err := c.next()
		require.NoError(t, err)
		assert.Equal(t, "2", got)
		v, _ := s.Nodes[2].Get("a")
		assert.Equal(t, "b", v)
	})
}

func TestSetReplicationKeepsTheOrder(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		c := dialSet(t, s, node1)
		for range 200 { // all of them at the same instant
			c.do("INCR n")
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		assert.Equal(t, 200, s.Nodes[1].Int("n"))
	})
}

func TestSetWritesThatAreLost(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		c := dialSet(t, s, node1)
		assert.Equal(t, "1", c.do("INCR n"))
		time.Sleep(time.Second)
		s.Nodes[0].Isolate()
		assert.Equal(t, "2", c.do("INCR n"))
		assert.Equal(t, "0", c.do("WAIT 1 100"))
		within(t, s, 3*time.Second)
		assert.Equal(t, "3", c.do("INCR n"))
		assert.Equal(t, "2", dialSet(t, s, node2).do("INCR n"))
		s.Nodes[0].Heal()
		time.Sleep(10 * time.Second)
		assert.Equal(t, 2, s.Nodes[0].Int("n"))
		assert.Equal(t, 2, s.Nodes[1].Int("n"))
	})
}

func TestSetWaitOfAMasterThatIsDemoted(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		require.NoError(t, s.Failover())
		time.Sleep(2 * time.Second)
		c := dialSet(t, s, node1)
		c.do("SET a b")
		start := time.Now()
		assert.Equal(t, "EOF", c.do("WAIT 1 0"))
		assert.Less(t, time.Since(start), 10*time.Second)
	})
}

func TestSetRoleOfAReplicaWithoutMaster(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		c := dialSet(t, s, node2)
		s.Nodes[0].Kill()
		assert.Equal(t, `["slave", "10.0.0.1", 6379, "connect", -1]`, c.do("ROLE"))
		s.Nodes[0].Start()
		time.Sleep(10 * time.Millisecond)
		assert.Equal(t, `["slave", "10.0.0.1", 6379, "connected", 0]`, c.do("ROLE"))
	})
}

func TestSetWritesInFlightAreLost(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		assert.Equal(t, "OK", dialSet(t, s, node1).do("SET a b"))
		s.Nodes[0].Kill()
		within(t, s, 3*time.Second)
		_, arrived := s.Nodes[1].Get("a")
		assert.False(t, arrived)
		_, kept := s.Nodes[0].Get("a")
		assert.True(t, kept)
		s.Nodes[0].Start()
		time.Sleep(10 * time.Second)
		_, kept = s.Nodes[0].Get("a")
		assert.False(t, kept)
	})
}
