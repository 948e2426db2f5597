package localstore_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/bwredis/bwredis/internal/localstore"
	"github.com/stretchr/testify/require"
)

const (
	notFloat = "-ERR value is not a valid float"
	badRange = "-ERR min or max is not a float"
)

var sortedSetCases = map[string][]step{
	"zadd": {
		{"ZADD z 1 a 2.5 b -1 c", ":3"},
		{"TYPE z", "+zset"},
		{"ZRANGE z 0 -1 WITHSCORES", `[["c" ,-1] ["a" ,1] ["b" ,2.5]]`},
		{"ZADD z 3 a 4 d", ":1"},
		{"ZADD z CH 5 a 6 e 4 d", ":2"},
		{"ZADD z NX 9 a 7 f", ":1"},
		{"ZADD z XX 10 a 7 g", ":0"},
		{"ZADD z XX CH 11 a", ":1"},
		{"ZADD z GT CH 10 a", ":0"},
		{"ZADD z GT CH 12 a 1 new", ":2"},
		{"ZADD z LT CH 13 a", ":0"},
		{"ZADD z LT CH 11 a", ":1"},
		{"ZADD z INCR 1 a", ",12"},
		{"ZADD z NX INCR 1 a", "_"},
		{"ZADD z XX INCR 1 none", "_"},
		{"ZADD z GT INCR -1 a", "_"},
		{"ZSCORE z a", ",12"},
		{"ZADD z 1 x 2 x", ":1"},
		{"ZSCORE z x", ",2"},
		{"ZADD none XX 1 a", ":0"},
		{"EXISTS none", ":0"},
		{"ZADD z inf hi -inf lo", ":2"},
		{"ZSCORE z hi", ",inf"},
		{"ZINCRBY z -inf hi", "-ERR resulting score is not a number (NaN)"},
		{"ZADD z -0 zero", ":1"},
		{"ZSCORE z zero", ",0"},
		{"ZADD z 0x10 hex .5 dot +3 plus 1e2 e", ":3"},
		{"ZMSCORE z hex dot plus e none", "[,16 ,0.5 ,3 ,100 _]"},
		{"ZADD z nan a", notFloat},
		{"ZADD z 1e400 a", notFloat},
		{"ZADD z 1e-400 a", notFloat},
		{"ZADD z 1_0 a", notFloat},
		{`ZADD z "" a`, notFloat},
		{"ZADD z 1 a x b", notFloat},
		{"ZADD z 1 a 2", syntaxError},
		{"ZADD z NX CH", syntaxError},
		{"ZADD z NX XX 1 a", "-ERR XX and NX options at the same time are not compatible"},
		{"ZADD z GT LT 1 a", "-ERR GT, LT, and/or NX options at the same time are not compatible"},
		{"ZADD z NX GT 1 a", "-ERR GT, LT, and/or NX options at the same time are not compatible"},
		{"ZADD z INCR 1 a 2 b", "-ERR INCR option supports a single increment-element pair"},
		{"ZADD z 1", arity("zadd")},
	},
	"members": {
		{"ZCARD z", ":0"},
		{"ZSCORE z a", "_"},
		{"ZMSCORE z a b", "[_ _]"},
		{"ZRANK z a", "_"},
		{"ZREM z a", ":0"},
		{"ZINCRBY z 2.5 a", ",2.5"},
		{"ZINCRBY z -1 a", ",1.5"},
		{"ZINCRBY z x a", notFloat},
		{"ZADD z 1.5 b 1 c", ":2"},
		{"ZRANK z c", ":0"},
		{"ZRANK z a", ":1"}, // of the same score: by bytes
		{"ZRANK z b", ":2"},
		{"ZREVRANK z b", ":0"},
		{"ZREVRANK z none", "_"},
		{"ZCARD z", ":3"},
		{"ZREM z a none a", ":1"},
		{"ZREM z b c", ":2"},
		{"EXISTS z", ":0"},
	},
	"zrange": {
		{"ZRANGE z 0 -1", "[]"},
		{"ZADD z 1 a 2 b 3 c 4 d", ":4"},
		{"ZRANGE z 1 -2", `["b" "c"]`},
		{"ZRANGE z 0 1 REV", `["d" "c"]`},
		{"ZREVRANGE z 0 0 WITHSCORES", `[["d" ,4]]`},
		{"ZRANGE z 4 9", "[]"},
		{"ZRANGE z 2 3 BYSCORE", `["b" "c"]`},
		{"ZRANGE z (2 +inf BYSCORE WITHSCORES", `[["c" ,3] ["d" ,4]]`},
		{"ZRANGE z +inf -inf BYSCORE REV LIMIT 1 2", `["c" "b"]`},
		{"ZRANGE z -inf +inf BYSCORE LIMIT 1 -1", `["b" "c" "d"]`},
		{"ZRANGE z -inf +inf BYSCORE LIMIT -1 9", "[]"},
		{"ZRANGE z 3 2 BYSCORE", "[]"},
		{"ZRANGEBYSCORE z (1 (4", `["b" "c"]`},
		{"ZRANGEBYSCORE z 1 4 LIMIT 3 9", `["d"]`},
		{"ZRANGEBYSCORE z 1 4 LIMIT 9 9", "[]"},
		{"ZREVRANGEBYSCORE z 4 (1 LIMIT 0 2 WITHSCORES", `[["d" ,4] ["c" ,3]]`},
		{"ZCOUNT z 2 +inf", ":3"},
		{"ZCOUNT z (2 (2", ":0"},
		{"ZCOUNT none 1 2", ":0"},
		{"ZRANGE z 0 1 LIMIT 0 1", "-ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"},
		{"ZRANGE z 0 1 BYSCORE LIMIT x 1", notInteger},
		{"ZRANGE z 0 1 BYSCORE BYSCORE", syntaxError},
		{"ZRANGE z 0 1 FOO", syntaxError},
		{"ZRANGE z x 1", notInteger},
		{"ZRANGE z x 1 BYSCORE", badRange},
		{"ZRANGEBYSCORE z 1 2 REV", syntaxError},
		{"ZRANGEBYSCORE z nan 2", badRange},
		{"ZRANGEBYSCORE z ((1 2", badRange},
		{"ZREVRANGE z 0 1 BYSCORE", syntaxError},
		{"ZCOUNT z x 1", badRange},
		{"ZRANGE z 0", arity("zrange")},
	},
	"removal": {
		{"ZREMRANGEBYSCORE z 0 1", ":0"},
		{"ZREMRANGEBYRANK z 0 1", ":0"},
		{"ZPOPMIN z", "[]"},
		{"ZPOPMAX z 2", "[]"},
		{"ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g", ":7"},
		{"ZPOPMIN z", `["a" ,1]`},
		{"ZPOPMAX z 2", `[["g" ,7] ["f" ,6]]`},
		{"ZPOPMIN z 0", "[]"},
		{"ZPOPMIN z -1", notPositive},
		{"ZPOPMIN z 1 1", syntaxError},
		{"ZREMRANGEBYSCORE z (2 3", ":1"},
		{"ZREMRANGEBYRANK z -1 -1", ":1"},
		{"ZRANGE z 0 -1", `["b" "d"]`},
		{"ZREMRANGEBYSCORE z x 1", badRange},
		{"ZREMRANGEBYRANK z 0 x", notInteger},
		{"ZREMRANGEBYRANK z 5 9", ":0"},
		{"ZREMRANGEBYRANK z 0 -1", ":2"},
		{"EXISTS z", ":0"},
		{"ZADD z 1 a", ":1"},
		{"ZPOPMAX z 9", `[["a" ,1]]`},
		{"EXISTS z", ":0"},
	},
	"zscan": {
		{"ZSCAN z 0 FOO", `["0" []]`},
		{"ZADD z 2 a 1.5 b", ":2"},
		{"ZSCAN z 0", `["0" ["b" "1.5" "a" "2"]]`},
		{"ZSCAN z 0 MATCH a", `["0" ["a" "2"]]`},
		{"ZSCAN z x", "-ERR invalid cursor"},
		{"ZSCAN z 0 COUNT 0", syntaxError},
	},
	"wrong type": {
		{"SET s v", "+OK"},
		{"ZADD s 1 a", wrongType},
		{"ZADD s x a", notFloat},
		{"ZINCRBY s 1 a", wrongType},
		{"ZREM s a", wrongType},
		{"ZCARD s", wrongType},
		{"ZSCORE s a", wrongType},
		{"ZMSCORE s a", wrongType},
		{"ZRANK s a", wrongType},
		{"ZCOUNT s 0 1", wrongType},
		{"ZRANGE s 0 1", wrongType},
		{"ZRANGE s x 1", notInteger},
		{"ZREVRANGEBYSCORE s 0 1", wrongType},
		{"ZREMRANGEBYSCORE s 0 1", wrongType},
		{"ZPOPMIN s", wrongType},
		{"ZSCAN s 0", wrongType},
		{"ZADD z 1 a", ":1"},
		{"GET z", wrongType},
		{"LPUSH z x", wrongType},
		{"HGET z x", wrongType},
		{"COPY z y", ":1"},
		{"ZADD y 2 b", ":1"},
		{"ZRANGE z 0 -1", `["a"]`},
		{"RENAME y s", "+OK"},
		{"ZRANGE s 0 -1 WITHSCORES", `[["a" ,1] ["b" ,2]]`},
	},
}

func TestSortedSets(t *testing.T) {
	for name, steps := range sortedSetCases {
		t.Run(name, func(t *testing.T) { play(t, steps) })
	}
}

// Ranks, ranges and removals among many members, with the tree checked on the way.
func TestLargeSortedSet(t *testing.T) {
	s := localstore.New(localstore.Config{})
	const n = 3000
	for i := range n {
		do(t, s, "ZADD", "z", strconv.Itoa(i*7919%n), key("m", i))
	}
	require.NoError(t, s.Check())
	for i := range n {
		require.Equal(t, ":"+strconv.Itoa(i*7919%n), line(t, s, "ZRANK z "+key("m", i)))
	}
	require.Equal(t, ":1000", line(t, s, "ZREMRANGEBYSCORE z 1000 1999"))
	require.NoError(t, s.Check())
	require.Equal(t, ":2000", line(t, s, "ZCARD z"))
	require.Equal(t, ":1000", line(t, s, "ZCOUNT z (999 +inf"))
	require.Equal(t, `[[`+strconv.Quote(member(t, s, 1000))+` ,2000]]`, line(t, s, "ZRANGE z 1000 1000 WITHSCORES"))
	for i := range n {
		do(t, s, "ZINCRBY", "z", "-500", key("m", i))
	}
	require.NoError(t, s.Check())
	require.Equal(t, ":3000", line(t, s, "ZCARD z"), "those removed were added again")
	require.Equal(t, 3000, len(do(t, s, "ZPOPMAX", "z", "5000").Elems()))
	require.Zero(t, s.Used())
}

func member(t *testing.T, s *localstore.Store, rank int) string {
	text, err := do(t, s, "ZRANGE", "z", strconv.Itoa(rank), strconv.Itoa(rank)).Elems()[0].Text()
	require.NoError(t, err)
	return text
}

// Scans of large hashes and sorted sets go by pages, meet everything that stays exactly once, and end.
func TestScansOfLargeAggregates(t *testing.T) {
	for _, c := range []struct{ scan, add, remove string }{{"HSCAN", "HSET a %s 1", "HDEL a %s"}, {"ZSCAN", "ZADD a 1 %s", "ZREM a %s"}} {
		s := localstore.New(localstore.Config{})
		for i := range 1000 {
			line(t, s, strings.ReplaceAll(c.add, "%s", key("stay", i)))
			line(t, s, strings.ReplaceAll(c.add, "%s", key("go", i)))
		}
		seen, cursor, calls := map[string]int{}, "0", 0
		for {
			reply := do(t, s, c.scan, "a", cursor, "COUNT", "100").Elems()
			for i, e := range reply[1].Elems() {
				if text, _ := e.Text(); i%2 == 0 {
					seen[text]++
				}
			}
			for i := range 50 {
				line(t, s, strings.ReplaceAll(c.remove, "%s", key("go", calls*50+i)))
				line(t, s, strings.ReplaceAll(c.add, "%s", key("new", calls*50+i)))
			}
			calls++
			if cursor, _ = reply[0].Text(); cursor == "0" {
				break
			}
		}
		require.GreaterOrEqual(t, calls, 15, c.scan)
		for i := range 1000 {
			require.Equal(t, 1, seen[key("stay", i)], "%s: %d", c.scan, i)
		}
		require.NoError(t, s.Check())
	}
}
