package localstore_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/bwredis/bwredis/internal/localstore"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

const oom = "-OOM command not allowed when used memory > 'maxmemory'."

// fill writes keys of 100 bytes until one is refused and returns how many were taken.
func fill(t *testing.T, s *localstore.Store, prefix string, options ...string) int {
	t.Helper()
	value := strings.Repeat("v", 90)
	for i := 0; ; i++ {
		args := append([]string{"SET", fmt.Sprintf("%s%08d", prefix, i), value}, options...)
		if v := do(t, s, args...); v.Err() != nil {
			require.Equal(t, oom, show(v))
			return i
		}
	}
}

func TestMemoryBound(t *testing.T) {
	c := newClock()
	const limit = 1 << 20
	s := localstore.New(localstore.Config{MaxBytes: limit, Now: c.Now})
	n := fill(t, s, "a_", "PX", "1000")
	require.Equal(t, limit/(localstore.Overhead+100), n)
	require.LessOrEqual(t, s.Used(), limit)

	// What needs no memory goes on.
	require.Equal(t, `"`+strings.Repeat("v", 90)+`"`, line(t, s, "GET a_00000000"))
	require.Equal(t, oom, line(t, s, "INCR fresh"))
	require.Equal(t, oom, line(t, s, "APPEND fresh "+strings.Repeat("v", 500)))
	require.Equal(t, oom, line(t, s, "APPEND a_00000000 "+strings.Repeat("v", 500)))
	require.Equal(t, oom, line(t, s, "SETEX fresh 1 v"))
	require.Equal(t, oom, line(t, s, "SET a_00000000 "+strings.Repeat("v", 500)+" GET"))
	require.Equal(t, ":1000", line(t, s, "PTTL a_00000000"))
	require.Equal(t, "+OK", line(t, s, "SET a_00000000 small KEEPTTL"))
	require.Equal(t, ":1", line(t, s, "EXPIRE a_00000001 500"))
	require.Equal(t, ":1", line(t, s, "DEL a_00000002"))
	require.Equal(t, "+OK", line(t, s, "SET again v PX 1000"))
	require.NoError(t, s.Check())

	// MSET sets all or nothing.
	require.Equal(t, oom, line(t, s, "MSET again w m1 v m2 v m3 v"))
	require.Equal(t, ":0", line(t, s, "EXISTS m1 m2 m3"))
	require.Equal(t, `"v"`, line(t, s, "GET again"))

	// What a later pair would give back does not pay for an earlier one.
	require.Equal(t, oom, show(do(t, s, "MSET", "m1", strings.Repeat("v", 90), "m2", "v", "a_00000003", "", "a_00000004", "", "a_00000005", "",
		"a_00000006", "", "a_00000007", "", "a_00000008", "")))
	require.Equal(t, ":90", line(t, s, "STRLEN a_00000003"))
	require.NoError(t, s.Check())

	// Dead entries make room, living ones never do.
	c.advance(1001 * time.Millisecond)
	require.Equal(t, n-1, fill(t, s, "b_"))
	require.Equal(t, ":1", line(t, s, "EXISTS a_00000001"))
	require.NoError(t, s.Check())

	for k := range must(scanAll(t, s, "COUNT", "1000")) {
		require.Equal(t, ":1", line(t, s, "UNLINK "+k))
	}
	require.Zero(t, s.Used())
	require.NoError(t, s.Check())
	require.Equal(t, oom, show(do(t, s, "SET", "k", strings.Repeat("v", limit))))
	require.Equal(t, n, fill(t, s, "c_"))
	require.Equal(t, "+OK", line(t, s, "FLUSHDB"))
	require.Zero(t, s.Used())
}

// One write may need the room of many dead entries, more than it sweeps by itself.
func TestDeadEntriesMakeRoomForALargeOne(t *testing.T) {
	c := newClock()
	s := localstore.New(localstore.Config{MaxBytes: 100_000, Now: c.Now})
	require.Equal(t, "+OK", line(t, s, "SET alive v"))
	n := fill(t, s, "a_", "PX", "1000")
	large := strings.Repeat("v", 50_000)
	require.Equal(t, oom, show(do(t, s, "SET", "large", large)))
	c.advance(1001 * time.Millisecond)
	require.Equal(t, "+OK", show(do(t, s, "SET", "large", large)))
	require.Greater(t, s.Held(), n/4, "no more is dropped than is needed")
	require.Equal(t, `"v"`, line(t, s, "GET alive"))
	require.NoError(t, s.Check())
}

func must[T any](v T, _ int) T { return v }

// The accounting must not be below what entries really take.
func TestOverheadIsHonest(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector changes what memory takes")
	}
	for _, options := range [][]string{nil, {"EX", "100"}} {
		before := heapBytes()
		s := localstore.New(localstore.Config{MaxBytes: 32 << 20})
		for i := 0; do(t, s, append([]string{"SET", fmt.Sprintf("bans_ip_%09d", i), "1234567"}, options...)...).Err() == nil; i++ {
		}
		taken := heapBytes() - before
		t.Logf("accounted %d bytes for %d entries, taken %d", s.Used(), s.Held(), taken)
		require.Less(t, taken, 32<<20)
		runtime.KeepAlive(s)
	}
}

func heapBytes() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

func TestRepliesAreBounded(t *testing.T) {
	s := localstore.New(localstore.Config{})
	s.LimitReplies(1000)
	do(t, s, "SET", "k", strings.Repeat("v", 600))
	const refused = "-ERR the replies of this request exceed the limit of the embedded store"
	require.Equal(t, refused, line(t, s, "MGET k k k"))
	var q resp.Request
	q.Cmd("GET").Str("k")
	q.Cmd("GET").Str("k")
	q.Cmd("GETDEL").Str("k")
	q.Cmd("PING")
	got := roundTrip(t, s, &q)
	require.Equal(t, []string{refused, refused}, got[2:])
	require.Equal(t, ":1", line(t, s, "EXISTS k"), "a refused command changes nothing")
}

// What elements of lists, hashes and sorted sets are said to take must not be below what they really take, whether there are few in each or many.
func TestOverheadOfElementsIsHonest(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector changes what memory takes")
	}
	const limit = 4 << 20
	for _, command := range []string{"RPUSH %k element%i", "HSET %k field%i 1234567", "ZADD %k %i member%i"} {
		for _, each := range []int{1, 10, 1 << 30} {
			before := heapBytes()
			s := localstore.New(localstore.Config{MaxBytes: limit})
			n := 0
			for s.Used() < limit-1000 {
				pipeline(t, s, 50, func(q *resp.Request) {
					number := fmt.Sprintf("%09d", n)
					args := strings.Fields(strings.NewReplacer("%k", key("key", n/each), "%i", number).Replace(command))
					q.Cmd(args[0]).Args(args[1:]...)
					n++
				})
			}
			taken := heapBytes() - before
			t.Logf("%s, %d in each: accounted %d bytes, taken %d", command, each, s.Used(), taken)
			require.Less(t, taken, limit)
			runtime.KeepAlive(s)
		}
	}
}

// pipeline sends so many commands in one request and returns how many were refused with OOM. No other error is accepted.
func pipeline(t *testing.T, s *localstore.Store, n int, add func(*resp.Request)) (refused int) {
	t.Helper()
	var q resp.Request
	for range n {
		add(&q)
	}
	require.NoError(t, s.RoundTrip(context.Background(), &q, resp.HandlerFunc(func(_ int, r *resp.Reply) error {
		if resp.IsCode(r.Err(), "OOM") {
			refused++
			return nil
		}
		return r.Err()
	})))
	return refused
}

// What was large and is no longer so gives the memory back, that of maps and heaps included.
func TestDeletedElementsGiveBackTheirMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector changes what memory takes")
	}
	const n = 30_000
	for name, commands := range map[string][2]string{
		"list":     {"RPUSH k element%i", "LPOP k"},
		"hash":     {"HSET k field%i v", "HDEL k field%i"},
		"zset":     {"ZADD k %i member%i", "ZREM k member%i"},
		"keys":     {"SET key%i v", "DEL key%i"},
		"deadline": {"SET key%i v EX 1000", "DEL key%i"},
	} {
		before := heapBytes()
		s := localstore.New(localstore.Config{})
		for _, command := range commands {
			for i := 0; i < n; {
				pipeline(t, s, 100, func(q *resp.Request) {
					if command != commands[1] || i < n-1 { // one stays
						args := strings.Fields(strings.ReplaceAll(command, "%i", fmt.Sprintf("%09d", i)))
						q.Cmd(args[0]).Args(args[1:]...)
					}
					i++
				})
			}
		}
		taken := heapBytes() - before
		t.Logf("%s: accounted %d bytes, taken %d", name, s.Used(), taken)
		require.Equal(t, ":1", line(t, s, "DBSIZE"))
		require.Less(t, taken, 200<<10, name)
		require.NoError(t, s.Check())
	}
}
