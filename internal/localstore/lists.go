package localstore

import "math"

func rpush(t *turn, args [][]byte)  { t.push(args, (*list).pushBack, false) }
func lpush(t *turn, args [][]byte)  { t.push(args, (*list).pushFront, false) }
func rpushx(t *turn, args [][]byte) { t.push(args, (*list).pushBack, true) }
func lpushx(t *turn, args [][]byte) { t.push(args, (*list).pushFront, true) }

// push pushes all elements or none.
func (t *turn) push(args [][]byte, push func(*list, string), onlyExisting bool) {
	e, ok := t.find(args[1], aList)
	switch {
	case !ok:
		return
	case e == nil && onlyExisting:
		t.int(0)
		return
	}
	need := 0
	for _, element := range args[2:] {
		need += elementOverhead + len(element)
	}
	if !t.db.fits(need+t.entryNeeds(args[1], e, listOverhead), e) {
		t.fail(errOOM)
		return
	}
	e = t.make(args[1], e, newList)
	t.db.grow(e, need)
	for _, element := range args[2:] {
		push(e.agg.list, string(element))
	}
	t.count(e.agg.list.len())
}

// entryNeeds returns what it takes to have an entry for key with an empty aggregate: nothing when there is one.
func (t *turn) entryNeeds(key []byte, e *entry, empty int) int {
	if e != nil {
		return 0
	}
	return overhead + len(key) + empty
}

func lpop(t *turn, args [][]byte) { t.pop(args, (*list).popFront) }
func rpop(t *turn, args [][]byte) { t.pop(args, (*list).popBack) }

// pop is LPOP and RPOP: key [count].
func (t *turn) pop(args [][]byte, pop func(*list) string) {
	if len(args) > 3 {
		t.failArity(lower(args[0]))
		return
	}
	count, ok := t.countArgument(args)
	if !ok {
		return
	}
	e := t.existing(args[1], aList, (*turn).null)
	if e == nil {
		return
	}
	l := e.agg.list
	count = min(count, l.len())
	if len(args) == 3 {
		t.array(count)
	}
	freed := 0
	for range count {
		s := pop(l)
		t.bulk(s)
		freed += elementOverhead + len(s)
	}
	t.db.shrink(e, freed, l.len())
}

func llen(t *turn, args [][]byte) {
	if e := t.existing(args[1], aList, (*turn).zero); e != nil {
		t.count(e.agg.list.len())
	}
}

// span returns the part of n elements that start and end name, the first and the one behind the last. Both are included, and negative ones count from
// behind.
func span(start, end int64, n int) (from, to int) {
	size := int64(n)
	if start < 0 {
		start = max(0, start+size)
	}
	if end < 0 {
		end += size
	}
	end = min(end, size-1)
	if start > end {
		return 0, 0
	}
	return int(start), int(end) + 1
}

// parseSpan reads start and end. When it cannot it appends the error reply.
func (t *turn) parseSpan(args [][]byte) (start, end int64, ok bool) {
	start, ok = parseInt(args[2])
	end, also := parseInt(args[3])
	if !ok || !also {
		t.fail(errNotInteger)
		return 0, 0, false
	}
	return start, end, true
}

func lrange(t *turn, args [][]byte) {
	start, end, ok := t.parseSpan(args)
	if !ok {
		return
	}
	e := t.existing(args[1], aList, (*turn).none)
	if e == nil {
		return
	}
	from, to := span(start, end, e.agg.list.len())
	t.array(to - from)
	for i := from; i < to; i++ {
		t.bulk(*e.agg.list.at(i))
	}
}

// ltrim keeps what LRANGE would return. It costs as much as it removes.
func ltrim(t *turn, args [][]byte) {
	start, end, ok := t.parseSpan(args)
	if !ok {
		return
	}
	e := t.existing(args[1], aList, (*turn).ok)
	if e == nil {
		return
	}
	l := e.agg.list
	from, to := span(start, end, l.len())
	freed := 0
	for range l.len() - to {
		freed += elementOverhead + len(l.popBack())
	}
	for range from {
		freed += elementOverhead + len(l.popFront())
	}
	t.db.shrink(e, freed, l.len())
	t.ok()
}

// place returns element i of a list, counted from behind when i is negative, or nil.
func (l *list) place(i int64) *string {
	if i < 0 {
		i += int64(l.n)
	}
	if i < 0 || i >= int64(l.n) {
		return nil
	}
	return l.at(int(i))
}

func lindex(t *turn, args [][]byte) {
	e := t.existing(args[1], aList, (*turn).null) // before the index is looked at
	if e == nil {
		return
	}
	i, ok := parseInt(args[2])
	if !ok {
		t.fail(errNotInteger)
		return
	}
	if p := e.agg.list.place(i); p != nil {
		t.bulk(*p)
		return
	}
	t.null()
}

func lset(t *turn, args [][]byte) {
	e := t.existing(args[1], aList, func(t *turn) { t.fail(errNoKey) })
	if e == nil {
		return
	}
	i, ok := parseInt(args[2])
	if !ok {
		t.fail(errNotInteger)
		return
	}
	p := e.agg.list.place(i)
	if p == nil {
		t.fail("ERR index out of range")
		return
	}
	more := len(args[3]) - len(*p)
	if !t.db.fits(more, e) {
		t.fail(errOOM)
		return
	}
	t.db.grow(e, more)
	*p = string(args[3])
	t.ok()
}

// lrem is LREM key count element: the first count of those that are equal, the last when count is negative, all when it is 0.
func lrem(t *turn, args [][]byte) {
	n, ok := parseInt(args[2])
	if !ok {
		t.fail(errNotInteger)
		return
	}
	e := t.existing(args[1], aList, (*turn).zero)
	if e == nil {
		return
	}
	most := math.MaxInt
	switch {
	case n > 0:
		most = int(min(n, math.MaxInt))
	case n < 0 && n > -math.MaxInt:
		most = int(-n)
	}
	removed := e.agg.list.removeEqual(args[3], most, n < 0)
	t.db.shrink(e, removed*(elementOverhead+len(args[3])), e.agg.list.len())
	t.count(removed)
}
