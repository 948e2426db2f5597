package bwstate_test

import (
	"context"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
)

// A master and its sentinel, each with TLS of an authority of its own, or without.
func TestOpenWithTLSToTheSentinelsOfTheirOwn(t *testing.T) {
	servers, sentinels := redistest.NewCA(t), redistest.NewCA(t)
	start := func(ca *redistest.CA, secure bool, h redistest.Handler) string {
		if secure {
			return redistest.NewTLSServer(t, h, ca.ServerConfig(ca.Server())).Addr()
		}
		return redistest.NewServer(t, h).Addr()
	}
	for name, c := range map[string]struct {
		server, sentinel bool
		settings         []string
	}{
		"the servers only":   {true, false, []string{"REDIS_SSL=yes", "REDIS_SSL_CA=" + servers.File, "REDIS_SENTINEL_SSL=no"}},
		"the sentinels only": {false, true, []string{"REDIS_SENTINEL_SSL=yes", "REDIS_SENTINEL_SSL_CA=" + sentinels.File}},
		"both":               {true, true, []string{"REDIS_SSL=yes", "REDIS_SSL_CA=" + servers.File, "REDIS_SENTINEL_SSL_CA=" + sentinels.File}},
	} {
		t.Run(name, func(t *testing.T) {
			master := start(servers, c.server, redistest.Override(map[string]redistest.Handler{"ROLE": masterRole}, redistest.Redis(redistest.Options{})))
			hosts := "REDIS_SENTINEL_HOSTS=" + start(sentinels, c.sentinel, setOf(t, master))
			settings := append(c.settings, hosts, "REDIS_SENTINEL_PASSWORD=of the sentinels")
			state, err := openWith(t, settings...)
			require.NoError(t, err)
			works(t, state)
			files := 0
			for _, c := range state.Certificates() {
				if c.File != "" {
					files++
				}
			}
			require.Equal(t, strings.Count(strings.Join(c.settings, " "), ".pem"), files)
			require.NoError(t, state.Close())
		})
	}
}

func TestOpenNamesEveryFileOfTLS(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none.pem")
	_, err := openWith(t, "REDIS_SENTINEL_HOSTS=127.0.0.1", "REDIS_SSL=yes", "REDIS_SSL_CA="+missing, "REDIS_SENTINEL_SSL_CA="+missing)
	var all *bwstate.SettingsError
	require.ErrorAs(t, err, &all)
	var names []string
	for _, p := range all.Problems {
		names = append(names, p.Name)
	}
	require.ElementsMatch(t, []string{"REDIS_SSL_CA", "REDIS_SENTINEL_SSL_CA"}, names)
}

// What a sentinel announces is dialled where the settings say that it is.
func TestOpenWithAnAddressMap(t *testing.T) {
	master := redistest.NewServer(t, redistest.Override(map[string]redistest.Handler{"ROLE": masterRole}, redistest.Redis(redistest.Options{})))
	_, port, err := net.SplitHostPort(master.Addr())
	require.NoError(t, err)
	announced := redistest.NewServer(t, setOf(t, "192.0.2.7:"+port))
	for _, entry := range []string{"192.0.2.7:" + port + "=" + master.Addr(), "192.0.2.7=127.0.0.1"} {
		state, err := openWith(t, "REDIS_SENTINEL_HOSTS="+announced.Addr(), "REDIS_SENTINEL_PASSWORD=of the sentinels", "REDIS_SENTINEL_ADDRESS_MAP="+entry)
		require.NoError(t, err)
		works(t, state)
		require.NoError(t, state.Close())
	}
}

// Close ends what follows the sentinels.
func TestCloseEndsTheWatch(t *testing.T) {
	master := redistest.NewServer(t, redistest.Override(map[string]redistest.Handler{"ROLE": masterRole}, redistest.Redis(redistest.Options{})))
	watched := redistest.NewServer(t, setOf(t, master.Addr()))
	state, err := openWith(t, "REDIS_SENTINEL_HOSTS="+watched.Addr(), "REDIS_SENTINEL_PASSWORD=of the sentinels")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return watched.Clients() > 0 }, 10*time.Second, time.Millisecond, "somebody listens to the sentinel")
	require.NoError(t, state.Close())
	require.Eventually(t, func() bool { // a goroutine that has said it is done may still be about to end
		stacks := make([]byte, 1<<20)
		return !strings.Contains(string(stacks[:runtime.Stack(stacks, true)]), "bwredis/sentinel.(*watch)")
	}, 10*time.Second, time.Millisecond)
	requireNoClients(t, watched)
}

// What a failover holds back is not sent when the State is closed meanwhile: when the watch has ended, which lets go whatever is held, nothing is held any more.
func TestCloseDuringAFailover(t *testing.T) {
	master := redistest.NewServer(t, redistest.Override(map[string]redistest.Handler{"ROLE": masterRole}, redistest.Redis(redistest.Options{})))
	var hub redistest.Hub
	watched := redistest.NewServer(t, hub.Handler(setOf(t, master.Addr())))
	settings, err := bwstate.ParseSettings(settingsFrom("USE_REDIS=yes", "REDIS_SENTINEL_HOSTS="+watched.Addr(), "REDIS_SENTINEL_PASSWORD=of the sentinels"))
	require.NoError(t, err)
	var held sync.WaitGroup
	state, err := bwstate.OpenStopping(t.Context(), settings, held.Wait)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return hub.Publish("+elected-leader", "master mymaster 127.0.0.1 1") > 0 }, 10*time.Second, time.Millisecond)
	require.Eventually(t, func() bool { // until one is held
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := state.Do(ctx, "INCR", "before")
		return err != nil
	}, 10*time.Second, time.Millisecond)
	for range 64 {
		held.Go(func() {
			_, err := state.Do(context.Background(), "INCR", "held")
			assert.ErrorIs(t, err, pool.ErrClosed)
		})
	}
	_, err = state.Do(t.Context(), "GET", "a")
	require.NoError(t, err, "reads go on")
	require.NoError(t, state.Close())
	held.Wait()
	require.NotContains(t, strings.Join(master.Commands(), "\n"), "held")
}
