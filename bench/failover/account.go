package main

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"time"
)

// An outcome is what a caller knows of an increment.
type outcome int

const (
	acknowledged outcome = iota
	unpromised           // made, and the caller was told that no replica has it yet
	refused              // an error after which it was certainly not made
	unknown              // an error after which it may have been made
)

// isSuccess reports whether there was a reply with a value.
func (o outcome) isSuccess() bool { return o <= unpromised }

// A record is one call. Times are since the beginning of the round.
type record struct {
	begin, end time.Duration
	outcome    outcome
	value      int64 // of the counter, after a success
}

// reign is what the counters of a replica are ahead of its master's, so that every reply says under which master it was made: the first one's are below it,
// those of the replica that is promoted are between one and two reigns, and so on.
const reign = 1 << 40

func (r record) master() int    { return int(r.value / reign) }
func (r record) counted() int64 { return r.value % reign }

// A ledger is all calls that increment one counter.
type ledger struct {
	key string

	mu      sync.Mutex
	records []record // guarded by mu
}

func (l *ledger) add(r record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.records = append(l.records, r)
}

// taken is a copy of what there is.
func (l *ledger) taken() []record {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]record(nil), l.records...)
}

// under counts the successes under the master of that number.
func (l *ledger) under(master int) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.records {
		if r.outcome.isSuccess() && r.master() == master {
			n++
		}
	}
	return n
}

// An account is what became of the calls of a ledger.
type account struct {
	acknowledged, unpromised, refused, unknown int

	lost   int // acknowledged, and not in the counter of the last master
	excess int // in the counter, though no caller asked for it: sent twice, or made after an error that says it was not. At least so many.
}

// settle compares what callers were told with the counter of the last master. A master that was promoted goes on counting where its copy ended, so its first reply tells
// what it had of its predecessor's: what the predecessor acknowledged beyond is lost.
// Increments of unknown outcome that were made before that first reply hide as many that are lost.
func settle(records []record, final int64) (a account) {
	final %= reign
	reached := reach(records, final)
	for _, r := range records {
		switch r.outcome {
		case refused:
			a.refused++
		case unknown:
			a.unknown++
		case unpromised:
			a.unpromised++
		case acknowledged:
			a.acknowledged++
			if r.counted() > reached[r.master()] {
				a.lost++
			}
		}
	}
	a.excess = max(0, int(final)-(a.acknowledged-a.lost)-a.unpromised-a.unknown)
	return a
}

// reach is how far the counter of each master counts in the end: to the first reply of any master after it.
func reach(records []record, final int64) map[int]int64 {
	first := map[int]int64{}
	last := 0
	for _, r := range records {
		if !r.outcome.isSuccess() {
			continue
		}
		m := r.master()
		if before, ok := first[m]; !ok || r.counted() < before {
			first[m] = r.counted()
		}
		last = max(last, m)
	}
	reached := map[int]int64{}
	for m := last; m >= 0; m-- {
		reached[m] = final
		if value, ok := first[m]; ok {
			final = min(final, value-1)
		}
	}
	return reached
}

// stall is the longest time without a success from one time to another.
func stall(records []record, from, to time.Duration) (longest time.Duration) {
	last := from
	for _, r := range byEnd(records) {
		if !r.outcome.isSuccess() || r.end < from || r.end > to {
			continue
		}
		longest = max(longest, r.end-last)
		last = r.end
	}
	return max(longest, to-last)
}

// firstUnder is when the first increment under a master succeeded; NaN: there is none.
func firstUnder(records []record, master int) float64 {
	first := math.NaN()
	for _, r := range records {
		if r.outcome.isSuccess() && r.master() == master {
			if end := float64(r.end); !(end >= first) {
				first = end
			}
		}
	}
	return first
}

// byEnd sorts a copy: callers write down what they know in the order of the lock, not of time.
func byEnd(records []record) []record {
	return slices.SortedFunc(slices.Values(records), func(a, b record) int { return cmp.Compare(a.end, b.end) })
}
