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
	e := t.db.get(key)
	var scratch [20]byte
	var old int64
	if e != nil {
		var ok bool
		if old, ok = parseInt(append(scratch[:0], e.value[:min(len(e.value), len(scratch)+1)]...)); !ok {
			t.fail(errNotInteger)
			return
		}
	}
	if (n > 0 && old > math.MaxInt64-n) || (n < 0 && old < math.MinInt64-n) {
		t.fail(errOverflow)
		return
	}
	if _, ok := t.db.put(key, e, strconv.AppendInt(scratch[:0], old+n, 10)); !ok {
		t.fail(errOOM)
		return
	}
	t.int(old + n)
}
