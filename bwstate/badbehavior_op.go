package bwstate

import (
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bwredis/bwredis/resp"
)

var (
	increaseScript = newScript("increase.lua", increaseTwin)
	decreaseScript = newScript("decrease.lua", decreaseTwin)
)

// What increase.lua says of the ban.
const (
	notBanned = iota
	bannedNow
	bannedBefore
)

// A badCount counts one bad request, or takes one back.
type badCount struct {
	q    resp.Request
	ip   netip.Addr
	rule BadBehavior // with defaults
	down bool

	count    int64
	banned   int64
	refused  error
	answered bool
}

var badCounts = sync.Pool{New: func() any { return new(badCount) }}

func newBadCount(ip netip.Addr, b BadBehavior, down bool) (*badCount, error) {
	b, err := b.withDefaults(ip)
	if err != nil {
		return nil, err
	}
	op := badCounts.Get().(*badCount)
	op.ip, op.rule, op.down = ip, b, down
	return op, nil
}

func (op *badCount) recycle() {
	q := op.q
	if len(q.Encoded()) > maxKeptRequest {
		q = resp.Request{}
	}
	q.Reset()
	*op = badCount{q: q}
	badCounts.Put(op)
}

func (op *badCount) add(q *resp.Request) {
	b := &op.rule
	counter := badBehaviorKey(b.Scope, b.Service, op.ip)
	if op.down {
		q.Script(decreaseScript.Script, counter).Int(seconds(b.CountTime))
		return
	}
	q.Script(increaseScript.Script, counter, banKey(b.Scope, b.Service, op.ip))
	q.Int(seconds(b.CountTime)).Int(int64(b.Threshold)).Int(seconds(b.BanTime))
	switch {
	case b.Detect:
		q.Str("").Str("none")
		return
	case b.WholeBan:
		q.Bytes(b.ban(time.Now()).encode())
	default:
		q.Str(badBehaviorReason)
	}
	if b.KeepBan {
		q.Str("keep")
	} else {
		q.Str("set")
	}
}

func (op *badCount) reads() bool { return false }

func (op *badCount) HandleReply(_ int, r *resp.Reply) error {
	op.count, op.banned, op.refused, op.answered = 0, notBanned, nil, false
	if e := r.ErrorReply(); e != nil {
		op.refused, op.answered = e, true
		return nil
	}
	if op.down {
		op.count = r.Int()
	} else {
		r.Array()
		op.count, op.banned = r.Int(), r.Int()
	}
	err := r.Err()
	op.answered = err == nil
	return err
}

func (op *badCount) result(degraded bool) (BadBehaviorResult, error) {
	if op.refused != nil {
		return BadBehaviorResult{Degraded: degraded}, op.refused
	}
	return BadBehaviorResult{
		Count:    op.count,
		Reached:  op.count >= int64(op.rule.Threshold),
		Banned:   op.banned != notBanned,
		Kept:     op.banned == bannedBefore,
		Degraded: degraded,
	}, nil
}

// increaseTwin is lua/increase.lua.
func increaseTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	count := call("INCR", keys[0])
	if count.Err() != nil {
		return appendValue(dst, count)
	}
	if expired := call("EXPIRE", keys[0], argv[0]); expired.Err() != nil {
		return appendValue(dst, expired)
	}
	n, _ := count.Int()
	threshold, _ := strconv.ParseInt(argv[1], 10, 64)
	ttl, value, mode := argv[2], argv[3], argv[4]
	if n < threshold || mode == "none" {
		return appendCount(dst, n, notBanned)
	}
	if mode == "keep" {
		there := call("GET", keys[1])
		if there.Err() != nil {
			return appendValue(dst, there)
		}
		if text, err := there.Text(); !there.IsNull() && err == nil && (!ownBan(text) || ttlOf(call, keys[1]) == noExpiry) {
			return appendCount(dst, n, bannedBefore)
		}
	}
	ban := []string{"SET", keys[1], value}
	if ttl != "0" {
		ban = append(ban, "EX", ttl)
	}
	if set := call(ban...); set.Err() != nil {
		return appendValue(dst, set)
	}
	return appendCount(dst, n, bannedNow)
}

// ownBan reports whether a counter wrote a ban. The quotes keep this from matching inside of a text.
func ownBan(value string) bool {
	return value == badBehaviorReason || strings.Contains(value, `"reason":"`+badBehaviorReason+`"`)
}

func ttlOf(call func(args ...string) resp.Value, key string) int64 {
	n, _ := call("PTTL", key).Int()
	return n
}

func appendCount(dst []byte, n, banned int64) []byte {
	return resp.AppendInt(resp.AppendInt(resp.AppendAggregate(dst, resp.Array, 2, 3), n), banned)
}

// decreaseTwin is lua/decrease.lua.
func decreaseTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	count := call("DECR", keys[0])
	if count.Err() != nil {
		return appendValue(dst, count)
	}
	if expired := call("EXPIRE", keys[0], argv[0]); expired.Err() != nil {
		return appendValue(dst, expired)
	}
	if n, _ := count.Int(); n <= 0 {
		call("DEL", keys[0])
	}
	return appendValue(dst, count)
}

// appendValue appends the integer or the error that a twin's command returned.
func appendValue(dst []byte, v resp.Value) []byte {
	if e, ok := v.Err().(*resp.Error); ok {
		return resp.AppendError(dst, e.Message)
	}
	n, err := v.Int()
	if err != nil {
		return resp.AppendError(dst, "ERR "+err.Error())
	}
	return resp.AppendInt(dst, n)
}
