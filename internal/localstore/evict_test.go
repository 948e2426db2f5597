package localstore_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bwredis/bwredis/internal/localstore"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

// evicting returns a store that has room for so many keys of 100 bytes.
func evicting(room int) (*localstore.Store, *clock) {
	c := newClock()
	return localstore.New(localstore.Config{MaxBytes: room * (localstore.Overhead + 100), Evict: true, Now: c.Now}), c
}

// sized returns a value with which a key takes 100 bytes.
func sized(key string) string { return strings.Repeat("v", 100-len(key)) }

func TestEvictsTheNearestDeadlineFirst(t *testing.T) {
	s, _ := evicting(5)
	for _, k := range []string{"forever", "second", "first", "third", "last"} {
		do(t, s, "SET", k, sized(k))
	}
	for k, seconds := range map[string]string{"first": "10", "second": "20", "third": "30", "last": "40"} {
		do(t, s, "EXPIRE", k, seconds)
	}
	for i, want := range []string{":4", ":3", ":2", ":1", "-OOM"} {
		k := key("new", i)
		set := show(do(t, s, "SET", k, sized(k)))
		require.NoError(t, s.Check())
		if want == "-OOM" {
			require.Equal(t, oom, set)
			break
		}
		require.Equal(t, "+OK", set)
		require.Equal(t, want, line(t, s, "EXISTS forever first second third last"))
		require.Equal(t, ":1", line(t, s, "EXISTS forever"))
	}
	require.Equal(t, ":1", line(t, s, "EXISTS forever"))
	require.Contains(t, line(t, s, "INFO memory"), "volatile-ttl")
}

// What a command cannot have, it does not take from others; and it never takes it from what it is about.
func TestEvictionThatWouldNotDo(t *testing.T) {
	s, _ := evicting(4)
	do(t, s, "SET", "forever", sized("forever"))
	do(t, s, "SET", "a", sized("a"), "EX", "10")
	do(t, s, "SET", "b", sized("b"), "EX", "20")
	do(t, s, "SET", "c", sized("c"), "EX", "30")
	for _, args := range [][]string{
		{"SET", "new", strings.Repeat("v", 1200)},
		{"APPEND", "a", strings.Repeat("v", 700)},
		{"SET", "c", strings.Repeat("v", 900), "XX", "GET"},
		{"RPUSH", "new", strings.Repeat("v", 1200), "x"},
		{"HSET", "new", "f", strings.Repeat("v", 1200)},
		{"ZADD", "new", "1", strings.Repeat("v", 1200)},
		{"MSET", "a", strings.Repeat("v", 350), "b", strings.Repeat("v", 350), "c", strings.Repeat("v", 350)},
		{"RENAME", "c", strings.Repeat("v", 1000)},
	} {
		require.Equal(t, oom, show(do(t, s, args...)), args[0])
		require.Equal(t, ":4", line(t, s, "EXISTS forever a b c"))
		require.Equal(t, ":10", line(t, s, "TTL a"))
		require.NoError(t, s.Check())
	}
	// a has the nearest deadline, so b goes.
	require.Equal(t, ":300", show(do(t, s, "APPEND", "a", strings.Repeat("v", 201))))
	require.Equal(t, ":3", line(t, s, "EXISTS forever a c"))
	require.Equal(t, ":10", line(t, s, "TTL a"))
	require.Equal(t, "+OK", show(do(t, s, "MSET", "a", strings.Repeat("v", 250), "c", strings.Repeat("v", 180), "forever", sized("forever"))))
	require.NoError(t, s.Check())
	require.Equal(t, ":-1", line(t, s, "TTL a"))
}

func TestCopyAndRenameEvictNeitherOfTheirKeys(t *testing.T) {
	s, _ := evicting(3)
	do(t, s, "SET", "a", sized("a"), "EX", "10")
	do(t, s, "SET", "b", sized("b"), "EX", "20")
	do(t, s, "SET", "c", sized("c"), "EX", "30")
	require.Equal(t, ":1", line(t, s, "COPY a d"))
	require.Equal(t, ":3", line(t, s, "EXISTS a c d"))
	require.Equal(t, ":10", line(t, s, "TTL d"))
	require.Equal(t, "+OK", line(t, s, "RENAME a longer"))
	require.Equal(t, ":2", line(t, s, "EXISTS longer c d"))
	require.Equal(t, ":10", line(t, s, "TTL longer"))
	require.NoError(t, s.Check())
}

func TestDeadEntriesGoBeforeLivingOnes(t *testing.T) {
	s, c := evicting(3)
	do(t, s, "SET", "dead", sized("dead"), "PX", "5")
	do(t, s, "SET", "a", sized("a"), "EX", "10")
	do(t, s, "SET", "b", sized("b"), "EX", "20")
	c.advance(6 * time.Millisecond)
	do(t, s, "SET", "c", sized("c"))
	require.Equal(t, ":3", line(t, s, "EXISTS a b c"))
}

// A flood of addresses, each counted as limiters do, is never refused and never takes more memory than is said, whatever the runtime adds.
func TestFlood(t *testing.T) {
	keys, limit := 200_000, 4<<20
	switch {
	case raceEnabled:
		keys, limit = 50_000, 2<<20
	case os.Getenv("BWREDIS_FULL") == "1":
		keys, limit = 10_000_000, 64<<20
	}
	before := heapBytes()
	s := localstore.New(localstore.Config{MaxBytes: limit, Evict: true})
	var q resp.Request
	most := 0
	for i := 0; i < keys; {
		q.Reset()
		for range 500 {
			k := fmt.Sprintf("plugin_limit_www.example.com/_203.0.%d.%d", i>>16, i&0xffff)
			switch i % 4 {
			case 0:
				q.Cmd("SET").Str(k).Str("1").Str("EX").Str(strconv.Itoa(1 + i%3600))
			case 1:
				q.Cmd("INCR").Str(k)
				q.Cmd("EXPIRE").Str(k).Str("60")
			case 2:
				q.Cmd("RPUSH").Str(k).Str("1700000000.123")
				q.Cmd("EXPIRE").Str(k).Str("60")
			case 3:
				q.Cmd("ZADD").Str(k).Str("1700000000.123").Str("1")
				q.Cmd("EXPIRE").Str(k).Str("60")
			}
			i++
		}
		require.NoError(t, s.RoundTrip(context.Background(), &q, nil), "key %d", i)
		require.LessOrEqual(t, s.Used(), limit)
		if i%(keys/10) == 0 {
			most = max(most, heapBytes()-before)
		}
	}
	t.Logf("%d keys, %d of them left: accounted %d bytes, taken at most %d", keys, s.Held(), s.Used(), most)
	require.Greater(t, s.Used(), limit*9/10)
	if !raceEnabled {
		require.Less(t, most, limit*3/2)
	}
	require.NoError(t, s.Check())
	runtime.KeepAlive(s)
}
