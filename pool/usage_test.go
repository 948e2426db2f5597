package pool

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestUsageOfQueues(t *testing.T) {
	var u usage
	for _, queued := range []int{1, 7, 2} {
		u.sharedWait(queued)
		u.aloneWait(10 * queued)
	}
	u.aloneWait(3)
	require.Equal(t, usage{shareWaits: 3, longestShare: 7, aloneWaits: 4, longestAlone: 70}, u)
}

func TestUsageOfSurplus(t *testing.T) {
	var u usage
	for _, excess := range []int{-1, 0, 1, 2, 2, maxExcess, maxExcess + 1, 1 << 30} {
		u.surplusClosed(excess)
	}
	require.Equal(t, [maxExcess]uint64{0: 1, 1: 2, maxExcess - 1: 3}, u.surplus)
}

func TestUsageFindsRedials(t *testing.T) {
	const idle = 30 * time.Second
	begin := time.Now()
	at := func(seconds int) time.Time { return begin.Add(time.Duration(seconds) * time.Second) }
	for name, tc := range map[string]struct {
		happens func(u *usage)
		redials uint64
		gap     time.Duration
	}{
		"none":                      {func(u *usage) { u.dialled(at(0), idle) }, 0, 0},
		"soon":                      {func(u *usage) { u.idleClosed(at(0)); u.dialled(at(15), idle) }, 1, 45 * time.Second},
		"at once":                   {func(u *usage) { u.idleClosed(at(0)); u.dialled(at(0), idle) }, 1, idle},
		"a little before too late":  {func(u *usage) { u.idleClosed(at(0)); u.dialled(at(30).Add(-1), idle) }, 1, 2*idle - 1},
		"too late":                  {func(u *usage) { u.idleClosed(at(0)); u.dialled(at(30), idle) }, 0, 0},
		"too late, and never again": {func(u *usage) { u.idleClosed(at(0)); u.dialled(at(30), idle); u.dialled(at(29), idle) }, 0, 0},
		"one close, two dials":      {func(u *usage) { u.idleClosed(at(0)); u.dialled(at(1), idle); u.dialled(at(2), idle) }, 1, 31 * time.Second},
		"two closes, two dials": {
			func(u *usage) {
				u.idleClosed(at(0))
				u.idleClosed(at(5))
				u.dialled(at(10), idle)
				u.dialled(at(11), idle)
			},
			2, 41 * time.Second,
		},
		"the older one was too long ago": {
			func(u *usage) {
				u.idleClosed(at(0))
				u.idleClosed(at(20))
				u.dialled(at(40), idle)
				u.dialled(at(41), idle)
			},
			1, 50 * time.Second,
		},
		"a dial that began before": {func(u *usage) { u.idleClosed(at(5)); u.dialled(at(4), idle); u.dialled(at(6), idle) }, 1, 31 * time.Second},
		"a reset between":          {func(u *usage) { u.idleClosed(at(0)); u.reset(); u.dialled(at(1), idle) }, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var u usage
			tc.happens(&u)
			require.Equal(t, tc.redials, u.redials)
			require.Equal(t, tc.gap, u.longestGap)
		})
	}
}

func TestUsageRemembersTheLatestIdleCloses(t *testing.T) {
	var u usage
	begin := time.Now()
	for i := range 3 * maxIdleEnds {
		u.idleClosed(begin.Add(time.Duration(i) * time.Second))
	}
	require.EqualValues(t, 3*maxIdleEnds, u.idleCloses)
	now := begin.Add(3 * maxIdleEnds * time.Second)
	for range 3 * maxIdleEnds {
		u.dialled(now, time.Hour)
	}
	require.EqualValues(t, maxIdleEnds, u.redials, "more are not remembered")
	require.Equal(t, time.Hour+maxIdleEnds*time.Second, u.longestGap)
}

func TestUsageOfPauses(t *testing.T) {
	var u usage
	u.paused(probeAfter-1, true)
	u.paused(probeAfter-1, false)
	require.Equal(t, usage{}, u, "that is no pause")
	u.paused(probeAfter, true)
	require.Equal(t, usage{longestSpared: probeAfter}, u)
	u.paused(5*time.Second, true)
	u.paused(3*time.Second, true)
	u.paused(8*time.Second, false)
	u.paused(7*time.Second, false)
	u.paused(9*time.Second, false)
	require.Equal(t, usage{ended: 3, shortestEnded: 7 * time.Second, longestSpared: 5 * time.Second}, u)
}
