package localstore

func ttl(t *turn, args [][]byte) {
	t.timing(args[1], func(e *entry) int64 { return roundSeconds(t.left(e)) })
}

func pttl(t *turn, args [][]byte) { t.timing(args[1], t.left) }

func expiretime(t *turn, args [][]byte) {
	t.timing(args[1], func(e *entry) int64 { return roundSeconds(e.deadline) })
}

func pexpiretime(t *turn, args [][]byte) {
	t.timing(args[1], func(e *entry) int64 { return e.deadline })
}

// timing appends what f says of a key's deadline, -1 when it has none and -2 when there is no key.
func (t *turn) timing(key []byte, f func(*entry) int64) {
	switch e := t.db.get(key); {
	case e == nil:
		t.int(-2)
	case !e.expires():
		t.int(-1)
	default:
		t.int(f(e))
	}
}

// left returns the milliseconds that e has left. It is not dead, so they are not negative.
func (t *turn) left(e *entry) int64 { return e.deadline - t.db.now }

// roundSeconds rounds to the nearest second as the server does, but does not overflow.
func roundSeconds(ms int64) int64 { return ms/1000 + (ms%1000+500)/1000 }

func expire(t *turn, args [][]byte)    { t.expire(args, true, t.db.now) }
func pexpire(t *turn, args [][]byte)   { t.expire(args, false, t.db.now) }
func expireat(t *turn, args [][]byte)  { t.expire(args, true, 0) }
func pexpireat(t *turn, args [][]byte) { t.expire(args, false, 0) }

// expire is all of the EXPIRE family: key, amount, [NX | XX | GT | LT …].
func (t *turn) expire(args [][]byte, seconds bool, base int64) {
	when, problem := parseCondition(args[3:])
	if problem != "" {
		t.fail(problem)
		return
	}
	n, ok := parseInt(args[2])
	if !ok {
		t.fail(errNotInteger)
		return
	}
	deadline, ok := toMillis(n, seconds, base)
	if !ok {
		t.failExpiry(args[0])
		return
	}
	e := t.db.get(args[1])
	if e == nil || !when.allows(e, deadline) {
		t.int(0)
		return
	}
	t.expireOrRemove(e, deadline)
	t.int(1)
}

// expireOrRemove gives e a deadline, or removes it when that is not in the future.
func (t *turn) expireOrRemove(e *entry, deadline int64) {
	if deadline <= t.db.now {
		t.db.remove(e)
		return
	}
	t.db.expireAt(e, deadline)
}

func persist(t *turn, args [][]byte) {
	e := t.db.get(args[1])
	if e == nil || !e.expires() {
		t.int(0)
		return
	}
	t.db.persist(e)
	t.int(1)
}

// A condition says when EXPIRE may change a deadline.
type condition struct{ nx, xx, gt, lt bool }

// parseCondition returns what is wrong with args as an error reply, or "".
func parseCondition(args [][]byte) (c condition, problem string) {
	for _, arg := range args {
		switch {
		case is(arg, "NX"):
			c.nx = true
		case is(arg, "XX"):
			c.xx = true
		case is(arg, "GT"):
			c.gt = true
		case is(arg, "LT"):
			c.lt = true
		default:
			return c, "ERR Unsupported option " + string(shown(arg))
		}
	}
	switch {
	case c.nx && (c.xx || c.gt || c.lt):
		return c, "ERR NX and XX, GT or LT options at the same time are not compatible"
	case c.gt && c.lt:
		return c, "ERR GT and LT options at the same time are not compatible"
	}
	return c, ""
}

// allows reports whether e may get the deadline. Having none counts as the latest of all.
func (c condition) allows(e *entry, deadline int64) bool {
	switch {
	case c.nx && e.expires(), c.xx && !e.expires():
		return false
	case c.gt && (!e.expires() || deadline <= e.deadline):
		return false
	case c.lt && e.expires() && deadline >= e.deadline:
		return false
	}
	return true
}
