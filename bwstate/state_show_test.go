package bwstate_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
)

// A state may be printed while it is used, and shows nothing but what is below it.
func TestStateShows(t *testing.T) {
	server := redistest.NewServer(t, redistest.Redis(redistest.Options{Password: canary}))
	d := conn.Dialer{Password: canary}
	p, err := pool.New(pool.Config{Dial: func(ctx context.Context) (*conn.Conn, error) { return d.Dial(ctx, "tcp", server.Addr()) }})
	require.NoError(t, err)
	defer p.Close()
	s := bwstate.New(p)
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 100 {
			assert.NoError(t, s.Ping(t.Context()))
		}
	})
	for range 20 {
		for _, form := range shownForms(t, s) {
			require.NotContains(t, form, canary)
		}
		require.Regexp(t, `^bwstate\.State\{pool\.Pool\{\d+ open, \d+ in use\}\}$`, fmt.Sprintf("%+v", s))
	}
	wg.Wait()

	store, err := bwstate.Open(t.Context(), bwstate.Settings{})
	require.NoError(t, err)
	defer store.Close()
	require.Equal(t, "bwstate.State{*localstore.Store}", fmt.Sprintf("%#v", store))
}
