package integration

import (
	"net"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/integration/harness"
)

// What is wrong with the sentinels themselves.

// askedPerSecond is what all sentinels together may be asked by one client, whatever happens.
const askedPerSecond = 5

// No sentinel is there when the master dies. When they are back and have promoted another, the client goes on by itself.
func TestFailoverAllSentinelsDown(t *testing.T) {
	t.Parallel()
	eachSet(t, harness.SentinelConfig{}, func(t *testing.T, set *harness.SentinelSet, v harness.Version) {
		const watched = 6 * time.Second
		all, a := fronts(t, set)
		r := newRig(t, "sentinels down and up", v, set, a)
		dialled := func() (n int64) {
			for _, f := range all {
				n += f.dials.Load()
			}
			return n
		}
		asked := func() (n int64) {
			for _, f := range all {
				n += f.questions.Load()
			}
			return n
		}
		master := set.Master()
		calm := perSecond(asked, watched)
		for _, s := range set.Sentinels {
			s.Kill()
		}
		alone := perSecond(dialled, watched)
		r.awaitWrites() // nobody needs a sentinel while the master is well
		master.Kill()
		lost := perSecond(dialled, watched)
		for _, s := range set.Sentinels {
			s.Start()
		}
		r.awaitSwitch(1)
		r.awaitWrites()
		f := r.finish()
		t.Logf("asked for what they know while all is well: %.1f/s; dialled while they are down: %.1f/s, and when the master is down too: %.1f/s", calm, alone, lost)
		assert.LessOrEqual(t, calm, float64(askedPerSecond))
		assert.LessOrEqual(t, alone, float64(askedPerSecond))
		assert.LessOrEqual(t, lost, float64(askedPerSecond))
		assert.Positive(t, lost, "nobody would notice that they are back")
		assert.Positive(t, f.acknowledged)
	})
}

// perSecond watches a counter.
func perSecond(count func() int64, during time.Duration) float64 {
	before, start := count(), time.Now()
	time.Sleep(during) // what is measured
	return float64(count()-before) / time.Since(start).Seconds()
}

// The first two entries of the list are dead: one is refused, one never answers.
func TestFailoverListPartlyDead(t *testing.T) {
	t.Parallel()
	eachSet(t, harness.SentinelConfig{}, func(t *testing.T, set *harness.SentinelSet, v harness.Version) {
		silent := listen(t, "127.0.0.1:0") // the system accepts, and nobody answers
		r := newRig(t, "kill -9, list partly dead", v, set, access{
			sentinels: slices.Concat([]string{refusing(t), silent.Addr().String()}, parse(t, set.Settings()).SentinelHosts),
		})
		requireKillIsSurvived(r)
	})
}

// refusing returns an address where nobody listens.
func refusing(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

// An entry of the list is a server that is no sentinel.
func TestFailoverListWithPlainServer(t *testing.T) {
	t.Parallel()
	eachSet(t, harness.SentinelConfig{}, func(t *testing.T, set *harness.SentinelSet, v harness.Version) {
		plain := harness.Shared(t, v)
		r := newRig(t, "planned, a plain server in the list", v, set, access{
			sentinels: slices.Concat([]string{plain.Addr}, parse(t, set.Settings()).SentinelHosts),
		})
		requireUnnoticed(r, 1)
	})
}
