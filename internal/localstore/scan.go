package localstore

import "strconv"

// How many keys SCAN looks at in one call.
const (
	defaultScanCount = 10
	maxScanCount     = 4096
)

// A query is what SCAN, HSCAN or ZSCAN was asked for.
type query struct {
	cursor uint64
	match  []byte // nil: everything
	count  int
	typed  []byte // the name of a type, in any case; nil: all
}

// scan is SCAN cursor [MATCH pattern] [COUNT n] [TYPE name].
func scan(t *turn, args [][]byte) {
	q, ok := t.parseCursor(args[1])
	if !ok || !t.parseQuery(&q, args[2:], true) {
		return
	}
	clear(t.found)
	found, next := t.db.order.page(t.found[:0], q.cursor, q.count)
	t.found = found
	n := 0
	for _, e := range found {
		if !t.db.over(e) && (q.typed == nil || is(q.typed, kindWords[e.kind()])) && (q.match == nil || glob(q.match, e.key)) {
			found[n] = e
			n++
		}
	}
	t.array(2)
	t.bulk(strconv.FormatUint(next, 10))
	t.array(n)
	for _, e := range found[:n] {
		t.bulk(e.key)
	}
}

// kindWords are kindNames as is wants them.
var kindWords = [...]string{aString: "STRING", aList: "LIST", aHash: "HASH", aSortedSet: "ZSET"}

// scanOf reads the arguments of HSCAN and ZSCAN: key, cursor, options. When there is nothing to scan it appends the reply, and ok is false.
func (t *turn) scanOf(args [][]byte, k kind) (e *entry, q query, ok bool) {
	if q, ok = t.parseCursor(args[2]); !ok {
		return nil, q, false
	}
	if e, ok = t.find(args[1], k); !ok {
		return nil, q, false
	}
	if e == nil {
		t.array(2) // before the options are looked at
		t.bulk("0")
		t.array(0)
		return nil, q, false
	}
	return e, q, t.parseQuery(&q, args[3:], false)
}

// parseCursor appends an error reply when ok is false.
func (t *turn) parseCursor(arg []byte) (q query, ok bool) {
	cursor, err := strconv.ParseUint(string(arg), 10, 64)
	if err != nil {
		t.fail("ERR invalid cursor")
		return q, false
	}
	return query{cursor: cursor, count: defaultScanCount}, true
}

// parseQuery reads options and appends an error reply when it cannot. Only SCAN has TYPE.
func (t *turn) parseQuery(q *query, args [][]byte, keys bool) bool {
	for ; len(args) >= 2; args = args[2:] {
		switch {
		case is(args[0], "MATCH"):
			q.match = args[1]
		case keys && is(args[0], "TYPE"):
			q.typed = args[1]
		case is(args[0], "COUNT"):
			n, ok := parseInt(args[1])
			if !ok {
				t.fail(errNotInteger)
				return false
			}
			if n < 1 {
				t.fail(errSyntax)
				return false
			}
			q.count = int(min(n, maxScanCount))
		default:
			t.fail(errSyntax)
			return false
		}
	}
	if len(args) > 0 {
		t.fail(errSyntax)
		return false
	}
	return true
}
