package resp

// Array enters an array, set or push, or a map as twice as many values, and returns how many values follow. They are read
// with the same cursor, one after the other. The frame has room for that many, so callers may allocate by it. Those of a streamed aggregate are
// counted by walking through it.
func (r *Reply) Array() int {
	t := r.peek()
	n, ok := entered(r.buf, t)
	if !ok {
		r.want("array")
		return 0
	}
	r.pos = t.next
	return n
}

// Pairs enters a map and returns how many keys, each with its value, follow. Where RESP2 has no map it answers with an array of keys and
// values in turn, or with an array of arrays of two, and RESP3 itself has the latter where the order matters (ZRANGE WITHSCORES). Pairs
// takes all three; [Reply.Pair] makes reading them the same.
//
//	for n := r.Pairs(); n > 0; n-- {
//		r.Pair()
//		member, score := r.Text(), r.Float()
//	}
func (r *Reply) Pairs() int {
	t := r.peek()
	n, _, ok := pairsOf(r.buf, t)
	if !ok {
		r.want("map")
		return 0
	}
	r.pos = t.next
	return n
}

// Pair enters an array of two when one is next, and does nothing otherwise: it is called before each key of [Reply.Pairs] when
// the server may nest its pairs. Keys are never arrays of two themselves.
func (r *Reply) Pair() {
	if t := r.peek(); isPair(r.buf, t) {
		r.pos = t.next
	}
}

// Attributes enters the attributes that precede the next value (RESP3 specification, "Attribute type") and returns how many keys, each
// with its value, follow; 0 when there are none. Behind them come more attributes, or the value. All other methods skip them.
func (r *Reply) Attributes() int {
	for r.err == nil {
		t := tokenAt(r.buf, r.pos)
		switch {
		case t.kind == streamEnd:
			r.pos = t.next
			continue
		case t.kind != Attribute:
			return 0
		}
		if r.pos == r.head {
			if next, ok := skip(r.buf, t.next, t.count); ok {
				r.head = next
			}
		}
		r.pos = t.next
		if t.count > 0 {
			return t.count / 2
		}
	}
	return 0
}

// Args reads a request as servers do: it appends the arguments of the command, its name first, to args. They are borrowed. Anything but an
// array of bulk strings makes a [*TypeError] stick, and leaves args as they were. (Servers read inline commands too, which are no RESP.)
func (r *Reply) Args(args [][]byte) [][]byte {
	if r.err != nil {
		return args
	}
	header := tokenAt(r.buf, r.pos)
	if header.kind != Array || header.streamed {
		r.err = &TypeError{Want: "array", Got: header.kind}
		return args
	}
	all, pos := args, header.next
	for range header.count {
		t := tokenAt(r.buf, pos)
		if t.kind != BulkString || t.streamed {
			r.err = &TypeError{Want: "bulk string", Got: t.kind}
			return args
		}
		all = append(all, r.buf[t.from:t.to:t.to])
		pos = t.next
	}
	r.pos = pos
	return all
}

// entered returns how many values follow the header t, when it is one to enter.
func entered[B bytestring](b B, t token) (n int, ok bool) {
	switch {
	case !t.kind.isAggregate():
		return 0, false
	case t.streamed:
		return countStream(b, t.next)
	}
	return t.count, true
}

// pairsOf returns how many pairs follow the header t, when it is one of those that [Reply.Pairs] takes, and whether each is an array of two.
func pairsOf[B bytestring](b B, t token) (n int, nested, ok bool) {
	if t.kind != Map && t.kind != Array {
		return 0, false, false
	}
	n, ok = entered(b, t)
	if ok && t.kind == Array && n > 0 && arePairs(b, t.next, n) {
		return n, true, true
	}
	return n / 2, false, ok && n%2 == 0
}

// arePairs reports whether the n values at pos are all arrays of two.
func arePairs[B bytestring](b B, pos, n int) bool {
	for range n {
		t := valueAt(b, pos)
		next, ok := skip(b, t.at, 1)
		if !ok || !isPair(b, t) {
			return false
		}
		pos = next
	}
	return true
}

// isPair reports whether t is the header of an array of two.
func isPair[B bytestring](b B, t token) bool {
	if t.kind != Array {
		return false
	}
	n, ok := entered(b, t)
	return ok && n == 2
}
