package localstore

import (
	"cmp"
	"slices"
)

// An order lists entries by age, so that SCAN has a cursor which means something while entries come and go. Every entry gets a number
// when it is created, higher than all before. SCAN goes from high numbers to low ones and its cursor is the number it came to: an entry that
// exists all the time is met exactly once, and since new entries are behind the cursor, a scan always ends.
type order struct {
	slots []slot // ascending by id
	gone  int    // slots without an entry
	last  uint64 // the highest id given out; 0 is never one
}

type slot struct {
	id    uint64
	entry *entry // nil: removed
}

// minCompact is how many slots there must be before compacting them is worth the effort.
const minCompact = 64

func (o *order) add(e *entry) {
	o.last++
	e.id = o.last
	o.slots = append(o.slots, slot{e.id, e})
}

// remove empties the slot of e. Half of all slots must be empty before they are compacted, so that costs each removal a constant.
func (o *order) remove(e *entry) {
	o.slots[o.find(e.id)].entry = nil
	o.gone++
	if o.gone*2 <= len(o.slots) || len(o.slots) < minCompact {
		return
	}
	left := len(o.slots) - o.gone
	slots := make([]slot, 0, left+left/4)
	for _, s := range o.slots {
		if s.entry != nil {
			slots = append(slots, s)
		}
	}
	o.slots, o.gone = slots, 0
}

// clear forgets all entries. Numbers go on, for cursors that are still about.
func (o *order) clear() { o.slots, o.gone = nil, 0 }

// find returns the index of the first slot whose id is not below id.
func (o *order) find(id uint64) int {
	i, _ := slices.BinarySearchFunc(o.slots, id, func(s slot, id uint64) int { return cmp.Compare(s.id, id) })
	return i
}

// page appends the entries of at most n slots below cursor to dst; cursor 0 is above all. next is the cursor for the
// following page, 0 when there is none.
func (o *order) page(dst []*entry, cursor uint64, n int) (_ []*entry, next uint64) {
	end := len(o.slots)
	if cursor != 0 {
		end = o.find(cursor)
	}
	start := max(0, end-n)
	for i := end - 1; i >= start; i-- {
		if e := o.slots[i].entry; e != nil {
			dst = append(dst, e)
		}
	}
	if start == 0 {
		return dst, 0
	}
	return dst, o.slots[start].id
}
