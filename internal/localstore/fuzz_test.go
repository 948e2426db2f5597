package localstore_test

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/bwredis/bwredis/internal/localstore"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

// vocabulary is what random commands are made of. A few keys, so that they meet; numbers that overflow; every option.
var vocabulary = []string{
	"GET", "SET", "SETEX", "PSETEX", "GETDEL", "GETEX", "MGET", "MSET", "DEL", "UNLINK", "EXISTS", "TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME",
	"EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT", "PERSIST", "INCR", "DECR", "INCRBY", "DECRBY", "APPEND", "STRLEN", "TYPE", "DBSIZE", "TIME",
	"SCAN", "EVAL", "EVALSHA", "SCRIPT", "INFO", "FLUSHDB", "PING", "ECHO", "HELLO", "SELECT", "a", "b", "c", "d", "", "*", "[a-b]", "0", "1",
	"2", "3", "10", "100", "-1", "9223372036854775807", "-9223372036854775808", "1700000000100", "EX", "PX", "EXAT", "PXAT", "NX", "XX", "GT",
	"LT", "KEEPTTL", "PERSIST", "MATCH", "COUNT", "LOAD", "EXISTS", "x\r\ny", fuzzScript, "a value of some length, for the memory to become full sooner",

	"SETNX", "GETSET", "INCRBYFLOAT", "RENAME", "RENAMENX", "COPY", "RPUSH", "LPUSH", "RPUSHX", "LPUSHX", "LPOP", "RPOP", "LSET", "LTRIM", "LREM", "LLEN", "LRANGE", "LINDEX",
	"HSET", "HMSET", "HSETNX", "HDEL", "HINCRBY", "HINCRBYFLOAT", "HGET", "HMGET", "HGETALL", "HKEYS", "HVALS", "HLEN", "HEXISTS", "HSTRLEN", "HSCAN",
	"ZADD", "ZINCRBY", "ZREM", "ZREMRANGEBYSCORE", "ZREMRANGEBYRANK", "ZPOPMIN", "ZPOPMAX", "ZCARD", "ZSCORE", "ZMSCORE", "ZRANK", "ZREVRANK", "ZCOUNT", "ZRANGE", "ZREVRANGE",
	"ZRANGEBYSCORE", "ZREVRANGEBYSCORE", "ZSCAN", "CH", "REV", "BYSCORE", "LIMIT", "WITHSCORES", "REPLACE", "GET", "TYPE", "(1", "-inf", "inf", "nan", "1.5", "0x1p3", "1e400", "1e-400",
}

// fuzzScript is the SHA-1 of the script "a".
const fuzzScript = "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"

// appendAll is a script that writes.
func appendAll(call func(...string) resp.Value, keys, argv []string, dst []byte) []byte {
	dst = resp.AppendAggregate(dst, resp.Array, len(keys), 3)
	for _, k := range keys {
		n, err := call(append([]string{"APPEND", k}, argv...)...).Int()
		if err != nil {
			n = -1
		}
		dst = resp.AppendInt(dst, n)
	}
	return dst
}

// FuzzCommands runs random commands, on a store that evicts and on one that does not. None may panic, every reply must be one complete frame, after
// each request the accounts and the structure of every value must be right, and a command that is refused must have changed nothing. A byte of 250 and above
// ends the request and lets so much time pass, 240 to 249 begin a command, others are arguments.
func FuzzCommands(f *testing.F) {
	require.Less(f, len(vocabulary), 240)
	word := func(s string) byte {
		i := slices.Index(vocabulary, s)
		require.GreaterOrEqual(f, i, 0, "no such word: %s", s)
		return byte(i)
	}
	seed := func(words ...string) (data []byte) {
		for _, w := range words {
			data = append(data, word(w))
		}
		return append(data, 255)
	}
	f.Add(append(seed("SET", "a", "b", "PX", "2"), seed("GET", "a")...))
	f.Add(append(seed("MSET", "a", "1", "b", "2"), seed("SCAN", "0", "COUNT", "1")...))
	f.Add(append(seed("INCR", "a"), seed("EXPIRE", "a", "1", "NX")...))
	f.Add(seed("EVALSHA", fuzzScript, "2", "a", "b", "c"))
	f.Add(seed("EVAL", "a", "1", "a", "b"))
	f.Add(append(seed("RPUSH", "a", "1", "2", "3", "2"), seed("LREM", "a", "-1", "2")...))
	f.Add(append(seed("LPUSH", "a", "1", "2", "3"), seed("LTRIM", "a", "1", "1")...))
	f.Add(append(seed("HSET", "a", "b", "1", "c", "2"), seed("HDEL", "a", "b", "c", "d")...))
	f.Add(append(seed("ZADD", "a", "1", "b", "2", "c", "3", "d"), seed("ZREMRANGEBYSCORE", "a", "(1", "inf")...))
	f.Add(append(seed("ZADD", "a", "1.5", "b", "2", "c"), seed("ZADD", "a", "GT", "CH", "100", "b")...))
	f.Add(append(seed("SETEX", "a", "10", "b"), seed("COPY", "a", "b", "REPLACE")...))
	f.Add([]byte{1, 39, 71, 240, 1, 40, 71, 255, 240, 6, 39, 40, 250})
	f.Fuzz(func(t *testing.T, data []byte) {
		c := newClock()
		s := localstore.New(localstore.Config{MaxBytes: 8*localstore.Overhead + 200, Evict: len(data)%2 == 0, Now: c.Now})
		s.Register(fuzzScript, appendAll)
		var q resp.Request
		start := true
		for _, b := range data {
			switch {
			case b >= 250:
				check(t, s, &q)
				c.advance(time.Duration(b-250) * time.Millisecond)
				q.Reset()
				start = true
			case b >= 240:
				start = true
			case start:
				q.Cmd(vocabulary[int(b)%len(vocabulary)])
				start = false
			default:
				q.Str(vocabulary[int(b)%len(vocabulary)])
			}
		}
		check(t, s, &q)
	})
}

// check runs q and checks its replies and the store.
func check(t *testing.T, s *localstore.Store, q *resp.Request) {
	t.Helper()
	replies, refused, before := 0, false, s.Dump()
	err := s.RoundTrip(context.Background(), q, resp.HandlerFunc(func(i int, r *resp.Reply) error {
		require.Equal(t, replies, i)
		replies++
		refused = r.Err() != nil
		frame := r.Raw()
		var scanner resp.Scanner
		n, err := scanner.Scan(frame)
		require.NoError(t, err)
		require.Equal(t, len(frame), n)
		require.Zero(t, r.Kind(), "more than one value")
		return nil
	}))
	require.NoError(t, err)
	require.Equal(t, q.Len(), replies)
	require.NoError(t, s.Check())
	if refused && q.Len() == 1 && !bytes.Contains(q.Encoded(), []byte("EVAL")) {
		require.Equal(t, before, s.Dump(), "a command that was refused changed something")
	}
}
