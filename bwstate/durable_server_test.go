package bwstate_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/internal/redistest"
)

// Who waits for replicas holds nobody up, and leaves when its context ends; it is told that the write was done.
func TestDurableWaitsAlone(t *testing.T) {
	waits, release := make(chan struct{}), make(chan struct{})
	server := redistest.NewServer(t, redistest.Override(map[string]redistest.Handler{"WAIT": func(c *redistest.Session, _ []string) {
		c.Flush()
		waits <- struct{}{}
		<-release
		c.Int(1)
	}}, redistest.Redis(redistest.Options{})))
	defer close(release)
	state := mustOpen(t, server.Addr(), "REDIS_KEEPALIVE_POOL=1")
	require.Eventually(t, func() bool { // who leaves before the reply to the write was read does not know whether that was done
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ended := make(chan error)
		go func() {
			_, err := state.WaitReplicas(1, time.Hour).AddBan(ctx, bwstate.Ban{IP: netip.MustParseAddr("203.0.113.7"), Permanent: true})
			ended <- err
		}()
		<-waits
		works(t, state)
		ban, err := state.Do(t.Context(), "GET", "bans_ip_203.0.113.7")
		require.NoError(t, err)
		require.False(t, ban.IsNull())
		cancel()
		err = <-ended
		require.ErrorIs(t, err, context.Canceled)
		require.NoError(t, state.Ping(t.Context()))
		var wait *bwstate.WaitError
		return errors.As(err, &wait)
	}, 10*time.Second, time.Millisecond)
}

// A server that has no WAIT has done the write.
func TestDurableOnAServerWithoutWait(t *testing.T) {
	server := redistest.NewServer(t, redistest.Redis(redistest.Options{}))
	state := mustOpen(t, server.Addr())
	v, acknowledged, err := state.WaitReplicas(1, time.Second).Do(t.Context(), "INCR", "n")
	var wait *bwstate.WaitError
	require.ErrorAs(t, err, &wait)
	require.ErrorContains(t, err, "unknown command")
	require.Equal(t, "1", v.String())
	require.Zero(t, acknowledged)
	v, err = state.Do(t.Context(), "GET", "n")
	require.NoError(t, err)
	require.Equal(t, `"1"`, v.String())
}

func TestAWarmDurableWriteAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	addr := serveWords(
		t,
		[][]byte{[]byte("HELLO"), []byte("PING"), []byte("WAIT")},
		[][]byte{[]byte("-ERR unknown command\r\n"), []byte("+PONG\r\n"), []byte(":1\r\n:2\r\n")},
	)
	durable := mustOpen(t, addr).WaitReplicas(2, time.Second)
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		if _, acknowledged, err := durable.Do(ctx, "INCR", "n"); err != nil || acknowledged != 2 {
			t.Error(acknowledged, err)
		}
	}))
}
