package sentinel

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
)

// served dials a master in memory, and counts its connections that are open.
func served(open *atomic.Int64) *conn.Dialer {
	return &conn.Dialer{DialContext: func(context.Context, string, string) (net.Conn, error) {
		client, server := redistest.Pipe()
		open.Add(1)
		go func() {
			redistest.Serve(server, redistest.Redis(redistest.Options{}))
			open.Add(-1)
		}()
		return client, nil
	}}
}

// A connection to a server that has proved to be a master is closed when nobody wants to know any more: the watch has ended, or another one is followed by now.
func TestProofThatNobodyWants(t *testing.T) {
	holding(t, func(t *testing.T, w *watch) {
		var open atomic.Int64
		var end context.CancelFunc
		w.ctx, end = context.WithCancel(t.Context())
		w.data, w.proving, w.proved = served(&open), map[string]*candidate{}, make(chan proof)
		w.prove(candidate{addr: "b:1"})
		synctest.Wait()
		require.EqualValues(t, 1, open.Load())
		p := <-w.proved
		w.stopProving(source{})
		require.Empty(t, w.proving)
		require.False(t, w.conclude(p))
		synctest.Wait()
		require.Zero(t, open.Load(), "it was given up")

		w.prove(candidate{addr: "b:1"})
		w.prove(candidate{addr: "b:1"})
		synctest.Wait()
		require.EqualValues(t, 1, open.Load(), "one at a time")
		end()
		w.tasks.Wait()
		synctest.Wait()
		require.Zero(t, open.Load(), "the watch has ended")
	})
}
