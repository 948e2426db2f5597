package integration

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/internal/redistest"
)

// A failover that somebody orders while all is well: writes are held back meanwhile, and nobody who writes can tell.

func TestFailoverPlanned(t *testing.T) {
	t.Parallel()
	eachFailover(t, "planned", harness.SentinelConfig{}, func(r *rig) { requireUnnoticed(r, 1) })
}

// With Sentinel's own periods the old master goes on taking writes for about ten seconds, and all of them are lost.
func TestFailoverPlannedWithStockPeriods(t *testing.T) {
	t.Parallel()
	eachFailover(t, "planned, stock periods", harness.SentinelConfig{StockPeriods: true}, func(r *rig) { requireUnnoticed(r, 1) })
}

// The server that is promoted last was the master before, and the client has known it.
func TestFailoverThereAndBack(t *testing.T) {
	t.Parallel()
	eachFailover(t, "planned, there and back", harness.SentinelConfig{}, func(r *rig) {
		first := r.set.Master()
		requireUnnoticed(r, 2)
		assert.Same(r.t, first, r.set.Master())
	})
}

func TestFailoverPlannedWithCredentialsAndTLS(t *testing.T) {
	t.Parallel()
	config := harness.SentinelConfig{
		Password: canary, SentinelUser: "watcher", SentinelPassword: canary + "sentinel", TLS: &harness.TLS{RequireClient: true},
	}
	eachFailover(t, "planned, password, ACL user, TLS", config, func(r *rig) { requireUnnoticed(r, 1) })
}

func TestFailoverPlannedWithHostnames(t *testing.T) {
	t.Parallel()
	eachFailover(t, "planned, host names", harness.SentinelConfig{Hostnames: true}, func(r *rig) { requireUnnoticed(r, 1) })
}

func TestFailoverPlannedWithTwoReplicas(t *testing.T) {
	t.Parallel()
	eachFailover(t, "planned, two replicas", harness.SentinelConfig{Replicas: 2}, func(r *rig) { requireUnnoticed(r, 1) })
}

// requireUnnoticed orders failovers, one after the other, and asserts that nothing was lost and nobody was told anything.
func requireUnnoticed(r *rig, failovers int) {
	r.t.Helper()
	for n := range failovers {
		r.set.Failover()
		r.awaitSwitch(n + 1)
		r.awaitWrites()
	}
	requireNothingLost(r)
}

// requireNothingLost ends a scenario in which no writer should have noticed anything.
func requireNothingLost(r *rig) {
	r.t.Helper()
	f := r.finish()
	assert.Zero(r.t, f.lost, "acknowledged writes are lost")
	assert.Zero(r.t, f.streamErrors, "the stream was told of it")
	assert.Zero(r.t, f.loopErrors, "the eight callers were told of it")
	assert.Zero(r.t, f.durableErrors, "those who wait for replicas were told of it")
}

// foundPatience is how long a client that hears nothing may take to find another master by asking. It is less than the eight seconds after which, with Sentinel's own
// periods, the old master is demoted and so ends the connections itself.
const foundPatience = 5 * time.Second

// What sentinels publish does not arrive, and everything else does: asking finds the new master. Until then the old one takes writes, of which the client cannot
// know that they are lost.
func TestFailoverWithoutNews(t *testing.T) {
	t.Parallel()
	eachSet(t, harness.SentinelConfig{StockPeriods: true}, func(t *testing.T, set *harness.SentinelSet, v harness.Version) {
		all, a := fronts(t, set)
		a.nobodyWaits = true
		r := newRig(t, "planned, no event arrives", v, set, a)
		for _, f := range all {
			f.losing.Store(true)
		}
		set.Failover()
		r.awaitSwitch(1)
		lost := int64(0)
		for _, f := range all {
			lost += f.lost.Load()
		}
		assert.Positive(t, lost, "the client listens to nobody")
		requireFound(r, r.news.switches()[0])
	})
}

// Every connection to the sentinels is silent while they switch, and then ends: the client connects anew and asks.
func TestFailoverBehindSilence(t *testing.T) {
	t.Parallel()
	eachSet(t, harness.SentinelConfig{StockPeriods: true}, func(t *testing.T, set *harness.SentinelSet, v harness.Version) {
		a := access{reach: set.AddressMap(), nobodyWaits: true}
		var proxies []*redistest.Proxy
		for _, s := range set.Sentinels {
			p := redistest.NewProxy(t, a.reach[s.InternalAddr()])
			proxies = append(proxies, p)
			a.sentinels = append(a.sentinels, p.Addr())
			a.reach[s.InternalAddr()] = p.Addr()
		}
		r := newRig(t, "planned, sentinels silent", v, set, a)
		for _, p := range proxies {
			p.Stall()
		}
		failedOver := make(chan struct{})
		go func() {
			defer close(failedOver)
			set.Failover()
		}()
		r.awaitSwitch(1)
		for _, p := range proxies {
			p.Cut() // with what was held back
			p.Heal()
		}
		healed := time.Now()
		<-failedOver
		requireFound(r, healed)
	})
}

// requireFound ends a scenario in which the client could know of the new master from a moment on.
func requireFound(r *rig, from time.Time) {
	r.t.Helper()
	r.awaitWrites()
	f := r.finish()
	if f.lost > 0 {
		r.t.Logf("the last of the lost writes was acknowledged %v after the new master could be found", f.lastLost.Sub(from))
	}
	assert.False(r.t, f.lastLost.After(from.Add(foundPatience)), "the old master goes on being written to")
}
