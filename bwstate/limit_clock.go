package bwstate

import "time"

// NodeShift returns by how much the clock that nodes in a time zone use for limits is ahead of the true time. They read the clock of UTC as if it were local standard
// time; so it is the zone's offset in standard time with the other sign, in summer as in winter: -1h in Paris, 5h in New York. It is 0 in UTC, which is what
// their containers have, and for nil.
//
// What is standard time is said by the time zone database, where it can be the summer's (in Ireland). Where a zone changed its standard time, the one in force at now
// counts, or that which is closest.
func NodeShift(zone *time.Location, now time.Time) time.Duration {
	if zone == nil || zone == time.UTC {
		return 0
	}
	offset := standardOffset(now.In(zone))
	// The time at which nodes look the zone up is the clock of UTC taken for a local one.
	offset = standardOffset(now.Add(-time.Duration(offset) * time.Second).In(zone))
	return -time.Duration(offset) * time.Second
}

// standardOffset returns the offset in seconds of the standard time that is in force at t, or else of the closest one.
func standardOffset(t time.Time) int {
	_, offset := t.Zone()
	before, after := t, t
	const most = 8 // transitions in each direction; two are enough for all zones there were
	for range most {
		if !before.IsDST() {
			break
		}
		if start, _ := before.ZoneBounds(); start.IsZero() {
			break
		} else {
			before = start.Add(-1)
		}
	}
	for range most {
		if !after.IsDST() {
			break
		}
		if _, end := after.ZoneBounds(); end.IsZero() {
			break
		} else {
			after = end
		}
	}
	switch {
	case before.IsDST() && after.IsDST(): // no standard time at all
	case before.IsDST(), !after.IsDST() && after.Sub(t) < t.Sub(before):
		_, offset = after.Zone()
	default:
		_, offset = before.Zone()
	}
	return offset
}
