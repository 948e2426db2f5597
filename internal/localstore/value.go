package localstore

import "math"

// A kind is the type of a value.
type kind byte

const (
	aString kind = iota
	aList
	aHash
	aSortedSet
)

// kindNames are what TYPE answers.
var kindNames = [...]string{aString: "string", aList: "list", aHash: "hash", aSortedSet: "zset"}

// An aggregate is a value that holds others: exactly one of the pointers is in use.
type aggregate struct {
	list  *list
	hash  *hash
	zset  *sortedSet
	bytes int // what all of it takes
}

// What an aggregate takes before it holds anything, in bytes; memory_test.go compares these figures, and those for an element, with what
// the runtime says.
const (
	listOverhead = 160
	hashOverhead = 400
	zsetOverhead = 400
)

func newList() *aggregate { return &aggregate{list: &list{}, bytes: listOverhead} }
func newHash() *aggregate { return &aggregate{hash: &hash{}, bytes: hashOverhead} }

func newSortedSet() *aggregate {
	return &aggregate{zset: &sortedSet{}, bytes: zsetOverhead}
}

func (e *entry) kind() kind {
	switch {
	case e.agg == nil:
		return aString
	case e.agg.list != nil:
		return aList
	case e.agg.hash != nil:
		return aHash
	}
	return aSortedSet
}

// copy returns an aggregate of its own with the same elements, whose texts are shared.
func (a *aggregate) copy() *aggregate {
	var c *aggregate
	switch {
	case a == nil:
		return nil
	case a.list != nil:
		c = newList()
		for i := range a.list.len() {
			c.list.pushBack(*a.list.at(i))
		}
	case a.hash != nil:
		c = newHash()
		for _, f := range a.hash.order.all(nil) {
			c.hash.add(f.name, f.value)
		}
	default:
		c = newSortedSet()
		for _, n := range a.zset.order.all(nil) {
			c.zset.add(n.member, n.score)
		}
	}
	c.bytes = a.bytes
	return c
}

// find returns the living entry of key, nil when there is none. When it is of another type it appends the error reply, and ok is false.
func (t *turn) find(key []byte, k kind) (e *entry, ok bool) {
	e = t.db.get(key)
	if e != nil && e.kind() != k {
		t.fail(errWrongType)
		return nil, false
	}
	return e, true
}

// existing is find for commands that have nothing to do when there is no such key, and answer what missing says; nil: the reply is there.
func (t *turn) existing(key []byte, k kind, missing func(*turn)) *entry {
	e, ok := t.find(key, k)
	if ok && e == nil {
		missing(t)
	}
	return e
}

// countArgument reads how many elements a command shall take: args[2] if it is there, else 1. When it cannot it appends the error reply.
func (t *turn) countArgument(args [][]byte) (count int, ok bool) {
	if len(args) < 3 {
		return 1, true
	}
	n, ok := parseInt(args[2])
	if !ok || n < 0 {
		t.fail(errNotPositive)
		return 0, false
	}
	return int(min(n, math.MaxInt)), true
}

// grow charges n bytes to the aggregate of e.
func (k *keyspace) grow(e *entry, n int) {
	k.charge(e, n)
	e.agg.bytes += n
}

// shrink takes n bytes off the aggregate of e, and removes e when left says that it is empty.
func (k *keyspace) shrink(e *entry, n, left int) {
	k.grow(e, -n)
	if left == 0 {
		k.remove(e)
	}
}

// make returns e, or a new entry for key with the aggregate that is made for it. There must be room.
func (t *turn) make(key []byte, e *entry, value func() *aggregate) *entry {
	if e != nil {
		return e
	}
	return t.db.create(string(key), "", value())
}
