package sentinel

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
)

// served dials a master in memory, and counts its connections that are open.
func served(open *int) *conn.Dialer {
	return &conn.Dialer{DialContext: func(context.Context, string, string) (net.Conn, error) {
		client, server := redistest.Pipe()
		*open++
		go func() {
			redistest.Serve(server, redistest.Redis(redistest.Options{}))
			*open--
		}()
		return client, nil
	}}
}

// A connection to a server that has proved to be a master is closed when nobody wants to know any more: the watch has ended, or another one is followed by now.
func TestProofThatNobodyWants(t *testing.T) {
	holding(t, func(t *testing.T, w *watch) {
		open := 0
		var end context.CancelFunc
		w.ctx, end = context.WithCancel(t.Context())
		w.data, w.proving, w.proved = served(&open), map[string]*candidate{}, make(chan proof)
		w.prove(candidate{addr: "b:1"})
		synctest.Wait()
		require.Equal(t, 1, open)
		p := <-w.proved
		w.stopProving(source{})
		require.Empty(t, w.proving)
		require.False(t, w.conclude(p))
		synctest.Wait()
		require.Zero(t, open, "it was given up")

		w.prove(candidate{addr: "b:1"})
		w.prove(candidate{addr: "b:1"})
		synctest.Wait()
		require.Equal(t, 1, open, "one at a time")
		end()
		w.tasks.Wait()
		time.Sleep(time.Millisecond)
		require.Zero(t, open, "the watch has ended")
	})
}
