package localstore

import (
	"container/heap"
	"math"
)

// overhead is what an entry costs besides its key and value, in bytes: the entry itself, its places in the map, in the scan order and
// among the deadlines, and what the allocator rounds up.
const overhead = 192

// An entry is one key.
type entry struct {
	key, value string
	agg        *aggregate // nil: the value is a string
	id         uint64     // its place in the scan order
	deadline   int64      // Unix milliseconds; meaningless while heapAt is negative
	heapAt     int        // its place among the deadlines; negative: it has no deadline
}

func (e *entry) size() int {
	n := overhead + len(e.key) + len(e.value)
	if e.agg != nil {
		n += e.agg.bytes
	}
	return n
}

// expires reports whether e has a deadline.
func (e *entry) expires() bool { return e.heapAt >= 0 }

// A keyspace holds the entries and knows what they take. The zero value with a limit is ready.
//
// Invariants: used is the sum of the sizes of entries and never above limit, but for what a script may go beyond it (see room); every entry is in the order once; every entry
// with a deadline, and no other, is in deadlines, and volatile is the sum of their sizes; no entry holds an empty list, hash or sorted set.
type keyspace struct {
	entries   index[*entry]
	order     order[*entry]
	deadlines deadlines
	used      int   // bytes
	volatile  int   // bytes of entries with a deadline
	limit     int   // bytes
	evict     bool  // entries with a deadline may go before it
	now       int64 // Unix milliseconds; set before each request and constant during it

	scriptKeys  [][]byte // of the script at work: they are not evicted
	scriptWrote bool     // the script at work has
}

// get returns the living entry of key, or nil.
func (k *keyspace) get(key []byte) *entry {
	e := k.entries.get(key)
	if e != nil && k.over(e) {
		k.remove(e)
		return nil
	}
	return e
}

// put gives key a string; e is what get returned for it, whatever its type. An entry that exists keeps its deadline. Without room nothing
// changes and ok is false.
func (k *keyspace) put(key []byte, e *entry, value []byte) (_ *entry, ok bool) {
	n := growth(key, e, value)
	if !k.fits(n, e) {
		return nil, false
	}
	if e == nil {
		return k.create(string(key), string(value), nil), true
	}
	k.charge(e, n)
	e.value, e.agg = string(value), nil
	return e, true
}

// create adds an entry for a key that has none. There must be room for it.
func (k *keyspace) create(key, value string, agg *aggregate) *entry {
	e := &entry{key: key, value: value, agg: agg, heapAt: -1}
	k.entries.put(key, e)
	e.id = k.order.add(e)
	k.used += e.size()
	return e
}

// growth returns how many bytes more it takes to give key a string; e is its entry, or nil.
func growth(key []byte, e *entry, value []byte) int {
	switch {
	case e == nil:
		return overhead + len(key) + len(value)
	case e.agg == nil:
		return len(value) - len(e.value)
	}
	return overhead + len(key) + len(value) - e.size()
}

// charge accounts for n bytes more, or fewer, that e is about to take.
func (k *keyspace) charge(e *entry, n int) {
	k.used += n
	if e.expires() {
		k.volatile += n
	}
}

// remove deletes e.
func (k *keyspace) remove(e *entry) {
	k.entries.remove(e.key)
	k.order.remove(e.id)
	k.persist(e)
	k.used -= e.size()
}

// clear deletes everything.
func (k *keyspace) clear() {
	k.entries, k.deadlines, k.used, k.volatile = index[*entry]{}, nil, 0, 0
	k.order.clear()
}

// expireAt gives e a deadline in Unix milliseconds.
func (k *keyspace) expireAt(e *entry, deadline int64) {
	e.deadline = deadline
	if e.expires() {
		heap.Fix(&k.deadlines, e.heapAt)
		return
	}
	heap.Push(&k.deadlines, e)
	k.volatile += e.size()
}

// persist takes the deadline of e away.
func (k *keyspace) persist(e *entry) {
	if e.expires() {
		heap.Remove(&k.deadlines, e.heapAt)
		k.volatile -= e.size()
	}
}

// over reports whether the time of e is over. As on the server, the millisecond of the deadline itself still counts as alive.
func (k *keyspace) over(e *entry) bool { return e.expires() && k.now > e.deadline }

// sweep drops at most n dead entries and returns how many.
func (k *keyspace) sweep(n int) int {
	for i := range n {
		if len(k.deadlines) == 0 || !k.over(k.deadlines[0]) {
			return i
		}
		k.remove(k.deadlines[0])
	}
	return n
}

// living returns the number of entries after dropping all dead ones. Each is dropped once, so this costs no more than writing did.
func (k *keyspace) living() int {
	k.sweep(math.MaxInt)
	return k.entries.len()
}

// deadlines is a heap of the entries that have one, the earliest first. For container/heap only: use expireAt and persist.
type deadlines []*entry

func (d deadlines) Len() int           { return len(d) }
func (d deadlines) Less(i, j int) bool { return d[i].deadline < d[j].deadline }

func (d deadlines) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].heapAt, d[j].heapAt = i, j
}

// Push is for container/heap.
func (d *deadlines) Push(x any) {
	e := x.(*entry)
	e.heapAt = len(*d)
	*d = append(*d, e)
}

// Pop is for container/heap.
func (d *deadlines) Pop() any {
	last := len(*d) - 1
	e := (*d)[last]
	(*d)[last] = nil
	*d = (*d)[:last]
	if cap(*d) >= minCompact && last <= cap(*d)/4 { // for the memory, see index
		*d = append(make(deadlines, 0, 2*last), *d...)
	}
	e.heapAt = -1
	return e
}
