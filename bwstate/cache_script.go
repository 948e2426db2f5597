package bwstate

import (
	"strconv"

	"github.com/bwredis/bwredis/resp"
)

var (
	claimScript    = newScript("cache_claim.lua", claimTwin)
	fillScript     = newScript("cache_fill.lua", fillTwin)
	setEntryScript = newScript("cache_set.lua", setEntryTwin)
)

// A claim asks for an entry, or for the right to load it.
type claim struct {
	firstRefusal
	entry, lease string
	token        string
	ms           int64 // that the load may take
	anyway       bool  // although there is an entry

	won   bool
	text  []byte // the entry; nil: there is none
	lives int64  // milliseconds
}

func (op *claim) add(q *resp.Request) {
	op.err, op.won, op.text = nil, false, nil
	q.Script(claimScript.Script, op.entry, op.lease).Str(op.token).Int(op.ms)
	if op.anyway {
		q.Str("1")
	} else {
		q.Str("0")
	}
	q.Int(int64(maxCacheEntry))
}

func (op *claim) HandleReply(_ int, r *resp.Reply) error {
	switch {
	case !op.take(r):
	case r.Kind() == resp.Array:
		r.Array()
		op.text = append([]byte{}, r.Bytes()...)
		op.lives = r.Int()
	default:
		op.won = r.Int() == 1
	}
	return r.Err()
}

// A fill ends a load.
type fill struct {
	firstRefusal
	entry, lease string
	token        string
	text         []byte
	ms           int64 // that the entry lives; 0: there is none
	held         bool  // the lease
}

func (op *fill) add(q *resp.Request) {
	op.err, op.held = nil, false
	q.Script(fillScript.Script, op.entry, op.lease).Str(op.token).Bytes(op.text).Int(op.ms)
}

func (op *fill) HandleReply(_ int, r *resp.Reply) error {
	if op.take(r) {
		op.held = r.Int() == 1
	}
	return r.Err()
}

// claimTwin is lua/cache_claim.lua.
func claimTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	if argv[2] != "1" {
		if ms, _ := call("PTTL", keys[0]).Int(); ms != noKey {
			entry := call("GETRANGE", keys[0], "0", argv[3])
			if entry.Err() != nil {
				return appendValue(dst, entry)
			}
			text, _ := entry.Text()
			return resp.AppendInt(resp.AppendBulk(resp.AppendAggregate(dst, resp.Array, 2, 3), text), ms)
		}
	}
	set := call("SET", keys[1], argv[0], "PX", argv[1], "NX")
	switch {
	case set.Err() != nil:
		return appendValue(dst, set)
	case !set.IsNull():
		return resp.AppendInt(dst, 1)
	}
	holder := call("GETRANGE", keys[1], "0", strconv.Itoa(len(argv[0])))
	if holder.Err() != nil {
		return appendValue(dst, holder)
	}
	return resp.AppendInt(dst, sameText(holder, argv[0]))
}

// fillTwin is lua/cache_fill.lua.
func fillTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	holder := call("GETRANGE", keys[1], "0", strconv.Itoa(len(argv[0])))
	if holder.Err() != nil {
		return appendValue(dst, holder)
	}
	if sameText(holder, argv[0]) == 0 {
		return resp.AppendInt(dst, 0)
	}
	if argv[2] != "0" {
		if set := call("SET", keys[0], argv[1], "PX", argv[2]); set.Err() != nil {
			return appendValue(dst, set)
		}
	}
	if deleted := call("DEL", keys[1]); deleted.Err() != nil {
		return appendValue(dst, deleted)
	}
	return resp.AppendInt(dst, 1)
}

// setEntryTwin is lua/cache_set.lua.
func setEntryTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	if deleted := call("DEL", keys[1]); deleted.Err() != nil {
		return appendValue(dst, deleted)
	}
	if set := call("SET", keys[0], argv[0], "PX", argv[1]); set.Err() != nil {
		return appendValue(dst, set)
	}
	return resp.AppendInt(dst, 1)
}

// sameText is 1 when a value is a text and this one.
func sameText(v resp.Value, text string) int64 {
	if got, err := v.Text(); err == nil && !v.IsNull() && got == text {
		return 1
	}
	return 0
}
