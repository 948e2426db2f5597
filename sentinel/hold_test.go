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
		w := &watch{r: r, holds: map[source]*hold{}, dead: map[*member]bool{}, told: map[string]told{}, expiry: time.NewTimer(time.Hour)}
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
			w.hold(by)
			require.True(t, w.holdsWrites())
			time.Sleep(time.Second)
			w.release(by)
			require.False(t, w.holdsWrites())
			time.Sleep(rest - time.Millisecond)
			w.hold(by)
			require.False(t, w.holdsWrites(), "%v have not passed", rest)
			w.hold(other)
			require.True(t, w.holdsWrites(), "another one is believed")
			w.settle()
			time.Sleep(time.Millisecond)
		}
		for range 20 {
			w.hold(by)
			time.Sleep(time.Second)
			w.release(by)
			time.Sleep(longestRest)
		}
		w.hold(by)
		require.True(t, w.holdsWrites(), "it is believed again some time")
	})
}

// Writes go on when nothing holds them any more, and no earlier.
func TestTheLastHoldLetsWritesGoOn(t *testing.T) {
	holding(t, func(t *testing.T, w *watch) {
		first, second := source{from: &member{}}, source{}
		w.hold(first)
		w.hold(second)
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
		w.hold(first)
		time.Sleep(6 * time.Second)
		w.hold(second)
		w.hold(first)
		<-w.expiry.C
		w.expire()
		require.False(t, w.holds[first].active)
		require.True(t, w.holds[first].spent)
		require.True(t, w.holdsWrites(), "the second one holds them")
		<-w.expiry.C
		w.expire()
		require.False(t, w.holdsWrites())
		time.Sleep(longestRest)
		w.hold(first)
		require.False(t, w.holdsWrites(), "nobody has said that its failover is over")
		w.holds[first].spent = false
		w.hold(first)
		require.True(t, w.holdsWrites())
	})
}

// What held writes some time ago is forgotten, but for what may still go on.
func TestHoldsAreForgotten(t *testing.T) {
	holding(t, func(t *testing.T, w *watch) {
		over, spent := source{from: &member{}}, source{from: &member{}}
		w.hold(spent)
		time.Sleep(DefaultMaxFence)
		w.expire()
		w.hold(over)
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
		w.hold(spent)
		time.Sleep(DefaultMaxFence)
		w.expire()
		w.hold(resting)
		time.Sleep(time.Second)
		w.release(resting)
		w.hold(active)
		w.settle()
		require.False(t, w.holdsWrites())
		require.Len(t, w.holds, 1)
		w.hold(resting)
		require.False(t, w.holdsWrites())
		w.hold(spent)
		require.True(t, w.holdsWrites(), "its next failover is another one")
	})
}

// Only a sentinel that leads a failover, or tries to, and has answered that nobody was promoted when writes were held already, makes it a planned one: not a candidate, and not
// what most of them say.
func TestWhatIsHeldEarly(t *testing.T) {
	m := &member{}
	for name, tc := range map[string]struct {
		by          source
		confirmed   bool
		held, early bool
	}{
		"leads one, and has promoted nobody": {source{from: m}, true, true, true},
		"leads one":                          {source{from: m}, false, true, false},
		"tries to":                           {source{from: m, trying: true}, true, true, true},
		"announced a candidate":              {source{from: m, announced: true}, true, false, false},
		"most of them name a candidate":      {source{}, true, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			holding(t, func(t *testing.T, w *watch) {
				w.hold(tc.by)
				if tc.confirmed {
					w.confirm(m)
				}
				held, early := w.held()
				require.Equal(t, tc.held, held)
				require.Equal(t, tc.early, early)
				w.release(tc.by)
				held, early = w.held()
				require.False(t, held || early)
				w.confirm(m)
				_, early = w.held()
				require.False(t, early, "it is over")
			})
		})
	}
}

// Who would like to lead a failover holds writes for a second. If he does lead one then, they were held early all the time.
func TestWritesAreHeldForASecondForWhoTries(t *testing.T) {
	holding(t, func(t *testing.T, w *watch) {
		m := &member{}
		w.hold(source{from: m, trying: true})
		w.confirm(m)
		began := time.Now()
		<-w.expiry.C
		require.Equal(t, tryingFor, time.Since(began))
		w.expire()
		require.False(t, w.holdsWrites())
		require.False(t, w.holds[source{from: m, trying: true}].spent, "it may try again")

		time.Sleep(time.Minute)
		w.hold(source{from: m, trying: true})
		w.confirm(m)
		time.Sleep(tryingFor / 2)
		w.hold(source{from: m})
		<-w.expiry.C
		w.expire()
		require.True(t, w.holdsWrites())
		_, early := w.held()
		require.True(t, early)
		<-w.expiry.C
		w.expire()
		require.Equal(t, tryingFor/2+DefaultMaxFence, time.Since(began)-tryingFor-time.Minute)
		require.False(t, w.holdsWrites())
	})
}
