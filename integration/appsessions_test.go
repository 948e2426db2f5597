package integration

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/integration/harness"
)

// openApp opens sessions of an application on a database of the test's own.
func openApp(t *testing.T, settings map[string]string, cfg bwstate.AppSessionConfig) *bwstate.AppSessions {
	t.Helper()
	cfg.Name = "app"
	ss, err := open(t, settings).AppSessions(cfg)
	require.NoError(t, err)
	return ss
}

// living counts the keys of a database that have not expired. DBSIZE would count those, too, that the server has not got round to deleting.
func living(t *testing.T, state *bwstate.State) int {
	t.Helper()
	keys, err := state.Do(short(t), "KEYS", "*")
	require.NoError(t, err)
	return keys.Len()
}

// Two processes share sessions: with the same key, and each with its own connections.
func TestAppSessionsAreShared(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Shared(t, v)
		settings := with(server.Settings(), "REDIS_DATABASE", strconv.Itoa(server.Database(t)))
		cfg := bwstate.AppSessionConfig{Keys: []bwstate.Secret{bwstate.NewAppSessionKey()}}
		one, two := openApp(t, settings, cfg), openApp(t, settings, cfg)
		s, err := one.Create(short(t), "alice", []byte("data"))
		require.NoError(t, err)
		got, found, err := two.Touch(short(t), string(s.Token))
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, "data", string(got.Data))
		_, err = two.Save(short(t), &got)
		require.NoError(t, err)
		_, err = one.Save(short(t), &s)
		var lost *bwstate.LostUpdateError
		require.ErrorAs(t, err, &lost)
		n, err := one.RevokeAll(short(t), "alice")
		require.NoError(t, err)
		require.Equal(t, 1, n)
		_, found, err = two.Load(short(t), string(s.Token))
		require.NoError(t, err)
		require.False(t, found)
	})
}

// A thousand sessions of one subject: the index holds no more than those that live, and RevokeAll ends them all.
func TestAppSessionsOfABusySubject(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Shared(t, v)
		settings := with(server.Settings(), "REDIS_DATABASE", strconv.Itoa(server.Database(t)))
		brief, long := openApp(t, settings, bwstate.AppSessionConfig{Idle: 100 * time.Millisecond}), openApp(t, settings, bwstate.AppSessionConfig{})
		state := open(t, settings)
		create := func(ss *bwstate.AppSessions, n int) {
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for range n / 8 {
						if _, err := ss.Create(t.Context(), "alice", nil); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
		}
		create(brief, 400)
		require.Eventually(t, func() bool {
			n, err := brief.Count(short(t), "alice")
			require.NoError(t, err)
			return n == 0
		}, 10*time.Second, 10*time.Millisecond)
		create(long, 400)
		n, err := long.Count(short(t), "alice")
		require.NoError(t, err)
		require.Equal(t, 400, n)
		size, err := state.Do(short(t), "EVAL", "return redis.call('ZCARD', redis.call('KEYS', 'bwredis:subject:app:*')[1])", "0")
		require.NoError(t, err)
		count, err := size.Int()
		require.NoError(t, err)
		require.EqualValues(t, 400, count)
		n, err = long.RevokeAll(short(t), "alice")
		require.NoError(t, err)
		require.Equal(t, 400, n)
		require.Equal(t, 1, living(t, state), "the mark")
	})
}

// A server that is away, and comes back.
func TestAppSessionsAway(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v})
		settings := with(server.Settings(), "REDIS_TIMEOUT", "2s")
		ss := openApp(t, settings, bwstate.AppSessionConfig{WhenAway: bwstate.CookieWhenAway, Keys: []bwstate.Secret{bwstate.NewAppSessionKey()}})
		stored, err := ss.Create(short(t), "alice", []byte("x"))
		require.NoError(t, err)
		require.Equal(t, bwstate.InStore, stored.Place)

		server.Stop()
		s, err := ss.Create(short(t), "alice", []byte("y"))
		require.NoError(t, err)
		require.Equal(t, bwstate.InCookie, s.Place)
		got, found, err := ss.Load(short(t), string(s.Token))
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, "y", string(got.Data))
		var away *bwstate.AwayError
		_, _, err = ss.Load(short(t), string(stored.Token))
		require.ErrorAs(t, err, &away)
		_, err = ss.RevokeAll(short(t), "alice")
		require.ErrorAs(t, err, &away)

		server.Start()
		require.Eventually(t, func() bool {
			_, found, err := ss.Load(short(t), string(s.Token))
			return err == nil && !found
		}, 20*time.Second, 50*time.Millisecond)
		found, err = ss.Save(short(t), &got)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, bwstate.InStore, got.Place)
	})
}
