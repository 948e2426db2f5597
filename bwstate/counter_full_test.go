package bwstate

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/internal/localstore"
	"github.com/bwredis/bwredis/resp"
)

// keysWithoutEnd returns the keys of a store that have no lifetime.
func keysWithoutEnd(t *testing.T, s *State) (keys []string) {
	t.Helper()
	cursor := "0"
	for {
		v, err := s.Do(t.Context(), "SCAN", cursor, "COUNT", "1000")
		require.NoError(t, err)
		for _, key := range v.Elems()[1].Elems() {
			name, _ := key.Text()
			ttl, err := s.Do(t.Context(), "PTTL", name)
			require.NoError(t, err)
			if n, _ := ttl.Int(); n == -1 {
				keys = append(keys, name)
			}
		}
		if cursor, _ = v.Elems()[0].Text(); cursor == "0" {
			return keys
		}
	}
}

// A full store refuses; what it refused has left nothing behind, and nothing lives for ever.
func TestCountersOfAFullStore(t *testing.T) {
	s := openStore(localstore.Config{MaxBytes: 64 << 10})
	defer s.Close()
	plain, err := s.Counters(CountersConfig{Name: "app"})
	require.NoError(t, err)
	windows, err := s.Counters(CountersConfig{Name: "app", Window: 24 * time.Hour, Windows: 2})
	require.NoError(t, err)
	tops, err := s.Tops(TopConfig{Name: "app", Size: 1000})
	require.NoError(t, err)
	const block = 500
	var refused [3]int
	for i := range 2000 { // in ever smaller steps towards the limit
		name := func(j int) string { return fmt.Sprint(i, " ", j, strings.Repeat("n", max(block-i, 1))) }
		several := []Addition{{name(0), 1}, {name(1), 1}, {name(2), 1}}
		for j, cs := range []*Counters{plain, windows} {
			if _, err := cs.AddAllOnce(t.Context(), fmt.Sprint(j, name(0)), several...); err != nil {
				require.True(t, resp.IsCode(err, "OOM"), "%v", err)
				refused[j]++
				counts, err := cs.GetAll(t.Context(), name(0), name(1), name(2))
				require.NoError(t, err)
				require.Equal(t, make([]Count, 3), counts, "all or none")
			}
		}
		if _, err := tops.Add(t.Context(), fmt.Sprint("l", i/100), TopEntry{name(0), 1}, TopEntry{name(1), 1}, TopEntry{name(2), 1}); err != nil {
			require.True(t, resp.IsCode(err, "OOM"), "%v", err)
			refused[2]++
		}
	}
	require.Positive(t, min(refused[0], refused[1], refused[2]))
	_, err = s.Do(t.Context(), "UNLINK", "bwredis:count:app:t0x1x1000:l0:0")
	require.NoError(t, err)
	for i := range 100 { // the first has room, the others at some time do not
		_, err = tops.Add(t.Context(), fmt.Sprint("some ", i), TopEntry{"a", 1}, TopEntry{strings.Repeat("b", 2000), 1})
	}
	require.True(t, resp.IsCode(err, "OOM"), "%v", err)
	require.Empty(t, keysWithoutEnd(t, s))
}

// What counts in the place of a server refuses nothing when it is full, and forgets what would end first.
func TestCountersOfAFullStandIn(t *testing.T) {
	s := openStore(localstore.Config{MaxBytes: 64 << 10, Evict: true})
	defer s.Close()
	long, err := s.Counters(CountersConfig{Name: "app"})
	require.NoError(t, err)
	short, err := s.Counters(CountersConfig{Name: "app", TTL: time.Minute})
	require.NoError(t, err)
	tops, err := s.Tops(TopConfig{Name: "app", Size: 20})
	require.NoError(t, err)
	for i := range 3000 {
		name := fmt.Sprint(i)
		c, err := long.AddOnce(t.Context(), name, "kept", 1)
		require.NoError(t, err)
		require.Equal(t, Count{Total: int64(i + 1), Found: true}, c)
		_, err = short.AddAll(t.Context(), Addition{name, 1}, Addition{"near", 1}, Addition{name + strings.Repeat("x", 500), 1})
		require.NoError(t, err)
		_, err = short.AddAll(t.Context(), Addition{"near", 1}, Addition{fmt.Sprint(i-1) + strings.Repeat("y", 500), 1}, Addition{"bad", 9223372036854775807}, Addition{"bad", 1})
		require.Error(t, err)
		_, err = tops.Add(t.Context(), "l", TopEntry{name, 1})
		require.NoError(t, err)
	}
	require.Empty(t, keysWithoutEnd(t, s))
}
