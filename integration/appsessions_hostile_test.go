package integration

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/resp"
)

// Whoever has no room for sessions can still end them, and it is remembered, with or without sessions on the server.
func TestAppSessionsEndWhenMemoryIsFull(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v})
		ss, state := openApp(t, server.Settings(), bwstate.AppSessionConfig{}), open(t, server.Settings())
		s, err := ss.Create(short(t), "alice", nil)
		require.NoError(t, err)
		server.CLI("CONFIG", "SET", "maxmemory", "1")
		_, err = ss.Create(short(t), "alice", nil)
		require.True(t, resp.IsCode(err, "OOM"), "%v", err)
		for subject, want := range map[string]int{"alice": 1, "bob": 0} {
			n, err := ss.RevokeAll(short(t), subject)
			require.NoError(t, err, subject)
			require.Equal(t, want, n, subject)
		}
		_, found, err := ss.Load(short(t), string(s.Token))
		require.NoError(t, err)
		require.False(t, found)
		require.Equal(t, 2, living(t, state), "the marks")
	})
}

// A value that no reply has room for is refused by its reason, and whoever shares the connection goes on.
func TestHugeAppSessions(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v})
		settings := with(server.Settings(), "REDIS_KEEPALIVE_POOL", "1")
		state := open(t, settings)
		ss, err := state.AppSessions(bwstate.AppSessionConfig{Name: "app"})
		require.NoError(t, err)
		s, err := ss.Create(short(t), "alice", []byte("x"))
		require.NoError(t, err)
		_, err = state.Do(short(t), "SETRANGE", "bwredis:session:app:"+s.Handle, "73400320", "x")
		require.NoError(t, err)
		stop := make(chan struct{})
		var others sync.WaitGroup
		for range 4 {
			others.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					if err := state.Ping(t.Context()); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		var wrong *bwstate.AppSessionValueError
		for range 3 {
			_, _, err = ss.Load(short(t), string(s.Token))
			require.ErrorAs(t, err, &wrong)
			require.Equal(t, bwstate.TooLarge, wrong.Reason)
			_, _, err = ss.Touch(short(t), string(s.Token))
			require.ErrorAs(t, err, &wrong)
			require.Equal(t, bwstate.TooLarge, wrong.Reason)
		}
		infos, err := ss.List(short(t), "alice")
		require.NoError(t, err)
		require.Len(t, infos, 1)
		_, err = state.Do(short(t), "SET", "bwredis:session:app:"+s.Handle, strings.Repeat("x", 1<<20)) // anybody's
		require.NoError(t, err)
		_, _, err = ss.Load(short(t), string(s.Token))
		require.ErrorAs(t, err, &wrong)
		require.Equal(t, bwstate.NotASession, wrong.Reason)
		close(stop)
		others.Wait()
	})
}
