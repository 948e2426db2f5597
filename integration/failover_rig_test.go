package integration

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/tlsconf"
)

// What the tests of failovers share. Each has a set of its own and a client that writes to it all the time, does something to the set, and reckons what became of
// every write on the server that is the master in the end. docs/failover.md holds the figures; see the flag -table.

const (
	// switchPatience is how long sentinels may take to agree on another master: longer than several votes.
	switchPatience = 60 * time.Second
	// writePatience is how long the client may take, after that, until every caller has written: longer than several calls that fail.
	writePatience = 30 * time.Second
)

// access is how a client reaches a set. What is nil is as the harness has it.
type access struct {
	sentinels []string          // the client's list
	reach     map[string]string // announced address: where it is reached

	// nobodyWaits leaves out the callers who wait for replicas. They take a connection of their own for each call, which may be a new one, and so find the new master
	// although the pool knows nothing of it.
	nobodyWaits bool
}

func (a access) durable() int {
	if a.nobodyWaits {
		return 0
	}
	return durableCallers
}

// openFailover opens a state on whatever is the set's master, with settings alone, until the test ends.
func openFailover(t testing.TB, set *harness.SentinelSet, a access) *bwstate.State {
	t.Helper()
	settings := set.Settings()
	if a.sentinels != nil {
		settings["REDIS_SENTINEL_HOSTS"] = strings.Join(a.sentinels, " ")
	}
	if a.reach == nil {
		a.reach = set.AddressMap()
	}
	var ways []string
	for announced, reachable := range a.reach {
		ways = append(ways, announced+"="+reachable)
	}
	settings["REDIS_SENTINEL_ADDRESS_MAP"] = strings.Join(ways, " ")
	parsed := parse(t, settings)
	parsed.Logger = laterLogger(t)
	s, err := bwstate.Open(short(t), parsed)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// laterLogger keeps what it is told until the test has failed.
func laterLogger(t testing.TB) *slog.Logger {
	var out buffer
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what the client logged:\n%s", out.String())
		}
	})
	return slog.New(slog.NewTextHandler(&out, nil))
}

// sentinelDialer returns how the sentinels of a set are dialled.
func sentinelDialer(t testing.TB, set *harness.SentinelSet) conn.Dialer {
	t.Helper()
	s := parse(t, set.Settings())
	config, err := tlsconf.Settings{
		Enabled: s.SSL, Verify: s.SSLVerify, ServerName: s.SSLServerName, CAFile: s.SSLCA, CertFile: s.SSLCert, KeyFile: s.SSLKey,
	}.Config()
	require.NoError(t, err)
	return conn.Dialer{TLS: config, Username: s.SentinelUsername, Password: string(s.SentinelPassword)}
}

// A rig is a set, a client that writes to it, and somebody who hears what the sentinels say.
type rig struct {
	t        testing.TB
	scenario string
	version  harness.Version
	set      *harness.SentinelSet
	load     *load
	news     *news
	close    func() error // of the client
}

// newRig returns when every caller has written.
func newRig(t testing.TB, scenario string, version harness.Version, set *harness.SentinelSet, a access) *rig {
	t.Helper()
	r := &rig{t: t, scenario: scenario, version: version, set: set, news: hear(t, set)}
	marked(t, func() {
		s := openFailover(t, set, a)
		r.close, r.load = s.Close, startLoad(t, s, a.durable(), len(set.Nodes)-1)
	})
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what callers were told:\n%s", r.load.complaints())
		}
	})
	// By then the client listens to the sentinels, too.
	require.Eventually(t, func() bool { return len(r.load.stream.history()) >= 100 }, writePatience, tick)
	r.awaitWrites()
	return r
}

// awaitSwitch waits until sentinels have announced so many switches since the start.
func (r *rig) awaitSwitch(count int) {
	r.t.Helper()
	require.Eventually(r.t, func() bool { return len(r.news.switches()) >= count }, switchPatience, tick, "the sentinels promote nobody")
}

// awaitWrites waits until every caller has begun and ended a write from now on.
func (r *rig) awaitWrites() {
	r.t.Helper()
	now := time.Now()
	require.Eventually(r.t, func() bool { return r.load.allSince(now) }, writePatience, tick, "somebody cannot write although there is a master")
}

// comeBack mends a server that was the master, and asserts that nobody who writes notices.
func (r *rig) comeBack(mend func()) {
	r.t.Helper()
	before := r.load.failures()
	mend()
	r.set.WaitHealthy()
	r.awaitWrites()
	require.Equal(r.t, before, r.load.failures(), "the return of the old master was noticed")
}

// finish ends the client, asserts that it leaves nothing, and reckons.
func (r *rig) finish() figures {
	r.t.Helper()
	r.load.stop()
	f := r.load.reckon(open(r.t, r.set.WaitHealthy().Settings()), r.news.switches())
	f.scenario, f.version = r.scenario, r.version.String()
	report(r.t, f)
	marked(r.t, func() { require.NoError(r.t, r.close()) })
	requireNoneLeft(r.t)
	require.Positive(r.t, f.acknowledged)
	require.True(r.t, f.replicated > 0 || len(r.load.durable) == 0, "no write was replicated")
	require.Zero(r.t, f.replicatedLost, "writes that were reported as replicated are lost")
	require.LessOrEqual(r.t, f.longest, callPatience+3*time.Second, "a call outlasted its context")
	return f
}

// eachFailover runs a scenario on each version, with a healthy set and a client that writes.
func eachFailover(t *testing.T, scenario string, config harness.SentinelConfig, run func(r *rig)) {
	t.Helper()
	eachSet(t, config, func(t *testing.T, set *harness.SentinelSet, v harness.Version) {
		run(newRig(t, scenario, v, set, access{}))
	})
}

// eachSet runs a test on a healthy set of each version.
func eachSet(t *testing.T, config harness.SentinelConfig, run func(t *testing.T, set *harness.SentinelSet, v harness.Version)) {
	t.Helper()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		own := config
		own.Version = v
		run(t, harness.StartSentinels(t, own), v)
	})
}
