package harness

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// SentinelConfig says what set a test wants. Only Version is required.
type SentinelConfig struct {
	Version   Version
	Name      string        // of the master; default "mymaster"
	Replicas  int           // default 1
	Sentinels int           // default 3; the quorum is the majority
	DownAfter time.Duration // without an answer a server counts as down; default 1 s
	Password  string        // of the data servers' default user, and between them; empty: none

	SentinelPassword string // of the Sentinels, and between them; empty: none
	SentinelUser     string // whose SentinelPassword is; empty is the default user; needs Redis 6.2

	// StockPeriods leaves Sentinel's inner clock as it is shipped: after a failover on request an old master
	// stays one for about 10 s. Otherwise, and from Redis 7 on, it takes about one second.
	StockPeriods bool

	Hostnames bool // announce names, such as node0.bwredis.test, and not addresses; needs Redis 6.2

	TLS  *TLS     // for everything, between the members, too: then there is no plain port
	Args []string // further arguments of the data servers: "--min-replicas-to-write", "1"
}

// SentinelSet is a master with its replicas and the Sentinels that watch them, on a network of their own.
// The members announce the addresses that they have there, which mean nothing on this machine: see
// [SentinelSet.AddressMap].
type SentinelSet struct {
	Name      string
	Nodes     []*Server // the data servers; the first was the master at the start
	Sentinels []*Server

	t       testing.TB
	config  SentinelConfig
	network *network
}

// Most members a set can have; they are bounded by its network's addresses.
const (
	maxNodes, firstNode         = 14, 2
	maxSentinels, firstSentinel = 14, 16
)

// StartSentinels runs a set for the test and waits until it is healthy. It is removed when the test ends.
func StartSentinels(t testing.TB, config SentinelConfig) *SentinelSet {
	t.Helper()
	need(t)
	if err := config.complete(); err != nil {
		t.Fatalf("harness: sentinel set: %v", err)
	}
	set := &SentinelSet{Name: config.Name, t: t, config: config}
	t.Cleanup(set.remove)
	if err := set.start(); err != nil {
		t.Fatalf("harness: sentinel set of %s: %v", config.Version, err)
	}
	return set
}

func (c *SentinelConfig) complete() error {
	if c.Name == "" {
		c.Name = "mymaster"
	}
	if c.Replicas == 0 {
		c.Replicas = 1
	}
	if c.Sentinels == 0 {
		c.Sentinels = 3
	}
	if c.DownAfter == 0 {
		c.DownAfter = time.Second
	}
	switch {
	case c.Replicas < 0 || c.Replicas+1 > maxNodes || c.Sentinels < 0 || c.Sentinels > maxSentinels:
		return fmt.Errorf("%d replicas and %d sentinels: too many or too few", c.Replicas, c.Sentinels)
	case (c.SentinelUser != "" || c.Hostnames) && !c.Version.AtLeast(6, 2):
		return fmt.Errorf("%s has Sentinels without users and host names", c.Version)
	case c.SentinelUser != "" && c.SentinelPassword == "":
		return fmt.Errorf("sentinel user %s has no password", c.SentinelUser)
	}
	return nil
}

// start runs the data servers, waits until they replicate, and then the Sentinels: those who come too early
// learn of the replicas late.
func (set *SentinelSet) start() error {
	image, err := imageName(set.config.Version)
	if err != nil {
		return err
	}
	if set.network, err = newNetwork(); err != nil {
		return err
	}
	set.Nodes, err = set.startMembers(set.config.Replicas+1, func(i int) (*Server, error) {
		return set.startNode(image, i)
	})
	if err != nil {
		return err
	}
	err = poll(startTimeout, 20*time.Millisecond, func() error { return set.replicating(set.Nodes[0]) })
	if err != nil {
		return set.Nodes[1].explain(err)
	}
	set.Sentinels, err = set.startMembers(set.config.Sentinels, func(i int) (*Server, error) {
		return set.startSentinel(image, i)
	})
	if err != nil {
		return err
	}
	return set.settle(func() error { return set.health(nil) })
}

// startMembers starts count members at a time and returns those that came up, with the first error.
func (set *SentinelSet) startMembers(count int, start func(i int) (*Server, error)) ([]*Server, error) {
	members, errs := make([]*Server, count), make([]error, count)
	var starts sync.WaitGroup
	for i := range count {
		starts.Go(func() { members[i], errs[i] = start(i) })
	}
	starts.Wait()
	for _, err := range errs {
		if err != nil {
			set.removeAll(members)
			return nil, err
		}
	}
	return members, nil
}

// remove removes the members and their network.
func (set *SentinelSet) remove() {
	set.removeAll(append(append([]*Server{}, set.Nodes...), set.Sentinels...))
	if set.network != nil {
		set.network.remove()
	}
}

func (set *SentinelSet) removeAll(members []*Server) {
	var removals sync.WaitGroup
	for _, s := range members {
		if s != nil && s.c != nil {
			removals.Go(s.c.remove)
		}
	}
	removals.Wait()
}
