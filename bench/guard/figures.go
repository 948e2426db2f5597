package main

// What is measured of an operation.
const (
	allocs     = "allocs"          // allocations
	allocBytes = "alloc-bytes"     // bytes that are allocated
	bytesSent  = "bytes-sent"      // on the wire
	roundTrips = "round-trips"     // with the server
	overFloor  = "time-over-floor" // time over that of the floor, in the same run
)

// figureNames are in the order of the report.
var figureNames = []string{allocs, allocBytes, bytesSent, roundTrips, overFloor}

// figures are what was measured of one operation, by name. None is a time.
type figures map[string]float64

// tolerance is how much a ratio of times may be above its baseline, or below it without a word. Counts have none. Where it is from stands in docs/guard.md.
const tolerance = 0.4

// A verdict is how a figure stands to its baseline.
type verdict int

const (
	same verdict = iota
	better
	worse
	unknown // is not in the baseline
	gone    // is in the baseline only
)

func (v verdict) String() string {
	return [...]string{"ok", "better", "worse", "not in the baseline", "in the baseline only"}[v]
}

// fails says whether the verdict ends the guard with an error.
func (v verdict) fails() bool { return v >= worse }

// judge compares one figure.
func judge(name string, measured, baseline figures) verdict {
	got, isMeasured := measured[name]
	want, isKnown := baseline[name]
	slack := 1.0
	if name == overFloor {
		slack += tolerance
	}
	switch {
	case !isMeasured && !isKnown:
		return same
	case !isKnown:
		return unknown
	case !isMeasured:
		return gone
	case got > want*slack:
		return worse
	case got*slack < want:
		return better
	}
	return same
}
