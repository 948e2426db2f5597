package bwstate

import (
	"strconv"

	"github.com/bwredis/bwredis/resp"
)

// An index is a sorted set of a subject's sessions by the millisecond they end, here as on servers.

// enter is that of appsession.lua.
func (t *twinCall) enter(key, handle string, expires, now int64) (reply []byte) {
	added := t.call("ZADD", key, strconv.FormatInt(expires, 10), handle)
	switch {
	case isWrongType(added):
		return t.text(notOurIndex)
	case added.Err() != nil:
		return appendValue(t.dst, added)
	}
	t.call("ZREMRANGEBYSCORE", key, "-inf", "("+strconv.FormatInt(now, 10))
	for _, v := range t.call("ZREVRANGE", key, "0", "0").Elems() {
		last, _ := v.Text()
		until, _ := t.call("ZSCORE", key, last).Float()
		t.call("PEXPIREAT", key, strconv.FormatInt(int64(until), 10))
	}
	return nil
}

// leave takes a session out of an index, whatever that is.
func (t *twinCall) leave(key, handle string) { t.call("ZREM", key, handle) }

func isWrongType(v resp.Value) bool { return resp.IsCode(v.Err(), "WRONGTYPE") }
