package main

import (
	"math"
	"slices"
	"time"
)

// A record is one call. Times are since the beginning of the round.
type record struct {
	begin, end time.Duration
	due        time.Duration // when its context ends
	outcome    outcome
}

// An outcome is what a caller got.
type outcome int

const (
	failed  outcome = iota // an error
	served                 // the reply to what was asked
	strayed                // the reply to what somebody else asked
)

// lateness is how long after the end of its context a call returned; below zero: before it.
func (r record) lateness() time.Duration { return r.end - r.due }

// late counts the calls that returned long after their contexts had ended.
func late(records []record) (n int) {
	for _, r := range records {
		if r.lateness() > grace {
			n++
		}
	}
	return n
}

// worst is the greatest lateness.
func worst(records []record) (d time.Duration) {
	for _, r := range records {
		d = max(d, r.lateness())
	}
	return d
}

// count is how many calls had an outcome.
func count(records []record, o outcome) (n int) {
	for _, r := range records {
		if r.outcome == o {
			n++
		}
	}
	return n
}

// ended are the calls that returned from one time to before another.
func ended(records []record, from, to time.Duration) (in []record) {
	for _, r := range records {
		if r.end >= from && r.end < to {
			in = append(in, r)
		}
	}
	return in
}

// firstServed is when a caller had the first success at or after a time; infinite: never. Its records are in order.
func firstServed(records []record, from time.Duration) float64 {
	for _, r := range records {
		if r.end >= from && r.outcome == served {
			return float64(r.end)
		}
	}
	return math.Inf(1)
}

// quantile is how long a success took of which so many take no longer; NaN without any.
func quantile(records []record, q float64) float64 {
	var took []time.Duration
	for _, r := range records {
		if r.outcome == served {
			took = append(took, r.end-r.begin)
		}
	}
	if len(took) == 0 {
		return math.NaN()
	}
	slices.Sort(took)
	return float64(took[min(int(q*float64(len(took))), len(took)-1)])
}
