package harness

import (
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/integration/certs"
)

// announced asks the set's Sentinels through the settings and the address map alone, as a client would, and
// returns a connection to the master they announce.
func announced(t *testing.T, set *SentinelSet) (*wire, string) {
	t.Helper()
	settings := set.Settings()
	var config *tls.Config
	if settings["REDIS_SSL"] == "yes" {
		set := Certificates(t)
		config = &tls.Config{RootCAs: set.Pool(), ServerName: certs.ServerName}
		if settings["REDIS_SSL_CERT"] != "" {
			config.Certificates = []tls.Certificate{set.Client.TLS()}
		}
	}
	sentinel := strings.Fields(settings["REDIS_SENTINEL_HOSTS"])[0]
	w, err := dialWire(sentinel, config, settings["REDIS_SENTINEL_USERNAME"], settings["REDIS_SENTINEL_PASSWORD"])
	require.NoError(t, err)
	defer w.close()
	reply, err := w.do("SENTINEL", "GET-MASTER-ADDR-BY-NAME", settings["REDIS_SENTINEL_MASTER"])
	require.NoError(t, err)
	pair := reply.([]any)
	addr := set.AddressMap()[net.JoinHostPort(pair[0].(string), pair[1].(string))]
	require.NotEmpty(t, addr, "announced and not in the address map: %v", pair)
	master, err := dialWire(addr, config, "", settings["REDIS_PASSWORD"])
	require.NoError(t, err)
	t.Cleanup(master.close)
	return master, addr
}

func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, v Version) {
		set := StartSentinels(t, SentinelConfig{Version: v})
		old := set.Master()
		require.Same(t, set.Nodes[0], old)
		w, addr := announced(t, set)
		assert.Equal(t, old.Addr, addr)
		_, err := w.do("SET", "key", "x")
		require.NoError(t, err)
		_, err = w.do("WAIT", "1", "1000")
		require.NoError(t, err)

		fresh := set.Failover()
		assert.NotSame(t, old, fresh)
		assert.Same(t, fresh, set.Master())
		assert.Equal(t, []*Server{old}, set.Replicas())
		w, addr = announced(t, set)
		assert.Equal(t, fresh.Addr, addr)
		reply, err := w.do("GET", "key")
		require.NoError(t, err)
		assert.Equal(t, "x", reply)
		_, err = call(t, old.Addr, "", "", "SET", "key", "y")
		assert.ErrorContains(t, err, "READONLY", "the old master is a replica")
	})
}

func TestSentinelKillPromotesAndTheOldMasterReturnsAsReplica(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, v Version) {
		set := StartSentinels(t, SentinelConfig{
			Version: v, Name: "other", Replicas: 2, Password: "data secret", SentinelPassword: "sentinel secret",
			TLS: &TLS{RequireClient: true},
		})
		old := set.Master()
		assert.Empty(t, old.Addr, "nothing is plain")
		reply, err := set.Sentinels[0].ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster")
		require.NoError(t, err)
		assert.Nil(t, reply, "this one has another name")

		old.Kill()
		fresh := set.WaitHealthy()
		assert.NotSame(t, old, fresh)
		w, addr := announced(t, set)
		assert.Equal(t, fresh.TLSAddr, addr)
		reply, err = w.do("ROLE")
		require.NoError(t, err)
		assert.Equal(t, "master", reply.([]any)[0])

		old.Start()
		assert.Same(t, fresh, set.WaitHealthy())
		assert.Contains(t, old.CLI("ROLE"), "connected")
		assert.Contains(t, set.Sentinels[1].CLI("SENTINEL", "CKQUORUM", "other"), "OK 3 usable Sentinels")
	})
}

func TestSentinelCredentials(t *testing.T) {
	t.Parallel()
	set := StartSentinels(t, SentinelConfig{
		Version: Redis70, Password: "data", SentinelUser: "watcher", SentinelPassword: "secret",
		Args: []string{"--min-replicas-to-write", "1"},
	})
	sentinel := set.Sentinels[0].Addr
	_, err := call(t, sentinel, "", "", "SENTINEL", "MASTERS")
	assert.ErrorContains(t, err, "NOAUTH")
	_, err = call(t, sentinel, "", "secret", "SENTINEL", "MASTERS")
	assert.ErrorContains(t, err, "WRONGPASS")
	_, err = call(t, sentinel, "watcher", "secret", "SENTINEL", "MASTERS")
	assert.NoError(t, err)
	assert.Contains(t, set.Sentinels[0].CLI("SENTINEL", "CKQUORUM", "mymaster"), "OK 3 usable Sentinels")
	assert.Equal(t, "min-replicas-to-write\n1", set.Nodes[0].CLI("CONFIG", "GET", "min-replicas-to-write"))
	assert.Equal(t, map[string]string{
		"USE_REDIS": "yes", "REDIS_PASSWORD": "data",
		"REDIS_SENTINEL_HOSTS": strings.Join(
			[]string{set.Sentinels[0].Addr, set.Sentinels[1].Addr, set.Sentinels[2].Addr}, " "),
		"REDIS_SENTINEL_MASTER": "mymaster", "REDIS_SENTINEL_USERNAME": "watcher", "REDIS_SENTINEL_PASSWORD": "secret",
	}, set.Settings())

	old := set.Master()
	old.Kill()
	// Without a second replica nobody may write now, but Sentinels that get into each other's have voted.
	assert.NotSame(t, old, set.WaitHealthy())
	w, _ := announced(t, set)
	_, err = w.do("SET", "key", "x")
	assert.ErrorContains(t, err, "NOREPLICAS")
}

// A partition: the members do not see the old master, and it takes writes that will be lost.
func TestSentinelCutMasterIsReplacedAndDemotedWhenHealed(t *testing.T) {
	t.Parallel()
	set := StartSentinels(t, SentinelConfig{Version: Valkey81, DownAfter: 500 * time.Millisecond})
	addresses := set.AddressMap()
	old := set.Master()
	old.Cut()
	fresh := set.WaitHealthy()
	assert.NotSame(t, old, fresh)
	assert.Equal(t, "OK", old.CLI("SET", "lost", "x"), "it does not know")
	old.Heal()
	assert.Same(t, fresh, set.WaitHealthy())
	assert.Equal(t, "0", old.CLI("EXISTS", "lost"))
	assert.Equal(t, addresses, set.AddressMap())

	fresh.Pause()
	assert.Same(t, old, set.WaitHealthy(), "promoted in turn")
	fresh.Resume()
	assert.Same(t, old, set.WaitHealthy())
}

// Sentinel gives a failover up when the replica does not answer; the set's orders it again.
func TestSentinelFailoverIsOrderedAgain(t *testing.T) {
	t.Parallel()
	set := StartSentinels(t, SentinelConfig{Version: Valkey81})
	replica := set.Replicas()[0]
	replica.Pause()
	done := make(chan *Server, 1)
	go func() {
		defer close(done)
		done <- set.Failover()
	}()
	require.Eventually(t, func() bool {
		return strings.Contains(set.Sentinels[0].Logs(), "-failover-abort-")
	}, 30*time.Second, 100*time.Millisecond)
	replica.Resume()
	assert.Same(t, replica, <-done)
}

func TestSentinelHostnames(t *testing.T) {
	t.Parallel()
	set := StartSentinels(t, SentinelConfig{Version: Redis70, Hostnames: true})
	assert.Equal(t, "node0.bwredis.test:6379", set.Master().InternalAddr())
	assert.Contains(t, set.AddressMap(), "sentinel2.bwredis.test:26379")
	fresh := set.Failover()
	assert.Equal(t, "node1.bwredis.test:6379", fresh.InternalAddr())
	_, addr := announced(t, set)
	assert.Equal(t, fresh.Addr, addr)
}

func TestSentinelsComeBack(t *testing.T) {
	t.Parallel()
	set := StartSentinels(t, SentinelConfig{Version: Redis80})
	set.Sentinels[0].Kill()
	set.Sentinels[1].Pause()
	master := set.Master()
	assert.Same(t, set.Nodes[0], master, "asked of the third")
	assert.Eventually(t, func() bool {
		return strings.Contains(fmt.Sprint(set.health(nil)), "NOQUORUM")
	}, 10*time.Second, 50*time.Millisecond, "one of three is no quorum")
	set.Sentinels[0].Start()
	set.Sentinels[1].Resume()
	assert.Same(t, master, set.WaitHealthy())
	assert.NotSame(t, master, set.Failover(), "with the restarted ones")
}

func TestSentinelConfigIsChecked(t *testing.T) {
	for name, c := range map[string]SentinelConfig{
		"too many replicas":  {Version: Redis70, Replicas: maxNodes},
		"too many sentinels": {Version: Redis70, Sentinels: maxSentinels + 1},
		"negative":           {Version: Redis70, Replicas: -1},
		"users in Redis 6.0": {Version: Redis60, SentinelUser: "u", SentinelPassword: "p"},
		"names in Redis 6.0": {Version: Redis60, Hostnames: true},
		"user, no password":  {Version: Redis70, SentinelUser: "u"},
	} {
		assert.Error(t, c.complete(), name)
	}
}
