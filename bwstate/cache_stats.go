package bwstate

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
)

// CacheStats is a snapshot of what a [Cache] has done in this process.
type CacheStats struct {
	LocalHits     uint64 // entries that a copy was returned for
	Hits          uint64 // entries that the server had
	Misses        uint64 // that it had not
	Degraded      uint64 // copies that were returned because the server was away
	Loads         uint64 // loads that were begun, the early ones included
	LoadErrors    uint64 // of them, those that failed
	NotStored     uint64 // loads whose outcome the server did not take, or that were overtaken by a Set, a Delete or their LoadTimeout
	Invalidations uint64 // changes that the server told of and that ended a copy, or made an answer count for nothing

	Entries  int    // copies there are
	Bytes    int    // that they count for
	Evicted  uint64 // copies that made room for others
	Tracking string // whether the server tells of changes: "on", "off" while it cannot be reached, "refused", or "" when there are no copies
}

// cacheCounts are counters of a Cache.
type cacheCounts struct {
	localHits, hits, misses, degraded, loads, loadErrors, notStored, invalidations atomic.Uint64
}

// Stats returns a snapshot.
func (c *Cache) Stats() CacheStats {
	n := &c.count
	s := CacheStats{
		LocalHits: n.localHits.Load(), Hits: n.hits.Load(), Misses: n.misses.Load(), Degraded: n.degraded.Load(), Loads: n.loads.Load(),
		LoadErrors: n.loadErrors.Load(), NotStored: n.notStored.Load(), Invalidations: n.invalidations.Load(),
	}
	s.Entries, s.Bytes, s.Evicted = c.local.figures()
	if c.topic != nil {
		switch c.topic.epoch.Load() {
		case 0:
			s.Tracking = "off"
		case untold:
			s.Tracking = "refused"
		default:
			s.Tracking = "on"
		}
	}
	return s
}

// String returns the statistics as a JSON object, with the names of the fields.
func (s CacheStats) String() string {
	b, _ := json.Marshal(s) // numbers and a text
	return string(b)
}

// Var returns the statistics as a variable for package expvar, which [Cache.Stats] is asked for whenever it is shown.
func (c *Cache) Var() fmt.Stringer { return cacheVar{c} }

type cacheVar struct{ c *Cache }

func (v cacheVar) String() string { return v.c.Stats().String() }
