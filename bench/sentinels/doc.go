// Package sentinels starts a master, a replica and three sentinels on loopback, for programs that measure what callers see of a failover.
package sentinels

import "time"

const (
	Master    = "mymaster" // the name under which sentinels know the set
	Count     = 3          // of the sentinels
	quorum    = 2
	DownAfter = time.Second // without an answer, until a sentinel takes a server for dead
	patience  = 10 * time.Second
)

// startTimeout bounds how long the set takes until it is one.
const startTimeout = 15 * time.Second
