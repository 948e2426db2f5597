package bwstate_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/internal/redistest"
)

// A read is sent again when its connection is lost; a write is not.
func TestDoSendsReadsAgain(t *testing.T) {
	once := func(otherwise redistest.Handler) redistest.Handler {
		var lost atomic.Bool
		return func(c *redistest.Session, args []string) {
			if lost.CompareAndSwap(false, true) {
				c.Close()
				return
			}
			otherwise(c, args)
		}
	}
	redis := redistest.Redis(redistest.Options{})
	server := redistest.NewServer(t, redistest.Override(map[string]redistest.Handler{"GET": once(redis), "INCR": once(redis)}, redis))
	state := mustOpen(t, server.Addr())
	_, err := state.Do(t.Context(), "GET", "a")
	require.NoError(t, err)
	_, err = state.Do(t.Context(), "INCR", "a")
	require.Error(t, err)
	require.Equal(t, 3, strings.Count(strings.Join(server.Commands(), "\n"), " a"), "%q", server.Commands())
}
