package localstore_test

import (
	"context"
	"strconv"
	"sync"
	"testing"

	"github.com/bwredis/bwredis/internal/localstore"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func key(prefix string, i int) string { return prefix + strconv.Itoa(i) }

// scanAll follows cursors to the end and returns how often each key was seen, and in how many calls.
func scanAll(t testing.TB, s *localstore.Store, options ...string) (seen map[string]int, calls int) {
	t.Helper()
	seen = map[string]int{}
	cursor := "0"
	for {
		v := do(t, s, append([]string{"SCAN", cursor}, options...)...)
		require.NoError(t, v.Err())
		calls++
		for _, e := range v.Elems()[1].Elems() {
			k, err := e.Text()
			require.NoError(t, err)
			seen[k]++
		}
		cursor, _ = v.Elems()[0].Text()
		if cursor == "0" {
			return seen, calls
		}
	}
}

func TestScan(t *testing.T) {
	play(t, []step{
		{"SCAN", arity("scan")},
		{"SCAN x", "-ERR invalid cursor"},
		{"SCAN -1", "-ERR invalid cursor"},
		{"SCAN 0", `["0" []]`},
		{"SCAN 18446744073709551615", `["0" []]`},
		{"SCAN 0 COUNT", syntaxError},
		{"SCAN 0 COUNT 0", syntaxError},
		{"SCAN 0 COUNT x", notInteger},
		{"SCAN 0 FOO x", syntaxError},
		{"MSET a 1 b 2 c 3", "+OK"},
		{"SCAN 0 COUNT 2", `["2" ["c" "b"]]`},
		{"DEL b", ":1"},
		{"SCAN 2 COUNT 2", `["0" ["a"]]`},
		{"SCAN 0 MATCH [ab]", `["0" ["a"]]`},
		{"SCAN 0 TYPE string match c", `["0" ["c"]]`},
		{"SCAN 0 TYPE list", `["0" []]`},
		{"FLUSHDB", "+OK"},
		{"SET d 1", "+OK"},
		{"SCAN 2", `["0" []]`}, // a cursor from before stays below what is new
	})
}

func TestScanPages(t *testing.T) {
	s := localstore.New(localstore.Config{})
	for i := range 10_000 {
		do(t, s, "SET", key("k", i), "v")
	}
	for i := range 10_000 {
		if i%5 != 0 {
			do(t, s, "DEL", key("k", i))
		}
	}
	require.LessOrEqual(t, s.Slots(), 4000)
	seen, calls := scanAll(t, s, "COUNT", "100")
	require.Len(t, seen, 2000)
	require.GreaterOrEqual(t, calls, 20)
	for k, n := range seen {
		require.Equal(t, 1, n, k)
	}
	seen, _ = scanAll(t, s, "MATCH", "k1*", "COUNT", "9223372036854775807")
	require.Len(t, seen, 222)
}

func TestScanCountIsCapped(t *testing.T) {
	s := localstore.New(localstore.Config{})
	for i := range 5000 {
		do(t, s, "SET", key("k", i), "v")
	}
	seen, calls := scanAll(t, s, "COUNT", "1000000")
	require.Len(t, seen, 5000)
	require.Equal(t, 2, calls)
}

func TestScanDuringWrites(t *testing.T) {
	s := localstore.New(localstore.Config{})
	const stable = 500
	for i := range stable {
		do(t, s, "SET", key("stay", i), "v")
		do(t, s, "SET", key("go", i), "v")
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			var q resp.Request
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				q.Reset()
				q.Cmd("SET").Str(key("new", w*1_000_000+i%1000)).Str("v")
				q.Cmd("DEL").Str(key("new", w*1_000_000+(i+500)%1000))
				q.Cmd("DEL").Str(key("go", i%stable))
				q.Cmd("SET").Str(key("stay", i%stable)).Str("w") // still the same key
				assert.NoError(t, s.RoundTrip(context.Background(), &q, nil))
			}
		})
	}
	for range 10 {
		seen, _ := scanAll(t, s, "COUNT", "7")
		for i := range stable {
			require.Equal(t, 1, seen[key("stay", i)], "key %d", i)
		}
	}
	close(stop)
	wg.Wait()
	require.NoError(t, s.Check())
}

func TestGlob(t *testing.T) {
	s := localstore.New(localstore.Config{})
	for _, c := range []struct {
		pattern, key string
		want         bool
	}{
		{"*", "", true},
		{"*", "x", true},
		{"", "", true},
		{"", "x", false},
		{"a", "a", true},
		{"a", "A", false},
		{"a", "ab", false},
		{"ab", "a", false},
		{"?", "a", true},
		{"?", "", false},
		{"a*c", "abbc", true},
		{"a*c", "abbcd", false},
		{"a**c", "ac", true},
		{"*b*d*", "abcde", true},
		{"*bd*", "abcde", false},
		{"*ab", "aab", true},
		{"a*", "a", true},
		{"[abc]", "b", true},
		{"[abc]", "d", false},
		{"[^abc]", "d", true},
		{"[^abc]", "a", false},
		{"[a-c]x", "bx", true},
		{"[c-a]x", "bx", true},
		{"[a-c]", "d", false},
		{`[\]]`, "]", true},
		{`[\-a]`, "-", true},
		{"[a-]", "-", false}, // a range from ] to a, as the server reads it
		{"[a-]", "`", true},
		{"[ab", "b", true},
		{"[ab", "bc", false},
		{"[", "x", false},
		{"[^", "x", true},
		{`\*`, "*", true},
		{`\*`, "x", false},
		{`a\`, `a\`, true},
		{"bans_service_*_ip_*", "bans_service_www.example.com_ip_10.0.0.1", true},
		{"bans_ip_*", "bans_service_x_ip_1", false},
	} {
		do(t, s, "FLUSHDB")
		do(t, s, "SET", c.key, "v")
		want := `["0" []]`
		if c.want {
			want = `["0" [` + strconv.Quote(c.key) + `]]`
		}
		require.Equal(t, want, show(do(t, s, "SCAN", "0", "MATCH", c.pattern)), "%q on %q", c.pattern, c.key)
	}
}
