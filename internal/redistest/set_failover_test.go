package redistest

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSetPlannedFailover(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		leader, other := events(t, s, sentinel1), events(t, s, sentinel2)
		old := dialSet(t, s, node1)
		require.NoError(t, s.Failover())
		time.Sleep(700 * time.Millisecond)
		names(t, s, isNode1, isNode1, isNode1)
		assert.Equal(t, "master", s.Nodes[1].Role())
		time.Sleep(100 * time.Millisecond)
		names(t, s, isNode2, isNode1, isNode1) // the leader names it before it announces the switch
		time.Sleep(100 * time.Millisecond)
		const master, slave = "master mymaster 10.0.0.1 6379", "slave 10.0.0.2:6379 10.0.0.2 6379 @ mymaster 10.0.0.1 6379"
		assert.Equal(t, []string{
			"0s +new-epoch 1",
			"0s +try-failover " + master,
			"20ms +vote-for-leader 0000000000000000000000000000000000005001 1",
			"20ms +elected-leader " + master,
			"20ms +failover-state-select-slave " + master,
			"80ms +selected-slave " + slave,
			"80ms +failover-state-send-slaveof-noone " + slave,
			"180ms +failover-state-wait-promotion " + slave,
			"780ms -role-change " + slave + " new reported role is master",
			"780ms +promoted-slave " + slave,
			"780ms +failover-state-reconf-slaves " + master,
			"850ms +failover-end " + master,
			"850ms +switch-master mymaster 10.0.0.1 6379 10.0.0.2 6379",
			"850ms +slave slave 10.0.0.1:6379 10.0.0.1 6379 @ mymaster 10.0.0.2 6379",
		}, leader())
		time.Sleep(300 * time.Millisecond)
		assert.Equal(t, []string{
			"50ms +new-epoch 1",
			"1.15s +config-update-from sentinel 0000000000000000000000000000000000005001 10.0.1.1 26379 @ mymaster 10.0.0.1 6379",
			"1.15s +switch-master mymaster 10.0.0.1 6379 10.0.0.2 6379",
			"1.15s +slave slave 10.0.0.1:6379 10.0.0.1 6379 @ mymaster 10.0.0.2 6379",
		}, other())
		names(t, s, isNode2, isNode2, isNode2)
		assert.Equal(t, "OK", old.do("SET lost 1"))
		assert.Contains(t, old.do("ROLE"), `["master"`)
		time.Sleep(8 * time.Second)
		_, err := old.next()
		assert.ErrorIs(t, err, io.EOF) // sentinels kill the clients of a node whose role they change
		assert.Equal(t, []string{"8.85s +convert-to-slave slave 10.0.0.1:6379 10.0.0.1 6379 @ mymaster 10.0.0.2 6379"}, leader())
		_, kept := s.Nodes[0].Get("lost")
		assert.False(t, kept)
		assert.Equal(t, int64(1), s.Epoch())
		assert.Same(t, s.Nodes[1], s.Master())
		assert.Same(t, s.Nodes[0], s.Replica())
		require.NoError(t, s.Failover()) // and back
		synctest.Wait()
	})
}

// within waits until the newest configuration has another master, and returns how long that took.
func within(t *testing.T, s *Set, limit time.Duration) time.Duration {
	t.Helper()
	before, start := s.Master(), time.Now()
	for s.Master() == before {
		require.Less(t, time.Since(start), limit, "no failover")
		time.Sleep(10 * time.Millisecond)
		synctest.Wait()
	}
	return time.Since(start)
}

func TestSetAutomaticFailover(t *testing.T) {
	for name, strike := range map[string]func(n *Node){"killed": (*Node).Kill, "frozen": (*Node).Freeze, "cut": (*Node).Cut, "isolated": (*Node).Isolate} {
		t.Run(name, func(t *testing.T) {
			inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
				heard := events(t, s, sentinel1)
				strike(s.Nodes[0])
				assert.Equal(t, 1950*time.Millisecond, within(t, s, 3*time.Second))
				const master = "master mymaster 10.0.0.1 6379"
				got := heard()
				assert.Equal(t, []string{
					"1s +sdown " + master,
					"1.1s +odown " + master + " #quorum 3/2",
					"1.1s +new-epoch 1",
					"1.1s +try-failover " + master,
					"1.1s +vote-for-leader 0000000000000000000000000000000000005001 1",
				}, got[:5])
				time.Sleep(time.Second)
				assert.Equal(t, []string{"2.95s +sdown slave 10.0.0.1:6379 10.0.0.1 6379 @ mymaster 10.0.0.2 6379"}, heard())
				names(t, s, isNode2, isNode2, isNode2)
				s.Nodes[0].Start()
				s.Nodes[0].Thaw()
				s.Nodes[0].Heal()
				time.Sleep(2 * time.Second)
				assert.Equal(t, "master", s.Nodes[0].Role())
				time.Sleep(7 * time.Second)
				assert.Equal(t, "slave", s.Nodes[0].Role())
				assert.Equal(t, []string{
					"3.05s -sdown slave 10.0.0.1:6379 10.0.0.1 6379 @ mymaster 10.0.0.2 6379",
					"11.05s +convert-to-slave slave 10.0.0.1:6379 10.0.0.1 6379 @ mymaster 10.0.0.2 6379",
				}, heard())
			})
		})
	}
}

func TestSetMasterThatReturnsInTime(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		heard := events(t, s, sentinel1)
		s.Nodes[0].Freeze()
		time.Sleep(900 * time.Millisecond)
		s.Nodes[0].Thaw()
		time.Sleep(time.Minute)
		assert.Empty(t, heard())
		s.Nodes[0].Freeze()
		time.Sleep(1050 * time.Millisecond)
		s.Nodes[0].Thaw()
		time.Sleep(time.Minute)
		got := heard()
		assert.Contains(t, got, "1m2.05s -odown master mymaster 10.0.0.1 6379")
		assert.Contains(t, got, "1m2.85s +switch-master mymaster 10.0.0.1 6379 10.0.0.2 6379") // too late: the failover goes on
		assert.Same(t, s.Nodes[1], s.Master())
	})
}

func TestSetFailoverThatIsAborted(t *testing.T) {
	ends := map[string]string{AbortNotElected: "10s ", AbortNoGoodSlave: "80ms ", AbortSlaveTimeout: "10.18s "}
	for event, after := range ends {
		t.Run(event, func(t *testing.T) {
			inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
				heard := events(t, s, sentinel1)
				s.AbortNext(event)
				require.NoError(t, s.Failover())
				time.Sleep(time.Minute)
				got := heard()
				assert.Equal(t, after+event+" master mymaster 10.0.0.1 6379", got[len(got)-1])
				assert.Same(t, s.Nodes[0], s.Master())
				assert.Equal(t, "slave", s.Nodes[1].Role())
				require.NoError(t, s.Failover())
				within(t, s, time.Second) // only one was to fail
			})
		})
	}
}

func TestSetFailoverNeedsAMajority(t *testing.T) {
	inSet(t, SetConfig{Quorum: 1}, func(t *testing.T, s *Set) {
		s.Sentinels[1].Kill()
		s.Sentinels[2].Freeze()
		heard := events(t, s, sentinel1)
		s.Nodes[0].Kill()
		time.Sleep(15 * time.Second)
		got := heard()
		assert.Equal(t, "11.1s -failover-abort-not-elected master mymaster 10.0.0.1 6379", got[len(got)-1])
		s.Sentinels[2].Thaw()
		within(t, s, 30*time.Second)
		assert.Equal(t, `["10.0.0.2", "6379"]`, dialSet(t, s, sentinel1).do(whoMaster))
	})
}

func TestSetFailoverNeedsAQuorum(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		s.Sentinels[0].Kill()
		s.Sentinels[1].Cut()
		heard := events(t, s, "10.0.1.3:26379")
		s.Nodes[0].Kill()
		time.Sleep(time.Minute)
		assert.Equal(t, []string{"1s +sdown master mymaster 10.0.0.1 6379"}, heard())
		s.Sentinels[0].Start()
		within(t, s, 5*time.Second)
	})
}

func TestSetLeaderThatDies(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		require.NoError(t, s.Failover())
		time.Sleep(300 * time.Millisecond)
		s.Sentinels[0].Kill()
		require.Equal(t, "master", s.Nodes[1].Role())
		time.Sleep(10 * time.Second)
		assert.Equal(t, "slave", s.Nodes[1].Role())
		assert.Equal(t, isNode1, dialSet(t, s, sentinel2).do(whoMaster))
	})
}

func TestSetReplicaThatDies(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		heard := events(t, s, sentinel1)
		require.NoError(t, s.Failover())
		time.Sleep(100 * time.Millisecond)
		s.Nodes[1].Kill()
		assert.EqualError(t, s.Failover(), "INPROG Failover already in progress")
		time.Sleep(20 * time.Second)
		got := heard()
		assert.Equal(t, "10.18s -failover-abort-slave-timeout master mymaster 10.0.0.1 6379", got[len(got)-1])
		assert.EqualError(t, s.Failover(), "NOGOODSLAVE No suitable replica to promote")
	})
}

func TestSetOtherReplicasFollow(t *testing.T) {
	inSet(t, SetConfig{Nodes: 3}, func(t *testing.T, s *Set) {
		heard := events(t, s, sentinel1)
		require.NoError(t, s.Failover())
		time.Sleep(time.Second)
		assert.Contains(t, heard(), "780ms +slave-reconf-sent slave 10.0.0.3:6379 10.0.0.3 6379 @ mymaster 10.0.0.1 6379")
		dialSet(t, s, node2).do("SET k v")
		time.Sleep(time.Second)
		v, _ := s.Nodes[2].Get("k")
		assert.Equal(t, "v", v)
	})
}

// A replica that was away is checked a while later. By then, it may be the one that is being promoted.
func TestSetPromotionIsNotCorrected(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		s.Nodes[1].Freeze()
		time.Sleep(2 * time.Second)
		s.Nodes[1].Thaw()
		time.Sleep(7600 * time.Millisecond)
		require.NoError(t, s.Failover())
		time.Sleep(time.Second)
		assert.Same(t, s.Nodes[1], s.Master())
		assert.Equal(t, "master", s.Nodes[1].Role())
	})
}

// A replica that was away while the master changed follows the old one until it is told.
func TestSetReplicaThatMissedIt(t *testing.T) {
	inSet(t, SetConfig{Nodes: 3}, func(t *testing.T, s *Set) {
		heard := events(t, s, sentinel1)
		s.Nodes[2].Cut()
		require.NoError(t, s.Failover())
		time.Sleep(20 * time.Second)
		heard()
		s.Nodes[2].Heal()
		time.Sleep(10 * time.Second)
		assert.Equal(t, []string{
			"20.1s -sdown slave 10.0.0.3:6379 10.0.0.3 6379 @ mymaster 10.0.0.2 6379",
			"28.1s +fix-slave-config slave 10.0.0.3:6379 10.0.0.3 6379 @ mymaster 10.0.0.2 6379",
		}, heard())
		assert.Equal(t, `["slave", "10.0.0.2", 6379, "connected", 0]`, dialSet(t, s, "10.0.0.3:6379").do("ROLE"))
	})
}
