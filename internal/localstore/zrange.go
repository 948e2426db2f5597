package localstore

// A zquery is what one of the ZRANGE family was asked for.
type zquery struct {
	byScore, reverse, withScores bool
	offset, limit                int64 // limit is negative: all
	mayByScore, mayReverse       bool  // by options
}

func zrange(t *turn, args [][]byte)           { t.zrange(args, zquery{mayByScore: true, mayReverse: true}) }
func zrevrange(t *turn, args [][]byte)        { t.zrange(args, zquery{reverse: true}) }
func zrangebyscore(t *turn, args [][]byte)    { t.zrange(args, zquery{byScore: true}) }
func zrevrangebyscore(t *turn, args [][]byte) { t.zrange(args, zquery{byScore: true, reverse: true}) }

// parse reads options and returns what is wrong with them as an error reply, or "".
func (q *zquery) parse(args [][]byte) string {
	q.limit = -1
	for ; len(args) > 0; args = args[1:] {
		switch {
		case is(args[0], "WITHSCORES"):
			q.withScores = true
		case is(args[0], "LIMIT") && len(args) > 2:
			offset, ok := parseInt(args[1])
			limit, also := parseInt(args[2])
			if !ok || !also {
				return errNotInteger
			}
			q.offset, q.limit = offset, limit
			args = args[2:]
		case q.mayReverse && is(args[0], "REV"):
			q.reverse, q.mayReverse = true, false
		case q.mayByScore && is(args[0], "BYSCORE"):
			q.byScore, q.mayByScore = true, false
		default:
			return errSyntax
		}
	}
	if q.limit != -1 && !q.byScore {
		return "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
	}
	return ""
}

func (t *turn) zrange(args [][]byte, q zquery) {
	if problem := q.parse(args[4:]); problem != "" {
		t.fail(problem)
		return
	}
	var low, high bound
	var start, end int64
	ok := false
	switch {
	case !q.byScore:
		start, end, ok = t.parseSpan(args)
	case q.reverse:
		low, high, ok = t.parseEdges(args[3], args[2])
	default:
		low, high, ok = t.parseEdges(args[2], args[3])
	}
	if !ok {
		return
	}
	e := t.existing(args[1], aSortedSet, (*turn).none)
	if e == nil {
		return
	}
	z := e.agg.zset
	var from, to int
	switch {
	case q.byScore:
		from, to = q.limited(z.between(low, high))
	case q.reverse:
		from, to = span(start, end, z.len())
		from, to = z.len()-to, z.len()-from
	default:
		from, to = span(start, end, z.len())
	}
	t.zrangeReply(t.nodesOf(z, from, to), q)
}

// limited returns the part of the ranks from to to that LIMIT leaves.
func (q *zquery) limited(from, to int) (int, int) {
	if q.offset < 0 {
		return 0, 0
	}
	skip := int(min(q.offset, int64(to-from)))
	n := to - from - skip
	if q.limit >= 0 {
		n = int(min(q.limit, int64(n)))
	}
	if q.reverse {
		to -= skip
		return to - n, to
	}
	from += skip
	return from, from + n
}

func (t *turn) zrangeReply(found []*node, q zquery) {
	t.array(len(found))
	for i := range found {
		n := found[i]
		if q.reverse {
			n = found[len(found)-1-i]
		}
		if q.withScores {
			t.pair(n)
		} else {
			t.bulk(n.member)
		}
	}
}

// parseEdges reads the ends of a range of scores. When it cannot it appends the error reply.
func (t *turn) parseEdges(lowest, highest []byte) (low, high bound, ok bool) {
	minimum, minOpen, ok := parseEdge(lowest)
	maximum, maxOpen, also := parseEdge(highest)
	if !ok || !also {
		t.fail("ERR min or max is not a float")
		return low, high, false
	}
	low, high = bound{score: minimum, rank: beforeScore}, bound{score: maximum, rank: behindScore}
	if minOpen {
		low.rank = behindScore
	}
	if maxOpen {
		high.rank = beforeScore
	}
	return low, high, true
}

// between returns the ranks between two bounds.
func (z *sortedSet) between(low, high bound) (from, to int) {
	from, to = z.rank(low), z.rank(high)
	return from, max(from, to)
}

func zcount(t *turn, args [][]byte) {
	low, high, ok := t.parseEdges(args[2], args[3])
	if !ok {
		return
	}
	if e := t.existing(args[1], aSortedSet, (*turn).zero); e != nil {
		from, to := e.agg.zset.between(low, high)
		t.count(to - from)
	}
}

func zremrangebyscore(t *turn, args [][]byte) {
	if low, high, ok := t.parseEdges(args[2], args[3]); ok {
		t.zremrange(args[1], func(z *sortedSet) (from, to int) { return z.between(low, high) })
	}
}

func zremrangebyrank(t *turn, args [][]byte) {
	if start, end, ok := t.parseSpan(args); ok {
		t.zremrange(args[1], func(z *sortedSet) (from, to int) { return span(start, end, z.len()) })
	}
}

// zremrange removes the members between two ranks.
func (t *turn) zremrange(key []byte, ranks func(*sortedSet) (from, to int)) {
	e := t.existing(key, aSortedSet, (*turn).zero)
	if e == nil {
		return
	}
	z := e.agg.zset
	from, to := ranks(z)
	gone := t.nodesOf(z, from, to)
	t.db.shrink(e, z.cut(gone), z.len())
	t.count(len(gone))
}
