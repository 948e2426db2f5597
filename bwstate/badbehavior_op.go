package bwstate

import (
	"net/netip"
	"regexp"
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
	ban  []byte // to be written

	count    int64
	banned   int64
	refused  error
	answered bool
}

var badCounts = sync.Pool{New: func() any { return new(badCount) }}

func newBadCount(ip netip.Addr, b BadBehavior, down bool) (*badCount, error) {
	op := badCounts.Get().(*badCount)
	if err := op.set(ip, b, down); err != nil {
		op.recycle()
		return nil, err
	}
	return op, nil
}

// bareBan is what counters write unless a WholeBan is asked for.
var bareBan = []byte(badBehaviorReason)

// set says what is counted.
func (op *badCount) set(ip netip.Addr, b BadBehavior, down bool) (err error) {
	op.ip, op.down, op.ban = ip, down, bareBan
	if op.rule, err = b.withDefaults(ip); err == nil && b.WholeBan && !down {
		op.ban = op.rule.ban(time.Now()).encode()
		err = checkBanValue(op.ban)
	}
	return err
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
	case b.KeepBan:
		q.Bytes(op.ban).Str("keep")
	default:
		q.Bytes(op.ban).Str("set")
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
		n := r.Array()
		op.count, op.banned = r.Int(), r.Int()
		if r.Err() == nil && (n != 2 || op.banned < notBanned || op.banned > bannedBefore) {
			return &resp.TypeError{Want: "count and what became of the ban", Got: resp.Array}
		}
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
	n = scriptInt(n)
	threshold, _ := strconv.ParseInt(argv[1], 10, 64)
	ttl, value, mode := argv[2], argv[3], argv[4]
	if n < threshold || mode == "none" {
		return appendCount(dst, n, notBanned)
	}
	if mode == "keep" {
		there := call("GETRANGE", keys[1], "0", strconv.Itoa(maxBanValue))
		if there.Err() != nil {
			return appendValue(dst, there)
		}
		left := call("PTTL", keys[1])
		if left.Err() != nil {
			return appendValue(dst, left)
		}
		text, _ := there.Text()
		if ms, _ := left.Int(); ms != noKey && (ms == noExpiry || !ownBan(text)) {
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

var (
	escapes = regexp.MustCompile(`(?s)\\.`)
	texts   = regexp.MustCompile(`"[^"]*"`)
)

// ownBan reports whether a counter wrote a ban: own in lua/increase.lua.
func ownBan(value string) bool {
	depth := 0
	for {
		before, behind, found := strings.Cut(value, `"reason":"`+badBehaviorReason+`"`)
		if !found {
			return value == badBehaviorReason
		}
		before = texts.ReplaceAllLiteralString(escapes.ReplaceAllLiteralString(before, ""), "")
		depth += strings.Count(before, "{") + strings.Count(before, "[") - strings.Count(before, "}") - strings.Count(before, "]")
		if depth == 1 {
			return true
		}
		value = behind
	}
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

// scriptInt is an integer as scripts have it, which know no other numbers than float64.
func scriptInt(n int64) int64 { return int64(float64(n)) }

// appendValue appends the integer or the error that a twin's command returned.
func appendValue(dst []byte, v resp.Value) []byte {
	if e, ok := v.Err().(*resp.Error); ok {
		return resp.AppendError(dst, e.Message)
	}
	n, err := v.Int()
	if err != nil {
		return resp.AppendError(dst, "ERR "+err.Error())
	}
	return resp.AppendInt(dst, scriptInt(n))
}
