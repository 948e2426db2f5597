package conformance

import (
	"strings"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

var limitCountTests = []test{
	{"counts of two windows", countWindows},
	{"counters of different names and keys", countKeys},
	{"a counter that has lost its end", countWithoutEnd},
	{"what is no count", countForeign},
	{"bad arguments", countBadArguments},
}

// counter is what httprate counts with.
func (f *fixture) counter() *bwstate.HTTPRateCounter {
	c := &bwstate.HTTPRateCounter{State: f.state, Name: "api"}
	c.Config(10, time.Minute)
	return c
}

func (f *fixture) requireCounts(c *bwstate.HTTPRateCounter, key string, current, previous int) {
	f.Helper()
	before := f.state.RoundTrips()
	a, b, err := c.Get(key, limitNow, limitNow.Add(-time.Minute))
	require.NoError(f, err)
	require.Equal(f, []int{current, previous}, []int{a, b})
	require.EqualValues(f, 1, f.state.RoundTrips()-before)
}

func countWindows(f *fixture) {
	c := f.counter()
	f.requireCounts(c, "alice", 0, 0)
	before := f.state.RoundTrips()
	require.NoError(f, c.Increment("alice", limitNow.Add(-time.Minute)))
	require.EqualValues(f, 1, f.state.RoundTrips()-before)
	require.NoError(f, c.IncrementBy("alice", limitNow, 3))
	require.NoError(f, c.IncrementBy("alice", limitNow, 4))
	require.NoError(f, c.IncrementBy("alice", limitNow, 0))
	f.requireCounts(c, "alice", 7, 1)
	f.requireKeys(map[string]record{
		"bwredis:limitcount:api:1700000000100:alice": {"string", 180, "7"},
		"bwredis:limitcount:api:1699999940100:alice": {"string", 180, "1"},
	})
	require.False(f, c.Degraded())
}

func countKeys(f *fixture) {
	c, other := f.counter(), f.counter()
	other.Name = "api2"
	long := strings.Repeat("x", 200)
	for i, key := range []string{"a", "a:b", "", long, long + "y"} {
		require.NoError(f, c.IncrementBy(key, limitNow, i+1))
		f.requireCounts(other, key, 0, 0)
	}
	for i, key := range []string{"a", "a:b", "", long, long + "y"} {
		f.requireCounts(c, key, i+1, 0)
	}
	for _, key := range f.keys() {
		require.LessOrEqual(f, len(key), len("bwredis:limitcount:api:1700000000100:")+64)
	}
}

func countWithoutEnd(f *fixture) {
	const key = "bwredis:limitcount:api:1700000000100:alice"
	f.do("SET", key, "5")
	require.NoError(f, f.counter().Increment("alice", limitNow))
	f.requireKeys(map[string]record{key: {"string", 180, "6"}})
	f.do("EXPIRE", key, "7")
	require.NoError(f, f.counter().Increment("alice", limitNow))
	f.requireKeys(map[string]record{key: {"string", 7, "7"}})
}

func countForeign(f *fixture) {
	const key = "bwredis:limitcount:api:1700000000100:alice"
	for _, value := range []string{"x", "1.5"} {
		f.do("SET", key, value)
		f.requireReply("ERR value is not an integer", f.counter().Increment("alice", limitNow))
		_, _, err := f.counter().Get("alice", limitNow, limitNow)
		var e *bwstate.ValueError
		require.ErrorAs(f, err, &e)
		f.requireKeys(map[string]record{key: {"string", -1, value}})
	}
	f.do("DEL", key)
	f.do("LPUSH", key, "x")
	f.requireReply("WRONGTYPE", f.counter().Increment("alice", limitNow))
	_, _, err := f.counter().Get("alice", limitNow.Add(time.Minute), limitNow)
	f.requireReply("WRONGTYPE", err)
}

func countBadArguments(f *fixture) {
	c := f.counter()
	f.requireArgumentError("amount", c.IncrementBy("a", limitNow, -1))
	c.Name = "a:b"
	f.requireArgumentError("Name", c.Increment("a", limitNow))
	c = f.counter()
	c.WhenAway = bwstate.CookieWhenAway
	f.requireArgumentError("WhenAway", c.Increment("a", limitNow))
	f.requireArgumentError("State", new(bwstate.HTTPRateCounter).Increment("a", limitNow))
	f.requireKeys(nil)
}
