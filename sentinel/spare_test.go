package sentinel_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/sentinel"
)

// Who dials gets a connection that is made then, with the credentials and authorities of that moment, though the watch has made one to see that the master is one.
func TestFirstLookAtTheMasterLeavesNoConnection(t *testing.T) {
	run(t, func(t *testing.T) {
		set := redistest.NewSet(t, redistest.SetConfig{})
		var dialled atomic.Int64
		dialer := &conn.Dialer{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			dialled.Add(1)
			return set.DialContext(ctx, network, addr)
		}}
		resolver, err := sentinel.New(sentinel.Config{Addrs: set.SentinelAddrs(), Master: "mymaster", Dialer: &conn.Dialer{DialContext: set.DialContext}})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- resolver.Watch(ctx, dialer, func(sentinel.Switch) {}) }()
		time.Sleep(100 * time.Millisecond)
		looked := dialled.Load()
		require.Positive(t, looked)
		c, err := resolver.Dial(dialer, sentinel.Master)(t.Context())
		require.NoError(t, err)
		require.Equal(t, looked+1, dialled.Load())
		require.NoError(t, c.Close())
		cancel()
		require.NoError(t, <-ended)
	})
}
