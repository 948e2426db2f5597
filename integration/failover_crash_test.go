package integration

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/bwredis/bwredis/integration/harness"
)

// A master that is gone without a word. Who had a write in flight may be told that its fate is unknown; everybody else waits for the next master.

func TestFailoverKill(t *testing.T) {
	t.Parallel()
	eachFailover(t, "kill -9", harness.SentinelConfig{}, requireKillIsSurvived)
}

func TestFailoverKillWithTwoReplicas(t *testing.T) {
	t.Parallel()
	eachFailover(t, "kill -9, two replicas", harness.SentinelConfig{Replicas: 2}, requireKillIsSurvived)
}

func TestFailoverKillWithHostnames(t *testing.T) {
	t.Parallel()
	eachFailover(t, "kill -9, host names", harness.SentinelConfig{Hostnames: true}, requireKillIsSurvived)
}

// requireKillIsSurvived kills the master, which comes back empty and as a master, until the sentinels see it.
func requireKillIsSurvived(r *rig) {
	r.t.Helper()
	old := r.set.Master()
	old.Kill()
	r.awaitSwitch(1)
	r.awaitWrites()
	r.comeBack(old.Start)
	requireOnlyInFlight(r.t, r.finish())
}

// requireOnlyInFlight asserts that nobody was told of a failure but those whose call was in flight: one each. Where the sentinels, on a machine that has too much to do, took longer
// than callers wait, those are told so.
func requireOnlyInFlight(t testing.TB, f figures) {
	t.Helper()
	if f.stall >= callPatience {
		t.Logf("it took %v until there was another master, and callers wait for %v", f.stall, callPatience)
		return
	}
	assert.LessOrEqual(t, f.loopErrors, loopCallers, "more than those in flight were told of it")
	assert.LessOrEqual(t, f.streamErrors, 1)
	assert.LessOrEqual(t, f.durableErrors, durableCallers)
}

// The frozen master comes back in the middle of what it was doing, and believes that it is the master.
func TestFailoverPause(t *testing.T) {
	t.Parallel()
	eachFailover(t, "SIGSTOP", harness.SentinelConfig{}, func(r *rig) {
		old := r.set.Master()
		old.Pause()
		r.awaitSwitch(1)
		r.awaitWrites()
		r.comeBack(old.Resume)
		requireOnlyInFlight(r.t, r.finish())
	})
}

// A master that the others do not see goes on being one.
func TestFailoverCut(t *testing.T) {
	t.Parallel()
	eachFailover(t, "partition", harness.SentinelConfig{}, func(r *rig) {
		old := r.set.Master()
		old.Cut()
		r.awaitSwitch(1)
		r.awaitWrites()
		r.comeBack(old.Heal)
		requireOnlyInFlight(r.t, r.finish())
	})
}
