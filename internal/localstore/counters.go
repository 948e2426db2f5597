package localstore

import (
	"math"
	"strconv"
)

func incr(t *turn, args [][]byte) { t.add(args[1], 1) }
func decr(t *turn, args [][]byte) { t.add(args[1], -1) }

func incrby(t *turn, args [][]byte) {
	n, ok := parseInt(args[2])
	if !ok {
		t.fail(errNotInteger)
		return
	}
	t.add(args[1], n)
}

func decrby(t *turn, args [][]byte) {
	n, ok := parseInt(args[2])
	switch {
	case !ok:
		t.fail(errNotInteger)
	case n == math.MinInt64:
		t.fail(errDecrementOverflow)
	default:
		t.add(args[1], -n)
	}
}

// add changes a counter by n. A key that does not exist counts from 0; one that does keeps its deadline.
func (t *turn) add(key []byte, n int64) {
	e, ok := t.find(key, aString)
	if !ok {
		return
	}
	var old int64
	if e != nil {
		if old, ok = parseNumber(e.value); !ok {
			t.fail(errNotInteger)
			return
		}
	}
	if overflows(old, n) {
		t.fail(errOverflow)
		return
	}
	var scratch [20]byte
	if _, ok := t.db.put(key, e, strconv.AppendInt(scratch[:0], old+n, 10)); !ok {
		t.fail(errOOM)
		return
	}
	t.int(old + n)
}

// overflows reports whether a + b does.
func overflows(a, b int64) bool {
	return (b > 0 && a > math.MaxInt64-b) || (b < 0 && a < math.MinInt64-b)
}

// parseNumber is parseInt of what is stored.
func parseNumber(s string) (int64, bool) {
	var scratch [21]byte // one more than the longest integer has
	return parseInt(append(scratch[:0], s[:min(len(s), len(scratch))]...))
}
