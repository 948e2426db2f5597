package pool_test

import (
	"encoding/json"
	"expvar"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/pool"
)

func TestStatsAreOneJSONObjectWithEveryField(t *testing.T) {
	var got map[string]any
	require.NoError(t, json.Unmarshal([]byte(pool.Stats{Dials: 7}.String()), &got))
	fields := reflect.TypeFor[pool.Stats]().NumField()
	require.Len(t, got, fields)
	require.EqualValues(t, 7, got["Dials"])
}

func TestVarShowsWhatIsSoNow(t *testing.T) {
	p := parrotPool(t, pool.Config{})
	var shown expvar.Var = p.Var() // that it is one is part of the promise
	dials := func() (n struct{ Dials int }) {
		require.NoError(t, json.Unmarshal([]byte(shown.String()), &n))
		return n
	}
	require.Zero(t, dials().Dials)
	_, err := do(t.Context(), p, "PING")
	require.NoError(t, err)
	require.Equal(t, 1, dials().Dials)
	require.NoError(t, p.Close())
	require.Equal(t, 1, dials().Dials, "also when the pool is closed")
}

// A pool may be printed while it is used: whoever logs one by accident races with nobody.
func TestPoolShows(t *testing.T) {
	p := parrotPool(t, pool.Config{})
	require.Equal(t, "pool.Pool{0 open, 0 in use}", p.String())
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 100 {
			_, err := do(t.Context(), p, "PING")
			assert.NoError(t, err)
		}
	})
	for range 100 {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			require.Regexp(t, `^pool\.Pool\{\d+ open, \d+ in use\}$`, fmt.Sprintf(verb, p))
		}
	}
	wg.Wait()
	require.Regexp(t, `^pool\.Pool\{[1-9] open, 0 in use\}$`, p.String())
}
