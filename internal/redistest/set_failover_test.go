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
