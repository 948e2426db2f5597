package localstore

import (
	"cmp"
	"slices"
)

// An order lists items by age, so that SCAN and its kin have a cursor which means something while items come and go. Every item gets a
// number when it is created, higher than all before. A scan goes from high numbers to low ones and its cursor is the number it came to: an
// item that exists all the time is met exactly once, and since new items are behind the cursor, a scan always ends.
type order[E comparable] struct {
	slots []slot[E] // ascending by id
	gone  int       // slots without an item
	last  uint64    // the highest id given out; 0 is never one
}

type slot[E comparable] struct {
	id   uint64
	item E // zero: removed
}

// minCompact is how many slots there must be before compacting them is worth the effort.
const minCompact = 64

// add returns the number that item gets.
func (o *order[E]) add(item E) (id uint64) {
	o.last++
	o.slots = append(o.slots, slot[E]{o.last, item})
	return o.last
}

// remove empties the slot of the item with that number. Half of all slots must be empty before they are compacted, so that costs each
// removal a constant.
func (o *order[E]) remove(id uint64) {
	var none E
	o.slots[o.find(id)].item = none
	o.gone++
	if o.gone*2 <= len(o.slots) || len(o.slots) < minCompact {
		return
	}
	left := len(o.slots) - o.gone
	slots := make([]slot[E], 0, left+left/4)
	for _, s := range o.slots {
		if s.item != none {
			slots = append(slots, s)
		}
	}
	o.slots, o.gone = slots, 0
}

// clear forgets all items. Numbers go on, for cursors that are still about.
func (o *order[E]) clear() { o.slots, o.gone = nil, 0 }

// find returns the index of the first slot whose id is not below id.
func (o *order[E]) find(id uint64) int {
	i, _ := slices.BinarySearchFunc(o.slots, id, func(s slot[E], id uint64) int { return cmp.Compare(s.id, id) })
	return i
}

// all appends every item to dst, the oldest first.
func (o *order[E]) all(dst []E) []E {
	var none E
	for _, s := range o.slots {
		if s.item != none {
			dst = append(dst, s.item)
		}
	}
	return dst
}

// page appends the items of at most n slots below cursor to dst; cursor 0 is above all. next is the cursor for the
// following page, 0 when there is none.
func (o *order[E]) page(dst []E, cursor uint64, n int) (_ []E, next uint64) {
	var none E
	end := len(o.slots)
	if cursor != 0 {
		end = o.find(cursor)
	}
	start := max(0, end-n)
	for i := end - 1; i >= start; i-- {
		if item := o.slots[i].item; item != none {
			dst = append(dst, item)
		}
	}
	if start == 0 {
		return dst, 0
	}
	return dst, o.slots[start].id
}
