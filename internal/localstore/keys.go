package localstore

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
	e := t.db.get(args[1])
	if e == nil {
		t.simple("none")
		return
	}
	t.simple(kindNames[e.kind()])
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

func rename(t *turn, args [][]byte)   { t.rename(args, false) }
func renamenx(t *turn, args [][]byte) { t.rename(args, true) }

// rename moves a value with its deadline to another key, of which it takes the place unless onlyNew.
func (t *turn) rename(args [][]byte, onlyNew bool) {
	e, old := t.db.get(args[1]), t.db.get(args[2])
	switch {
	case e == nil:
		t.fail(errNoKey)
		return
	case onlyNew && old != nil:
		t.int(0)
		return
	case e != old && !t.move(e, old, args[2]):
		t.fail(errOOM)
		return
	}
	if onlyNew {
		t.int(1)
		return
	}
	t.ok()
}

// move makes the value of e that of key, whose entry is old, or nil. It reports whether there was room.
func (t *turn) move(e, old *entry, key []byte) bool {
	more := len(key) - len(e.key)
	if old != nil {
		more -= old.size()
	}
	if !t.db.fits(more, e, old) {
		return false
	}
	deadline, expires := e.deadline, e.expires()
	t.db.remove(e)
	if old != nil {
		t.db.remove(old)
	}
	e = t.db.create(string(key), e.value, e.agg)
	if expires {
		t.db.expireAt(e, deadline)
	}
	return true
}

// copyKey is COPY source destination [DB 0] [REPLACE].
func copyKey(t *turn, args [][]byte) {
	replace := false
	for rest := args[3:]; len(rest) > 0; rest = rest[1:] {
		switch {
		case is(rest[0], "REPLACE"):
			replace = true
		case is(rest[0], "DB") && len(rest) > 1:
			if !t.acceptsDB(rest[1]) {
				return
			}
			rest = rest[1:]
		default:
			t.fail(errSyntax)
			return
		}
	}
	if string(args[1]) == string(args[2]) {
		t.fail("ERR source and destination objects are the same")
		return
	}
	e, old := t.db.get(args[1]), t.db.get(args[2])
	if e == nil || (old != nil && !replace) {
		t.int(0)
		return
	}
	if !t.copyTo(e, old, args[2]) {
		t.fail(errOOM)
		return
	}
	t.int(1)
}

// copyTo makes a copy of e the value of key, whose entry is old, or nil. It reports whether there was room.
func (t *turn) copyTo(e, old *entry, key []byte) bool {
	more := e.size() + len(key) - len(e.key)
	if old != nil {
		more -= old.size()
	}
	if !t.db.fits(more, e, old) {
		return false
	}
	if old != nil {
		t.db.remove(old)
	}
	c := t.db.create(string(key), e.value, e.agg.copy())
	if e.expires() {
		t.db.expireAt(c, e.deadline)
	}
	return true
}
