package localstore

import "math"

// How ZADD treats members that are there, and that are not.
type zaddOptions struct{ nx, xx, gt, lt, ch, incr bool }

// parse reads options off args and returns what follows them.
func (o *zaddOptions) parse(args [][]byte) [][]byte {
	for i, arg := range args {
		switch {
		case is(arg, "NX"):
			o.nx = true
		case is(arg, "XX"):
			o.xx = true
		case is(arg, "GT"):
			o.gt = true
		case is(arg, "LT"):
			o.lt = true
		case is(arg, "CH"):
			o.ch = true
		case is(arg, "INCR"):
			o.incr = true
		default:
			return args[i:]
		}
	}
	return nil
}

// problem returns what is wrong with the options for so many pairs as an error reply, or "".
func (o *zaddOptions) problem(pairs [][]byte) string {
	switch {
	case len(pairs) == 0 || len(pairs)%2 != 0:
		return errSyntax
	case o.nx && o.xx:
		return "ERR XX and NX options at the same time are not compatible"
	case o.gt && o.nx, o.lt && o.nx, o.gt && o.lt:
		return "ERR GT, LT, and/or NX options at the same time are not compatible"
	case o.incr && len(pairs) > 2:
		return "ERR INCR option supports a single increment-element pair"
	}
	return ""
}

// allows reports whether a member may go from one score to another.
func (o *zaddOptions) allows(from, to float64) bool {
	return !o.nx && (!o.gt || to > from) && (!o.lt || to < from)
}

func zadd(t *turn, args [][]byte)    { t.zadd(args, zaddOptions{}) }
func zincrby(t *turn, args [][]byte) { t.zadd(args, zaddOptions{incr: true}) }

// zadd is ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member …. It adds and changes all or nothing.
func (t *turn) zadd(args [][]byte, o zaddOptions) {
	pairs := o.parse(args[2:])
	if problem := o.problem(pairs); problem != "" {
		t.fail(problem)
		return
	}
	t.scores = t.scores[:0]
	for i := 0; i < len(pairs); i += 2 {
		score, ok := parseScore(pairs[i])
		if !ok {
			t.fail(errNotFloat)
			return
		}
		t.scores = append(t.scores, score+0) // a zero has no sign
	}
	e, ok := t.find(args[1], aSortedSet)
	if !ok {
		return
	}
	if e == nil && o.xx {
		t.zaddReply(o, 0, 0, 0, false)
		return
	}
	need := t.entryNeeds(args[1], e, zsetOverhead)
	for i := 1; i < len(pairs) && !o.xx; i += 2 {
		if memberOf(e, pairs[i]) == nil {
			need += memberOverhead + len(pairs[i]) // at least what it takes: a member named twice counts twice
		}
	}
	if !t.db.fits(need, e) {
		t.fail(errOOM)
		return
	}
	t.zaddAll(args[1], e, pairs, o)
}

// zaddAll is the part of zadd that changes something; there is room for it.
func (t *turn) zaddAll(key []byte, e *entry, pairs [][]byte, o zaddOptions) {
	added, updated, done := 0, 0, false
	var result float64
	for i, score := range t.scores {
		member := pairs[2*i+1]
		n := memberOf(e, member)
		switch {
		case n == nil && !o.xx:
			e = t.make(key, e, newSortedSet)
			t.db.grow(e, memberOverhead+len(member))
			e.agg.zset.add(string(member), score)
			added++
		case n == nil:
			continue
		default:
			if o.incr && !o.nx {
				score += n.score
			}
			if math.IsNaN(score) { // infinities of both signs: there is one pair only
				t.fail("ERR resulting score is not a number (NaN)")
				return
			}
			if !o.allows(n.score, score) {
				continue
			}
			if score != n.score {
				e.agg.zset.setScore(n, score)
				updated++
			}
		}
		result, done = score, true
	}
	t.zaddReply(o, added, updated, result, done)
}

func (t *turn) zaddReply(o zaddOptions, added, updated int, result float64, done bool) {
	switch {
	case o.incr && done:
		t.double(result)
	case o.incr:
		t.null()
	case o.ch:
		t.count(added + updated)
	default:
		t.count(added)
	}
}

// memberOf returns a member of the sorted set of e, nil when there is none. e may be nil.
func memberOf(e *entry, member []byte) *node {
	if e == nil {
		return nil
	}
	return e.agg.zset.members.get(member)
}
