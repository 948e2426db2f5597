package pool_test

import (
	"encoding/json"
	"expvar"
	"reflect"
	"testing"

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
