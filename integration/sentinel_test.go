package integration

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
	"github.com/bwredis/bwredis/sentinel"
	"github.com/bwredis/bwredis/tlsconf"
)

// openSet opens a state on whatever is the set's master. The members announce addresses of their own network, so the resolver maps them.
func openSet(t *testing.T, set *harness.SentinelSet, role sentinel.Role) *bwstate.State {
	settings := parse(t, set.Settings())
	config, err := tlsconf.Settings{
		Enabled: settings.SSL, Verify: settings.SSLVerify, ServerName: settings.SSLServerName,
		CAFile: settings.SSLCA, CertFile: settings.SSLCert, KeyFile: settings.SSLKey,
	}.Config()
	require.NoError(t, err)
	reach := set.AddressMap()
	resolver, err := sentinel.New(sentinel.Config{
		Addrs: settings.SentinelHosts, Master: settings.SentinelMaster,
		Dialer: &conn.Dialer{TLS: config, Username: settings.SentinelUsername, Password: string(settings.SentinelPassword)},
		Reach:  func(announced string) string { return reach[announced] },
	})
	require.NoError(t, err)
	p, err := pool.New(pool.Config{Dial: resolver.Dial(&conn.Dialer{TLS: config, Password: string(settings.Password), Timeout: time.Second}, role)})
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close() })
	return bwstate.New(p)
}

func TestSentinel(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		set := harness.StartSentinels(t, harness.SentinelConfig{Version: v, Password: canary, SentinelPassword: canary + "sentinel"})
		master := openSet(t, set, sentinel.Master)
		requireRole(t, master, "master")
		requireRole(t, openSet(t, set, sentinel.Replica), "slave")
		requireRole(t, openSet(t, set, sentinel.PreferReplica), "slave")

		t.Log("failover on request")
		set.Failover()
		require.Eventually(t, func() bool { return writes(master, "a") }, 10*time.Second, 20*time.Millisecond)
		requireRole(t, master, "master")

		t.Log("death of the master")
		set.Master().Kill()
		require.Eventually(t, func() bool { return writes(master, "b") }, 20*time.Second, 20*time.Millisecond)
		requireRole(t, master, "master")

		t.Log("no replica is left")
		requireRole(t, openSet(t, set, sentinel.PreferReplica), "master")
		_, err := openSet(t, set, sentinel.Replica).Do(short(t), "PING")
		var failed *sentinel.ResolveError
		require.ErrorAs(t, err, &failed)
		require.Equal(t, sentinel.Replica, failed.Role)
		require.Len(t, failed.Errs, len(set.Sentinels))
	})
}

func TestSentinelTLS(t *testing.T) {
	t.Parallel()
	set := harness.StartSentinels(t, harness.SentinelConfig{Version: harness.Valkey81, Password: canary, SentinelPassword: canary + "sentinel", TLS: &harness.TLS{}})
	requireRole(t, openSet(t, set, sentinel.Master), "master")
}

// What each sentinel did is said, without its password.
func TestSentinelsThatDoNotHelp(t *testing.T) {
	t.Parallel()
	set := harness.StartSentinels(t, harness.SentinelConfig{Version: harness.Redis80, SentinelPassword: canary})
	ask := func(addrs []string, master, password string) error {
		r, err := sentinel.New(sentinel.Config{Addrs: addrs, Master: master, Dialer: &conn.Dialer{Password: password}})
		require.NoError(t, err)
		_, err = r.Resolve(short(t), sentinel.Master)
		var failed *sentinel.ResolveError
		require.ErrorAs(t, err, &failed)
		require.Len(t, failed.Errs, len(addrs))
		require.NotContains(t, err.Error(), canary)
		return err
	}
	hosts := parse(t, set.Settings()).SentinelHosts
	require.ErrorContains(t, ask(hosts, "nosuch", canary), "nosuch")
	require.True(t, resp.IsCode(ask(hosts, "mymaster", canary+"wrong"), "WRONGPASS"))
	require.True(t, resp.IsCode(ask(hosts, "mymaster", ""), "NOAUTH"))
	require.True(t, resp.IsCode(ask([]string{harness.Shared(t, harness.Redis70).Addr}, "mymaster", ""), "ERR"), "a server that is no sentinel")
	require.ErrorContains(t, ask([]string{"nosuch.invalid:26379"}, "mymaster", ""), "nosuch.invalid:26379", "a name that does not resolve")
	set.Sentinels[0].Kill()
	require.ErrorContains(t, ask(hosts[:1], "mymaster", canary), hosts[0])
}

func requireRole(t *testing.T, s *bwstate.State, want string) {
	t.Helper()
	v, err := s.Do(short(t), "ROLE")
	require.NoError(t, err)
	got, err := v.Elems()[0].Text()
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// writes reports whether a write succeeds within a second.
func writes(s *bwstate.State, key string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, err := s.Do(ctx, "SET", key, "x")
	return err == nil
}
