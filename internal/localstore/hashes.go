package localstore

import (
	"strconv"

	"github.com/bwredis/bwredis/resp"
)

// hset sets all fields or none.
func hset(t *turn, args [][]byte) {
	if added, ok := t.setFields(args); ok {
		t.count(added)
	}
}

func hmset(t *turn, args [][]byte) {
	if _, ok := t.setFields(args); ok {
		t.ok()
	}
}

// setFields is all of HSET but the reply, unless that is an error.
func (t *turn) setFields(args [][]byte) (added int, ok bool) {
	if len(args)%2 != 0 {
		t.failArity(lower(args[0]))
		return 0, false
	}
	e, ok := t.find(args[1], aHash)
	if !ok {
		return 0, false
	}
	pairs := args[2:]
	need := t.entryNeeds(args[1], e, hashOverhead)
	for i := 0; i < len(pairs); i += 2 { // at least what it takes, see mset
		need += max(0, fieldGrowth(e, pairs[i], pairs[i+1]))
	}
	if !t.db.fits(need, e) {
		t.fail(errOOM)
		return 0, false
	}
	e = t.make(args[1], e, newHash)
	for i := 0; i < len(pairs); i += 2 {
		added += t.setField(e, pairs[i], pairs[i+1])
	}
	return added, true
}

// fieldGrowth returns how many bytes more the hash of e takes with that value of the field. e may be nil.
func fieldGrowth(e *entry, name, value []byte) int {
	if f := fieldOf(e, name); f != nil {
		return len(value) - len(f.value)
	}
	return fieldOverhead + len(name) + len(value)
}

// fieldOf returns a field of the hash of e, nil when there is none. e may be nil.
func fieldOf(e *entry, name []byte) *field {
	if e == nil {
		return nil
	}
	return e.agg.hash.fields.get(name)
}

// setField sets a field for which there is room and returns how many that adds.
func (t *turn) setField(e *entry, name, value []byte) int {
	t.db.grow(e, fieldGrowth(e, name, value))
	if f := fieldOf(e, name); f != nil {
		f.value = string(value)
		return 0
	}
	e.agg.hash.add(string(name), string(value))
	return 1
}

// putField sets a field, in a new hash if need be, and reports whether there was room. e is what find returned for key.
func (t *turn) putField(key []byte, e *entry, name, value []byte) bool {
	if !t.db.fits(t.entryNeeds(key, e, hashOverhead)+fieldGrowth(e, name, value), e) {
		t.fail(errOOM)
		return false
	}
	t.setField(t.make(key, e, newHash), name, value)
	return true
}

func hsetnx(t *turn, args [][]byte) {
	e, ok := t.find(args[1], aHash)
	switch {
	case !ok:
	case fieldOf(e, args[2]) != nil:
		t.int(0)
	case t.putField(args[1], e, args[2], args[3]):
		t.int(1)
	}
}

// fieldValue appends the value of a field, or null.
func (t *turn) fieldValue(f *field) {
	if f == nil {
		t.null()
		return
	}
	t.bulk(f.value)
}

func hget(t *turn, args [][]byte) {
	if e, ok := t.find(args[1], aHash); ok {
		t.fieldValue(fieldOf(e, args[2]))
	}
}

func hmget(t *turn, args [][]byte) {
	e, ok := t.find(args[1], aHash)
	if !ok {
		return
	}
	start := len(t.out)
	t.array(len(args) - 2)
	for _, name := range args[2:] {
		if t.fieldValue(fieldOf(e, name)); len(t.out) > t.store.replyLimit { // one field may be named a thousand times
			t.out = t.out[:start]
			t.fail(errReplies)
			return
		}
	}
}

func hdel(t *turn, args [][]byte) {
	e := t.existing(args[1], aHash, (*turn).zero)
	if e == nil {
		return
	}
	h := e.agg.hash
	removed, freed := 0, 0
	for _, name := range args[2:] {
		if f := h.fields.get(name); f != nil {
			h.remove(f)
			freed += f.size()
			removed++
		}
	}
	t.db.shrink(e, freed, h.len())
	t.count(removed)
}

func hlen(t *turn, args [][]byte) {
	if e := t.existing(args[1], aHash, (*turn).zero); e != nil {
		t.count(e.agg.hash.len())
	}
}

func hexists(t *turn, args [][]byte) {
	if e, ok := t.find(args[1], aHash); ok {
		t.flag(fieldOf(e, args[2]) != nil)
	}
}

func hstrlen(t *turn, args [][]byte) {
	e, ok := t.find(args[1], aHash)
	if !ok {
		return
	}
	if f := fieldOf(e, args[2]); f != nil {
		t.count(len(f.value))
		return
	}
	t.int(0)
}

// fieldsOf returns all fields of a hash, in memory that is used again.
func (t *turn) fieldsOf(e *entry) []*field {
	clear(t.fields)
	t.fields = t.fields[:0]
	if e != nil {
		t.fields = e.agg.hash.order.all(t.fields)
	}
	return t.fields
}

func hgetall(t *turn, args [][]byte) {
	e, ok := t.find(args[1], aHash)
	if !ok {
		return
	}
	all := t.fieldsOf(e)
	t.out = resp.AppendAggregate(t.out, resp.Map, len(all), protocol)
	for _, f := range all {
		t.bulk(f.name)
		t.bulk(f.value)
	}
}

func hkeys(t *turn, args [][]byte) { t.texts(args, func(f *field) string { return f.name }) }
func hvals(t *turn, args [][]byte) { t.texts(args, func(f *field) string { return f.value }) }

// texts is HKEYS and HVALS.
func (t *turn) texts(args [][]byte, of func(*field) string) {
	e, ok := t.find(args[1], aHash)
	if !ok {
		return
	}
	all := t.fieldsOf(e)
	t.array(len(all))
	for _, f := range all {
		t.bulk(of(f))
	}
}

func hincrby(t *turn, args [][]byte) {
	n, ok := parseInt(args[3])
	if !ok {
		t.fail(errNotInteger)
		return
	}
	e, ok := t.find(args[1], aHash)
	if !ok {
		return
	}
	var old int64
	if f := fieldOf(e, args[2]); f != nil {
		if old, ok = parseNumber(f.value); !ok {
			t.fail("ERR hash value is not an integer")
			return
		}
	}
	if overflows(old, n) {
		t.fail(errOverflow)
		return
	}
	var scratch [20]byte
	if t.putField(args[1], e, args[2], strconv.AppendInt(scratch[:0], old+n, 10)) {
		t.int(old + n)
	}
}

// smallScan is up to how many elements HSCAN and ZSCAN return at once, whatever COUNT says, as servers do with what they hold in one piece.
const smallScan = 128

// hscan is HSCAN key cursor [MATCH pattern] [COUNT n].
func hscan(t *turn, args [][]byte) {
	e, q, ok := t.scanOf(args, aHash)
	if !ok {
		return
	}
	h := e.agg.hash
	next := uint64(0)
	if q.cursor == 0 && h.len() <= smallScan {
		t.fieldsOf(e)
	} else {
		clear(t.fields)
		t.fields, next = h.order.page(t.fields[:0], q.cursor, q.count)
	}
	found := t.fields[:0]
	for _, f := range t.fields {
		if q.match == nil || glob(q.match, f.name) {
			found = append(found, f)
		}
	}
	t.array(2)
	t.bulk(strconv.FormatUint(next, 10))
	t.array(2 * len(found))
	for _, f := range found {
		t.bulk(f.name)
		t.bulk(f.value)
	}
}
