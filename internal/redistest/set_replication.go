package redistest

import (
	"maps"
	"strconv"
	"time"
)

// A change is what a write has made of some keys.
type change struct {
	values map[dbKey]string
	gone   []dbKey
	offset int64 // after it
}

// propagateLocked sends what a write has done to the replicas. Offsets grow by the size of the command.
func (n *Node) propagateLocked(db int, keys, args []string) {
	n.offset += int64(len(commandLine(args)))
	ch := change{values: map[dbKey]string{}, offset: n.offset}
	n.redis.keys.mu.Lock()
	for _, key := range keys {
		k := dbKey{db, key}
		if v, ok := n.redis.keys.data[k]; ok {
			ch.values[k] = v
		} else {
			ch.gone = append(ch.gone, k)
		}
	}
	n.redis.keys.mu.Unlock()
	for _, r := range n.replicasLocked() {
		r.stream = append(r.stream, ch)
		link := r.link
		n.set.after(n.set.cfg.ReplicationDelay, func() { r.applyLocked(link) })
	}
}

// applyLocked carries out the next change, unless the link on which it came has ended.
func (n *Node) applyLocked(link int) {
	if n.link != link {
		return
	}
	ch := n.stream[0]
	n.stream = n.stream[1:]
	n.redis.keys.mu.Lock()
	for _, k := range ch.gone {
		delete(n.redis.keys.data, k)
	}
	maps.Copy(n.redis.keys.data, ch.values)
	n.redis.keys.mu.Unlock()
	n.offset = max(n.offset, ch.offset)
	n.master.wakeLocked()
}

// wakeLocked makes every WAIT look again.
func (n *Node) wakeLocked() {
	close(n.acked)
	n.acked = make(chan struct{})
}

// unlinkLocked ends what a replica gets from its master.
func (n *Node) unlinkLocked() {
	n.linked, n.stream = false, nil
	n.link++
}

// syncLocked makes a replica ask its master for all data, a moment from now. Should one not reach the other then, it happens when they do.
func (n *Node) syncLocked() {
	n.unlinkLocked()
	link := n.link
	n.set.after(n.set.cfg.ReplicationDelay, func() {
		m := n.master
		if n.link != link || m == nil || !n.reachable() || !m.reachable() {
			return
		}
		m.redis.keys.mu.Lock()
		data := maps.Clone(m.redis.keys.data)
		m.redis.keys.mu.Unlock()
		n.redis.keys.mu.Lock()
		n.redis.keys.data = data
		n.redis.keys.mu.Unlock()
		n.offset, n.linked = m.offset, true
		m.wakeLocked()
	})
}

// promoteLocked is SLAVEOF NO ONE with the CLIENT KILL that sentinels send along.
func (n *Node) promoteLocked() {
	n.unlinkLocked()
	n.master = nil
	n.closeClientsLocked()
}

// followLocked is SLAVEOF with the CLIENT KILL that sentinels send along. What was written here and nowhere else is lost with the next sync.
func (n *Node) followLocked(master *Node) {
	n.master = master
	n.wakeLocked()
	n.closeClientsLocked()
	n.syncLocked()
}

// relinkLocked is what an outage of n, and its end, mean for replication.
func (n *Node) relinkLocked(reachable bool) {
	for _, r := range n.set.Nodes {
		switch {
		case r != n && r.master != n, r.master == nil:
		case reachable:
			r.syncLocked()
		default:
			r.unlinkLocked()
		}
	}
	n.wakeLocked()
}

// waitReplicas is WAIT. It speaks of the last write of its own connection, and of all before it.
func (n *Node) waitReplicas(_ *redis, c *Session, args []string) {
	if n.Role() != "master" {
		c.Error(errWaitReplica)
		return
	}
	want, err := strconv.Atoi(args[1])
	ms, timeoutErr := strconv.Atoi(args[2])
	switch {
	case err != nil:
		c.Error(errNotInteger)
	case timeoutErr != nil:
		c.Error(errWaitTimeout)
	case ms < 0:
		c.Error(errNegative)
	default:
		c.Flush()
		n.awaitReplicas(c, want, time.Duration(ms)*time.Millisecond)
	}
}

// awaitReplicas waits for ever when timeout is 0, as WAIT does.
func (n *Node) awaitReplicas(c *Session, want int, timeout time.Duration) {
	var late <-chan time.Time
	if timeout > 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		late = timer.C
	}
	offset, _ := c.Values[offsetOf].(int64)
	for expired := false; ; {
		got, again, over := n.acknowledged(offset)
		switch {
		case over:
			c.Error(errUnblocked)
			return
		case got >= want || expired:
			c.Int(int64(got))
			return
		}
		select {
		case <-again:
		case <-late:
			expired = true
		case <-n.set.done:
			return
		}
	}
}

// acknowledged counts the replicas that have everything up to offset. again is closed when there may be more of them, and over reports that n is
// in no state to wait for them.
func (n *Node) acknowledged(offset int64) (got int, again <-chan struct{}, over bool) {
	n.set.mu.Lock()
	defer n.set.mu.Unlock()
	for _, r := range n.replicasLocked() {
		if r.offset >= offset {
			got++
		}
	}
	return got, n.acked, n.master != nil || n.down
}
