package localstore_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bwredis/bwredis/internal/localstore"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const noScript = "-NOSCRIPT No matching script. Please use EVAL."

// register makes script run for the text and returns the text's SHA-1.
func register(s *localstore.Store, text string, script localstore.Script) string {
	sum := sha1.Sum([]byte(text))
	sha := hex.EncodeToString(sum[:])
	s.Register(sha, script)
	return sha
}

// describe answers with all it was given.
func describe(_ func(...string) resp.Value, keys, argv []string, dst []byte) []byte {
	return resp.AppendBulk(dst, strings.Join(keys, ",")+"|"+strings.Join(argv, ","))
}

func TestScriptCommands(t *testing.T) {
	s := localstore.New(localstore.Config{})
	sha := register(s, "return describe", describe)
	other := strings.Repeat("0", 40)
	const notBuiltIn = "-ERR the embedded store runs only the scripts it was built with"
	for _, c := range []struct {
		want string
		args []string
	}{
		{`"a|b,c"`, []string{"EVALSHA", sha, "1", "a", "b", "c"}},
		{`"a|b,c"`, []string{"EVALSHA_RO", strings.ToUpper(sha), "1", "a", "b", "c"}},
		{`"|"`, []string{"EVAL", "return describe", "0"}},
		{`"a,b|"`, []string{"EVAL_RO", "return describe", "2", "a", "b"}},
		{noScript, []string{"EVALSHA", other, "0"}},
		{noScript, []string{"EVALSHA_RO", other, "0"}},
		{noScript, []string{"EVALSHA", "abc", "x"}},
		{notBuiltIn, []string{"EVAL", "return 1", "0"}},
		{notBuiltIn, []string{"EVAL_RO", "return 1", "0"}},
		{notInteger, []string{"EVALSHA", sha, "x"}},
		{"-ERR Number of keys can't be greater than number of args", []string{"EVALSHA", sha, "2", "a"}},
		{"-ERR Number of keys can't be negative", []string{"EVALSHA", sha, "-1"}},
		{arity("evalsha"), []string{"EVALSHA", sha}},
		{arity("eval"), []string{"EVAL", "return 1"}},
		{`"` + sha + `"`, []string{"SCRIPT", "LOAD", "return describe"}},
		{notBuiltIn, []string{"SCRIPT", "LOAD", "return 1"}},
		{"[:1 :0 :1]", []string{"SCRIPT", "EXISTS", sha, other, strings.ToUpper(sha)}},
		{arity("script|load"), []string{"SCRIPT", "LOAD"}},
		{arity("script|exists"), []string{"SCRIPT", "EXISTS"}},
		{arity("script"), []string{"SCRIPT"}},
		{"-ERR unknown subcommand 'A  B'. Try SCRIPT HELP.", []string{"SCRIPT", "A\r\nB"}},
	} {
		require.Equal(t, c.want, show(do(t, s, c.args...)), "%q", c.args)
	}
	require.Panics(t, func() { s.Register("abc", describe) })
	require.Panics(t, func() { s.Register(sha, nil) })
}

func TestScriptCalls(t *testing.T) {
	c := newClock()
	s := localstore.New(localstore.Config{Now: c.Now})
	var got []string
	sha := register(s, "calls", func(call func(...string) resp.Value, keys, _ []string, dst []byte) []byte {
		got = nil
		for _, args := range [][]string{
			{"SET", keys[0], "5", "EX", "10"},
			{"INCR", keys[0]},
			{"GET", keys[0]},
			{"TTL", keys[0]},
			{"GET", "none"},
			{"MGET", keys[0], "x"},
			{"NOPE"},
			{"GET"},
			{"APPEND", keys[0], "x"},
			{"INCR", keys[0]},
			{"EVAL", "x", "0"},
			{"SCRIPT", "LOAD", "x"},
			{"HELLO"},
			{},
		} {
			got = append(got, show(call(args...)))
		}
		return resp.AppendSimple(dst, "DONE")
	})
	const notAllowed = "-ERR This Redis command is not allowed from script"
	require.Equal(t, "+DONE", line(t, s, "EVALSHA "+sha+" 1 k"))
	require.Equal(t, []string{
		"+OK", ":6", `"6"`, ":10", "_", `["6" _]`,
		"-ERR unknown command 'NOPE', with args beginning with: ", arity("get"), ":2", notInteger,
		notAllowed, notAllowed, notAllowed, "-ERR Please specify at least one argument for this redis.call() call",
	}, got)
	require.Equal(t, `"6x"`, line(t, s, "GET k"))

	do(t, s, "SET", "k", "1")
	require.Equal(t, "+DONE", line(t, s, "EVALSHA_RO "+sha+" 1 k"))
	const readOnly = "-ERR Write commands are not allowed from read-only scripts."
	require.Equal(t, []string{readOnly, readOnly, `"1"`, ":-1"}, got[:4])
	require.Equal(t, ":2", line(t, s, "INCR k"), "the next command is no script")
}

func TestScriptsWithBadReplies(t *testing.T) {
	s := localstore.New(localstore.Config{})
	for name, reply := range map[string]string{"none": "", "two": ":1\r\n:2\r\n", "short": "$5\r\nab\r\n", "broken": "hello\r\n", "half": "*2\r\n:1\r\n"} {
		sha := register(s, name, func(_ func(...string) resp.Value, _, _ []string, dst []byte) []byte { return append(dst, reply...) })
		var q resp.Request
		q.Cmd("PING")
		q.Cmd("EVALSHA").Str(sha).Str("0")
		q.Cmd("PING")
		require.Equal(t, []string{"+PONG", "-ERR the script did not return exactly one reply", "+PONG"}, roundTrip(t, s, &q), name)
	}
	sha := register(s, "large", func(_ func(...string) resp.Value, _, _ []string, dst []byte) []byte {
		return resp.AppendBulk(dst, strings.Repeat("v", 100_000))
	})
	text, err := do(t, s, "EVALSHA", sha, "0").Text()
	require.NoError(t, err)
	require.Len(t, text, 100_000)
}

func TestPanickingScriptLeavesStoreUsable(t *testing.T) {
	s := localstore.New(localstore.Config{})
	sha := register(s, "panic", func(func(...string) resp.Value, []string, []string, []byte) []byte { panic("boom") })
	var q resp.Request
	q.Cmd("EVALSHA").Str(sha).Str("0")
	require.PanicsWithValue(t, "boom", func() { _ = s.RoundTrip(context.Background(), &q, nil) })
	require.Equal(t, "+OK", line(t, s, "SET k v"))
}

// A limiter as the store's users write it: nothing may come between reading and writing.
func TestScriptsAreAtomic(t *testing.T) {
	s := localstore.New(localstore.Config{})
	sha := register(s, "limit", func(call func(...string) resp.Value, keys, argv []string, dst []byte) []byte {
		v := call("GET", keys[0])
		length := 0
		if !v.IsNull() {
			text, _ := v.Text()
			length = len(text)
		}
		time.Sleep(10 * time.Microsecond)
		call("SET", keys[0], strings.Repeat("x", length+1), "EX", argv[0])
		return resp.AppendInt(dst, int64(length+1))
	})
	const callers, rounds = 16, 25
	var mu sync.Mutex
	seen := map[int64]bool{}
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			var q resp.Request
			q.Cmd("EVALSHA").Str(sha).Str("1").Str("k").Str("60")
			for range rounds {
				assert.NoError(t, s.RoundTrip(context.Background(), &q, resp.HandlerFunc(func(_ int, r *resp.Reply) error {
					mu.Lock()
					defer mu.Unlock()
					seen[r.Int()] = true
					return r.Err()
				})))
			}
		})
	}
	wg.Wait()
	require.Len(t, seen, callers*rounds)
	require.Equal(t, ":400", line(t, s, "STRLEN k"))
}

// As on a server, a script is refused at its first write or not at all; what it writes beyond the limit is bounded.
func TestAScriptEndsWhatItBegan(t *testing.T) {
	const limit = 64 << 10
	s := localstore.New(localstore.Config{MaxBytes: limit})
	sha := register(s, "write", func(call func(...string) resp.Value, keys, argv []string, dst []byte) []byte {
		for _, key := range keys {
			if err := call("APPEND", key, argv[0]).Err(); err != nil {
				return resp.AppendError(dst, strings.TrimPrefix(err.Error(), "redis: "))
			}
		}
		return resp.AppendSimple(dst, "OK")
	})
	value := strings.Repeat("v", 250)
	full := func() {
		for i := s.Held(); do(t, s, "SET", key("full", i), value).Err() == nil; i++ {
			require.LessOrEqual(t, s.Used(), limit)
		}
	}
	do(t, s, "SET", "a", value)
	full()
	do(t, s, "SET", "a", "")
	require.Equal(t, "+OK", show(do(t, s, "EVALSHA", sha, "2", "a", "b", value)))
	require.Greater(t, s.Used(), limit)
	require.NoError(t, s.Check())
	require.Contains(t, show(do(t, s, "EVALSHA", sha, "1", "c", value)), "OOM", "at its first write")
	require.Equal(t, ":0", line(t, s, "EXISTS c"))
	require.Equal(t, oom, show(do(t, s, "SET", "c", "v")), "a command is no script")

	do(t, s, "SET", "a", "")
	do(t, s, "DEL", "b", "full00000001", "full00000002")
	full()
	do(t, s, "SET", "a", "")
	require.Contains(t, show(do(t, s, "EVALSHA", sha, "5", "a", "b", "c", "d", "e", value)), "OOM", "further than that it cannot go")
	require.LessOrEqual(t, s.Used(), limit+limit/64)
	require.NoError(t, s.Check())
}

// What a script has seen of its keys stays true until it ends.
func TestTheKeysOfAScriptAreNotEvicted(t *testing.T) {
	s, _ := evicting(3)
	sha := register(s, "see", func(call func(...string) resp.Value, keys, argv []string, dst []byte) []byte {
		seen, _ := call("GET", keys[0]).Text()
		call("SET", keys[1], argv[0])
		call("APPEND", keys[0], "!")
		now, _ := call("GET", keys[0]).Text()
		keys[0] = "" // a script owns them
		return resp.AppendBulk(dst, strconv.FormatBool(seen+"!" == now))
	})
	do(t, s, "SET", "a", "v", "EX", "10")
	do(t, s, "SET", "b", sized("b"), "EX", "20")
	do(t, s, "SET", "c", sized("c"), "EX", "30")
	require.Equal(t, `"true"`, show(do(t, s, "EVALSHA", sha, "2", "a", "new", strings.Repeat("v", 150))))
	require.Equal(t, ":3", line(t, s, "EXISTS a new c"), "b goes instead")
	require.Equal(t, ":10", line(t, s, "TTL a"))
	require.NoError(t, s.Check())
}
