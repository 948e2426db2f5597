package integration

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/resp"
)

// onlySince7 skips a test where channels are not a matter of rights yet: that came with Redis 6.2.
func onlySince7(t testing.TB, v harness.Version) {
	t.Helper()
	if !v.AtLeast(7, 0) {
		t.Skipf("%s has no rights to channels", v)
	}
}

// A channel that the user may not have is an error of Subscribe and of Add, and takes nothing else away.
func TestChannelRefused(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, v harness.Version, protocol int) {
		onlySince7(t, v)
		server, prefix := harness.Shared(t, v), own(t)+":"
		control := dial(t, server, conn.Dialer{})
		d := addUser(t, control, "+@all", "resetchannels", "&"+prefix+"name", "&"+prefix+"news.*", "&"+prefix+"shard")
		d.Protocol = protocol
		refused := []conn.Channels{
			{Names: []string{prefix + "secret"}},
			{Patterns: []string{"*"}},
			{Sharded: []string{prefix + "secret"}},
			{Names: []string{prefix + "name", prefix + "secret"}},
		}
		for _, channels := range refused {
			_, err := trySubscribe(t, server, d, channels)
			require.True(t, resp.IsCode(err, "NOPERM"), "%v: %v", channels, err)
		}
		require.Eventually(t, func() bool { return len(clients(t, control, own(t))) == 0 }, eventually, tick, "connections are left")

		s := subscribe(t, server, d, everything(v, prefix))
		for _, channels := range refused[:3] {
			err := s.Add(short(t), channels)
			require.True(t, resp.IsCode(err, "NOPERM"), "%v: %v", channels, err)
			requireEverything(t, v, control, s, prefix)
		}
		require.Equal(t, "1", do(t, control, "CLIENT", "KILL", "ID", clients(t, control, own(t))[0]["id"]))
		require.NotNil(t, next(t, s).Gap, "what was refused is not tried again")
		requireEverything(t, v, control, s, prefix)
	})
}

// A server closes the connections of a user who has a channel taken away. Next says so, and goes on with what is left when that is removed.
func TestChannelTakenAway(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, v harness.Version, protocol int) {
		onlySince7(t, v)
		server, prefix := harness.Shared(t, v), own(t)+":"
		control := dial(t, server, conn.Dialer{})
		d := addUser(t, control, "+@all", "allchannels")
		d.Protocol = protocol
		s := subscribe(t, server, d, everything(v, prefix))
		require.NoError(t, s.Add(short(t), conn.Channels{Names: []string{prefix + "lost"}}))
		requireEverything(t, v, control, s, prefix)

		do(t, control, "ACL", "SETUSER", d.Username, "resetchannels", "&"+prefix+"name", "&"+prefix+"news.*", "&"+prefix+"shard")
		for range 2 {
			_, err := s.Next(short(t))
			require.True(t, resp.IsCode(err, "NOPERM"), "%v", err)
		}
		require.NoError(t, s.Remove(short(t), conn.Channels{Names: []string{prefix + "lost"}}))
		require.NotNil(t, next(t, s).Gap)
		requireEverything(t, v, control, s, prefix)

		// With the user goes everything.
		do(t, control, "ACL", "DELUSER", d.Username)
		_, err := s.Next(short(t))
		require.True(t, resp.IsCode(err, "WRONGPASS"), "%v", err)
		require.NotContains(t, err.Error(), canary)
		addUser(t, control, "+@all", "allchannels")
		require.NotNil(t, next(t, s).Gap, "Next may be called again")
		requireEverything(t, v, control, s, prefix)
	})
}
