package localstore

import (
	"strconv"
)

// del is DEL and UNLINK.
func del(t *turn, args [][]byte) {
	n := 0
	for _, key := range args[1:] {
		if e := t.db.get(key); e != nil {
			t.db.remove(e)
			n++
		}
	}
	t.count(n)
}

// exists counts a key as often as it is named.
func exists(t *turn, args [][]byte) {
	n := 0
	for _, key := range args[1:] {
		if t.db.get(key) != nil {
			n++
		}
	}
	t.count(n)
}

func typeOf(t *turn, args [][]byte) {
	if t.db.get(args[1]) == nil {
		t.simple("none")
		return
	}
	t.simple("string")
}

func dbsize(t *turn, _ [][]byte) { t.count(t.db.living()) }

func flushdb(t *turn, args [][]byte) {
	if len(args) > 2 || (len(args) == 2 && !is(args[1], "ASYNC") && !is(args[1], "SYNC")) {
		t.fail(errSyntax)
		return
	}
	t.db.clear()
	t.ok()
}

// How many keys SCAN looks at in one call.
const (
	defaultScanCount = 10
	maxScanCount     = 4096
)

// A query is what SCAN was asked for.
type query struct {
	match []byte // nil: everything
	count int
	none  bool // TYPE names something else than strings
}

// scan is SCAN cursor [MATCH pattern] [COUNT n] [TYPE name].
func scan(t *turn, args [][]byte) {
	cursor, err := strconv.ParseUint(string(args[1]), 10, 64)
	if err != nil {
		t.fail("ERR invalid cursor")
		return
	}
	q, problem := parseQuery(args[2:])
	if problem != "" {
		t.fail(problem)
		return
	}
	clear(t.found)
	found, next := t.db.order.page(t.found[:0], cursor, q.count)
	t.found = found
	n := 0
	for _, e := range found {
		if !q.none && !t.db.over(e) && (q.match == nil || glob(q.match, e.key)) {
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

// parseQuery returns what is wrong with args as an error reply, or "".
func parseQuery(args [][]byte) (q query, problem string) {
	q.count = defaultScanCount
	for ; len(args) >= 2; args = args[2:] {
		switch {
		case is(args[0], "MATCH"):
			q.match = args[1]
		case is(args[0], "TYPE"):
			q.none = !is(args[1], "STRING")
		case is(args[0], "COUNT"):
			n, ok := parseInt(args[1])
			if !ok {
				return q, errNotInteger
			}
			if n < 1 {
				return q, errSyntax
			}
			q.count = int(min(n, maxScanCount))
		default:
			return q, errSyntax
		}
	}
	if len(args) > 0 {
		return q, errSyntax
	}
	return q, ""
}
