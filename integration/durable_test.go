package integration

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
	"github.com/bwredis/bwredis/sentinel"
)

var bannedAddr = netip.MustParseAddr("203.0.113.7")

// What a replica has acknowledged is there at once; while it is frozen, nothing is acknowledged and everything is written.
func TestWaitReplicas(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		set := harness.StartSentinels(t, harness.SentinelConfig{Version: v, DownAfter: time.Minute})
		master, replica := openSet(t, set, sentinel.Master), openSet(t, set, sentinel.Replica)
		sessions, err := master.Sessions("s")
		require.NoError(t, err)
		id, ban := bwstate.NewSessionID(), bwstate.Ban{IP: bannedAddr, Remaining: time.Hour}

		patient := master.WaitReplicas(1, 10*time.Second)
		acknowledged, err := patient.AddBan(short(t), ban)
		require.NoError(t, err)
		require.Equal(t, 1, acknowledged)
		_, banned, err := replica.Banned(short(t), bannedAddr, "")
		require.NoError(t, err)
		require.True(t, banned)
		acknowledged, err = patient.SaveSession(short(t), sessions, id, []byte("x"), time.Hour)
		require.NoError(t, err)
		require.Equal(t, 1, acknowledged)

		own, err := master.AppSessions(bwstate.AppSessionConfig{Name: "app"})
		require.NoError(t, err)
		there, err := replica.AppSessions(bwstate.AppSessionConfig{Name: "app"})
		require.NoError(t, err)
		session, acknowledged, err := patient.CreateAppSession(short(t), own, "alice", []byte("x"))
		require.NoError(t, err)
		require.Equal(t, 1, acknowledged)
		_, found, err := there.Load(short(t), string(session.Token))
		require.NoError(t, err)
		require.True(t, found)
		n, acknowledged, err := patient.RevokeAllAppSessions(short(t), own, "alice")
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Equal(t, 1, acknowledged)
		_, found, err = there.Load(short(t), string(session.Token))
		require.NoError(t, err)
		require.False(t, found)

		// Two are not there.
		_, acknowledged, err = master.WaitReplicas(2, 100*time.Millisecond).Do(short(t), "INCR", "n")
		require.NoError(t, err)
		require.Equal(t, 1, acknowledged)

		_, _, err = replica.WaitReplicas(1, time.Second).Do(short(t), "INCR", "n")
		require.True(t, resp.IsCode(err, "READONLY"), "%v", err)
		forbidden := openForbidden(t, set.Master(), "wait")
		value, _, err := forbidden.WaitReplicas(1, time.Second).Do(short(t), "INCR", "n")
		var wait *bwstate.WaitError
		require.ErrorAs(t, err, &wait)
		require.True(t, resp.IsCode(err, "NOPERM"), "%v", err)
		require.Equal(t, "2", value.String())

		frozen := set.Replicas()[0]
		frozen.Pause()
		hasty := master.WaitReplicas(1, 200*time.Millisecond)
		deleted, acknowledged, err := hasty.DeleteSession(short(t), sessions, id)
		require.NoError(t, err)
		require.True(t, deleted)
		require.Zero(t, acknowledged)
		deleted, acknowledged, err = hasty.DeleteSession(short(t), sessions, id)
		require.NoError(t, err)
		require.False(t, deleted)
		require.Zero(t, acknowledged, "the deletion before it has not arrived either")

		set.Master().CLI("SCRIPT", "FLUSH") // a script that nobody knows makes no difference
		_, acknowledged, err = hasty.RevokeAllAppSessions(short(t), own, "alice")
		require.NoError(t, err)
		require.Zero(t, acknowledged)

		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer cancel()
		lifted, _, err := patient.Unban(ctx, bannedAddr, "")
		require.ErrorAs(t, err, &wait)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.True(t, lifted)

		frozen.Resume()
		_, acknowledged, err = patient.Do(short(t), "GET", "n") // waits for what was written before it
		require.NoError(t, err)
		require.Equal(t, 1, acknowledged)
		_, banned, err = replica.Banned(short(t), bannedAddr, "")
		require.NoError(t, err)
		require.False(t, banned)
	})
}

// openForbidden opens a state of a user who may not run one command.
func openForbidden(t *testing.T, server *harness.Server, command string) *bwstate.State {
	server.CLI("ACL", "SETUSER", "limited", "on", ">"+canary, "~*", "+@all", "-"+command)
	dialer := conn.Dialer{Username: "limited", Password: canary}
	p, err := pool.New(pool.Config{Dial: func(ctx context.Context) (*conn.Conn, error) { return dialer.Dial(ctx, "tcp", server.Addr) }})
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close() })
	return bwstate.New(p)
}
