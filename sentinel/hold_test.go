package sentinel

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// holding runs a test with a watch that listens to nobody.
func holding(t *testing.T, test func(t *testing.T, w *watch)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r, err := New(Config{Addrs: []string{"a:1"}, Master: "m"})
		require.NoError(t, err)
		w := &watch{r: r, holds: map[source]*hold{}, told: map[string]told{}, expiry: time.NewTimer(time.Hour)}
		defer w.expiry.Stop()
		test(t, w)
	})
}

func (w *watch) holdsWrites() bool { return w.r.Gate(nil) != nil }

// A sentinel that held writes for nothing is not believed for four times as long as it held them, and for twice as long after each further time.
func TestWordOfASentinelIsWorthLessEachTime(t *testing.T) {
	holding(t, func(t *testing.T, w *watch) {
		by, other := source{from: &member{}}, source{from: &member{}}
		for _, rest := range []time.Duration{4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second} {
			w.hold(by, true)
			require.True(t, w.holdsWrites())
			time.Sleep(time.Second)
			w.release(by)
			require.False(t, w.holdsWrites())
			time.Sleep(rest - time.Millisecond)
			w.hold(by, true)
			require.False(t, w.holdsWrites(), "%v have not passed", rest)
			w.hold(other, true)
			require.True(t, w.holdsWrites(), "another one is believed")
			w.settle()
			time.Sleep(time.Millisecond)
		}
		for range 20 {
			w.hold(by, true)
			time.Sleep(time.Second)
			w.release(by)
			time.Sleep(longestRest)
		}
		w.hold(by, true)
		require.True(t, w.holdsWrites(), "it is believed again some time")
	})
}

// Writes go on when nothing holds them any more, and no earlier.
func TestTheLastHoldLetsWritesGoOn(t *testing.T) {
	holding(t, func(t *testing.T, w *watch) {
		first, second := source{from: &member{}}, source{}
		w.hold(first, true)
		w.hold(second, false)
		w.release(source{from: &member{}}) // that holds nothing
		w.release(first)
		w.release(first)
		require.True(t, w.holdsWrites())
		require.Equal(t, 1, w.holds[first].vain, "it was released once")
		w.release(second)
		require.False(t, w.holdsWrites())
	})
}

// Each hold has its own time, whatever its sentinel goes on saying, and is not taken up again by the same failover.
func TestAHoldExpires(t *testing.T) {
	holding(t, func(t *testing.T, w *watch) {
		first, second := source{from: &member{}}, source{from: &member{}}
		w.hold(first, true)
		time.Sleep(6 * time.Second)
		w.hold(second, true)
		w.hold(first, true)
		<-w.expiry.C
		w.expiring = false
		w.expire()
		require.False(t, w.holds[first].active)
		require.True(t, w.holds[first].spent)
		require.True(t, w.holdsWrites(), "the second one holds them")
		<-w.expiry.C
		w.expiring = false
		w.expire()
		require.False(t, w.holdsWrites())
		time.Sleep(longestRest)
		w.hold(first, true)
		require.False(t, w.holdsWrites(), "nobody has said that its failover is over")
		w.holds[first].spent = false
		w.hold(first, true)
		require.True(t, w.holdsWrites())
	})
}

// What held writes some time ago is forgotten, but for what may still go on.
func TestHoldsAreForgotten(t *testing.T) {
	holding(t, func(t *testing.T, w *watch) {
		over, spent := source{from: &member{}}, source{from: &member{}}
		w.hold(spent, true)
		time.Sleep(DefaultMaxFence)
		w.expire()
		w.hold(over, true)
		time.Sleep(time.Second)
		w.release(over)
		time.Sleep(4*time.Second + longestRest)
		w.expire()
		require.NotNil(t, w.holds[over])
		time.Sleep(time.Millisecond)
		w.expire()
		require.Nil(t, w.holds[over])
		time.Sleep(time.Hour)
		w.expire()
		require.NotNil(t, w.holds[spent])
	})
}

// A new master ends what holds writes, or did for as long as it might, and leaves it at that that a sentinel is not believed.
func TestANewMasterSettlesHolds(t *testing.T) {
	holding(t, func(t *testing.T, w *watch) {
		spent, resting, active := source{from: &member{}}, source{from: &member{}}, source{from: &member{}}
		w.hold(spent, true)
		time.Sleep(DefaultMaxFence)
		w.expire()
		w.hold(resting, true)
		time.Sleep(time.Second)
		w.release(resting)
		w.hold(active, true)
		w.settle()
		require.False(t, w.holdsWrites())
		require.Len(t, w.holds, 1)
		w.hold(resting, true)
		require.False(t, w.holdsWrites())
		w.hold(spent, true)
		require.True(t, w.holdsWrites(), "its next failover is another one")
	})
}

// Only a sentinel that leads a failover, and said so early, makes it a planned one: not a candidate, and not what most of them say.
func TestWhatIsHeldEarly(t *testing.T) {
	leads := source{from: &member{}}
	for name, tc := range map[string]struct {
		by          source
		early       bool
		held, first bool
	}{
		"said so before anybody was promoted": {leads, true, true, true},
		"said so later":                       {leads, false, true, false},
		"announced a candidate":               {source{from: &member{}, announced: true}, true, false, false},
		"most of them name a candidate":       {source{}, true, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			holding(t, func(t *testing.T, w *watch) {
				w.hold(tc.by, tc.early)
				held, early := w.held()
				require.Equal(t, tc.held, held)
				require.Equal(t, tc.first, early)
				w.hold(tc.by, !tc.early)
				_, early = w.held()
				require.Equal(t, tc.first, early, "what counts is when it began")
				w.release(tc.by)
				held, early = w.held()
				require.False(t, held || early)
			})
		})
	}
}
