package redistest

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"sync"
	"testing"
	"time"
)

// SetConfig says what a [Set] is like. The zero value is a master and a replica, watched by three sentinels.
type SetConfig struct {
	Master    string // the name that the sentinels have for it; "": mymaster
	Nodes     int    // 0: 2. The first one begins as the master
	Sentinels int    // 0: 3
	Quorum    int    // how many sentinels have to find the master down; 0: the majority

	Password                       string // of the nodes
	SentinelUser, SentinelPassword string // SentinelUser "": the user default
	TLS, SentinelTLS               *tls.Config
	Hostnames                      bool                     // addresses are names: redis-1.test:6379, sentinel-1.test:26379
	Announce                       func(addr string) string // how sentinels call an address; nil: as it is dialled

	DownAfter        time.Duration // how long a server is out of reach until sentinels say so; 0: 1 s
	Lag              time.Duration // how long after the leader of a failover the other sentinels learn of it; 0: 300 ms, below 0: at once
	DemoteAfter      time.Duration // how long a node may say it is the master when it is not; 0: 8 s
	FailoverTimeout  time.Duration // after which a failover that does not get on is given up; 0: 10 s
	ReplicationDelay time.Duration // of every write; 0: 1 ms
}

func (cfg SetConfig) withDefaults() SetConfig {
	cfg.Master = cmp.Or(cfg.Master, "mymaster")
	cfg.Nodes = cmp.Or(cfg.Nodes, 2)
	cfg.Sentinels = cmp.Or(cfg.Sentinels, 3)
	cfg.Quorum = cmp.Or(cfg.Quorum, cfg.Sentinels/2+1)
	cfg.DownAfter = cmp.Or(cfg.DownAfter, time.Second)
	cfg.Lag = cmp.Or(cfg.Lag, 300*time.Millisecond)
	cfg.DemoteAfter = cmp.Or(cfg.DemoteAfter, 8*time.Second)
	cfg.FailoverTimeout = cmp.Or(cfg.FailoverTimeout, 10*time.Second)
	cfg.ReplicationDelay = cmp.Or(cfg.ReplicationDelay, time.Millisecond)
	if cfg.Announce == nil {
		cfg.Announce = func(addr string) string { return addr }
	}
	return cfg
}

// A Set is a Redis with its replicas and the sentinels that watch them, in memory and on a network of its own: [Set.DialContext] leads there.
// It waits on channels and timers only, so it can be used under testing/synctest, where a failover takes no time. Its methods, and those of its
// nodes and sentinels, are safe for concurrent use.
//
// What it says, in which order and about when, is what real sentinels said to the same questions. Two things are simpler. All sentinels notice at
// the same moment that a server is out of reach, unless they are out of reach themselves. And none of them goes into TILT; [Sentinel.Say] can
// claim it.
type Set struct {
	Nodes     []*Node
	Sentinels []*Sentinel

	cfg   SetConfig
	tb    testing.TB
	hosts map[string]*host
	done  chan struct{} // closed by Close
	wg    sync.WaitGroup

	// mu guards everything below, and the state of the nodes and sentinels. It is never held while waiting.
	mu          sync.Mutex
	closed      bool
	master      *Node     // as the newest configuration has it
	configEpoch int64     // of that
	leader      *Sentinel // from whom the others have that
	epoch       int64     // of the last failover, whether it succeeded or not
	failover    *failover // nil: none is under way
	abort       string    // how the next one ends
	ghosts      []string  // sentinels that all others know, and nobody reaches
}

// NewSet starts a set. It is closed when the test ends, and the test fails if something of it is still running then.
func NewSet(tb testing.TB, cfg SetConfig) *Set {
	tb.Helper()
	s := &Set{cfg: cfg.withDefaults(), tb: tb, hosts: map[string]*host{}, done: make(chan struct{})}
	for i := range s.cfg.Nodes {
		s.Nodes = append(s.Nodes, newNode(s, s.address("redis", 0, i+1, 6379)))
	}
	s.master = s.Nodes[0]
	for _, n := range s.Nodes[1:] {
		n.master, n.linked = s.master, true
	}
	for i := range s.cfg.Sentinels {
		s.Sentinels = append(s.Sentinels, newSentinel(s, s.address("sentinel", 1, i+1, 26379), i+1))
	}
	s.leader = s.Sentinels[0]
	tb.Cleanup(s.Close)
	return s
}

func (s *Set) address(name string, subnet, i, port int) string {
	if s.cfg.Hostnames {
		return fmt.Sprintf("%s-%d.test:%d", name, i, port)
	}
	return fmt.Sprintf("10.0.%d.%d:%d", subnet, i, port)
}

// Close ends all connections and everything that was going to happen.
func (s *Set) Close() {
	s.tb.Helper()
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.done)
		for _, h := range s.hosts {
			h.closeLocked()
		}
	}
	s.mu.Unlock()
	if !joined(&s.wg, joinTimeout) {
		s.tb.Errorf("redistest: a handler of the set is still running %v after its connection was closed", joinTimeout)
	}
}

// SentinelAddrs returns the addresses of the sentinels.
func (s *Set) SentinelAddrs() (addrs []string) {
	for _, sentinel := range s.Sentinels {
		addrs = append(addrs, sentinel.Addr())
	}
	return addrs
}

// Master returns the master according to the newest configuration, whatever single sentinels or nodes say.
func (s *Set) Master() *Node {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.master
}

// Replica returns the first node that says it is a replica, or nil.
func (s *Set) Replica() *Node {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.Nodes {
		if n.master != nil {
			return n
		}
	}
	return nil
}

// Epoch returns the epoch of the newest configuration.
func (s *Set) Epoch() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.configEpoch
}

// AddGhost makes SENTINEL SENTINELS list addr, too, as a sentinel that died long ago.
func (s *Set) AddGhost(addr string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ghosts = append(s.ghosts, addr)
}

// after calls f with mu held when d has passed, unless the set was closed.
func (s *Set) after(d time.Duration, f func()) {
	time.AfterFunc(max(d, 1), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.closed {
			f()
		}
	})
}

// usableLocked returns the sentinels that can do something.
func (s *Set) usableLocked() (usable []*Sentinel) {
	for _, sentinel := range s.Sentinels {
		if sentinel.reachable() {
			usable = append(usable, sentinel)
		}
	}
	return usable
}
