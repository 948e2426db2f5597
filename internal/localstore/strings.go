package localstore

func get(t *turn, args [][]byte) {
	if e, ok := t.find(args[1], aString); ok {
		t.value(e)
	}
}

func mget(t *turn, args [][]byte) {
	start := len(t.out)
	t.array(len(args) - 1)
	for _, key := range args[1:] {
		e := t.db.get(key)
		if e != nil && e.agg != nil {
			e = nil // as if there were none
		}
		if t.value(e); len(t.out) > t.store.replyLimit { // one key may be named a thousand times
			t.out = t.out[:start]
			t.fail(errReplies)
			return
		}
	}
}

func strlen(t *turn, args [][]byte) {
	e, ok := t.find(args[1], aString)
	switch {
	case !ok:
	case e == nil:
		t.int(0)
	default:
		t.count(len(e.value))
	}
}

// getrange is GETRANGE key start end. Both ends are included, and negative ones count from behind.
func getrange(t *turn, args [][]byte) {
	start, ok := parseInt(args[2])
	end, also := parseInt(args[3])
	if !ok || !also {
		t.fail(errNotInteger)
		return
	}
	e, ok := t.find(args[1], aString)
	switch {
	case !ok:
		return
	case e == nil:
		t.bulk("")
		return
	}
	size := int64(len(e.value))
	if start < 0 && end < 0 && start > end {
		t.bulk("")
		return
	}
	if start < 0 {
		start = max(0, size+start)
	}
	if end < 0 {
		end = max(0, size+end)
	}
	end = min(end, size-1)
	if start > end {
		t.bulk("")
		return
	}
	t.bulk(e.value[start : end+1])
}

// set is SET key value [NX | XX] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL].
func set(t *turn, args [][]byte) {
	o, ok := parseOptions(args[3:], setOptions)
	if !ok {
		t.fail(errSyntax)
		return
	}
	deadline, ok := t.deadline(args[0], o.expiry)
	if !ok {
		return
	}
	e := t.db.get(args[1])
	if o.get && e != nil && e.agg != nil {
		t.fail(errWrongType)
		return
	}
	if (o.nx && e != nil) || (o.xx && e == nil) {
		if o.get {
			t.value(e)
			return
		}
		t.null()
		return
	}
	start := len(t.out)
	if o.get {
		t.value(e)
	} else {
		t.ok()
	}
	if !t.assign(args[1], e, args[2], deadline, o) {
		t.out = t.out[:start]
		t.fail(errOOM)
	}
}

// assign puts a value and sets, keeps or clears the deadline as o says.
func (t *turn) assign(key []byte, e *entry, value []byte, deadline int64, o options) bool {
	e, ok := t.db.put(key, e, value)
	switch {
	case !ok:
		return false
	case o.expiry.given():
		t.db.expireAt(e, deadline)
	case !o.keepTTL:
		t.db.persist(e)
	}
	return true
}

// setnx is SETNX, which says whether it did anything with an integer.
func setnx(t *turn, args [][]byte) {
	switch {
	case t.db.get(args[1]) != nil:
		t.int(0)
	case t.assign(args[1], nil, args[2], 0, options{}):
		t.int(1)
	default:
		t.fail(errOOM)
	}
}

// getset is SET with GET, in the words of earlier days.
func getset(t *turn, args [][]byte) {
	e, ok := t.find(args[1], aString)
	if !ok {
		return
	}
	start := len(t.out)
	t.value(e)
	if !t.assign(args[1], e, args[2], 0, options{}) {
		t.out = t.out[:start]
		t.fail(errOOM)
	}
}

func setex(t *turn, args [][]byte)  { t.setWithTTL(args, inSeconds) }
func psetex(t *turn, args [][]byte) { t.setWithTTL(args, inMilliseconds) }

func (t *turn) setWithTTL(args [][]byte, u unit) {
	o := options{expiry: expiry{u, args[2]}}
	deadline, ok := t.deadline(args[0], o.expiry)
	switch {
	case !ok:
	case t.assign(args[1], t.db.get(args[1]), args[3], deadline, o):
		t.ok()
	default:
		t.fail(errOOM)
	}
}

func getdel(t *turn, args [][]byte) {
	e, ok := t.find(args[1], aString)
	if !ok {
		return
	}
	t.value(e)
	if e != nil {
		t.db.remove(e)
	}
}

// getex is GETEX key [EX s | PX ms | EXAT s | PXAT ms | PERSIST].
func getex(t *turn, args [][]byte) {
	o, ok := parseOptions(args[2:], getexOptions)
	if !ok {
		t.fail(errSyntax)
		return
	}
	e, ok := t.find(args[1], aString)
	switch {
	case !ok:
		return
	case e == nil:
		t.null() // before the amount is looked at
		return
	}
	deadline, ok := t.deadline(args[0], o.expiry)
	if !ok {
		return
	}
	t.value(e)
	switch {
	case o.expiry.given():
		t.expireOrRemove(e, deadline)
	case o.persist:
		t.db.persist(e)
	}
}

// mset sets all keys or none.
func mset(t *turn, args [][]byte) {
	if len(args)%2 == 0 {
		t.failArity(lower(args[0]))
		return
	}
	pairs := args[1:]
	need := 0 // at least what it takes: a key named twice counts twice, and what shrinks is not set off against what grows
	clear(t.found)
	t.found = t.found[:0]
	for i := 0; i < len(pairs); i += 2 {
		e := t.db.get(pairs[i])
		t.found = append(t.found, e)
		need += max(0, growth(pairs[i], e, pairs[i+1]))
	}
	if !t.db.fits(need, t.found...) {
		t.fail(errOOM)
		return
	}
	for i := 0; i < len(pairs); i += 2 {
		t.assign(pairs[i], t.db.get(pairs[i]), pairs[i+1], 0, options{})
	}
	t.ok()
}

// appendTo is APPEND. It copies the value: the store is not made for long logs.
func appendTo(t *turn, args [][]byte) {
	e, ok := t.find(args[1], aString)
	if !ok {
		return
	}
	value := args[2]
	if e != nil {
		if !t.db.fits(len(value), e) {
			t.fail(errOOM)
			return
		}
		value = append(append(make([]byte, 0, len(e.value)+len(value)), e.value...), value...)
	}
	if _, ok := t.db.put(args[1], e, value); !ok {
		t.fail(errOOM)
		return
	}
	t.count(len(value))
}
