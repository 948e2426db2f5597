package localstore

import "fmt"

// Overhead is what an entry costs besides its key and value.
const Overhead = overhead

// PoisonReplies makes every store overwrite replies after their handler.
func PoisonReplies() { poison = true }

// LimitReplies sets how many bytes the replies of one request may take.
func (s *Store) LimitReplies(n int) { s.replyLimit = n }

// Used returns the bytes in use.
func (s *Store) Used() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.db.used
}

// Held returns the number of entries in memory, the dead ones included.
func (s *Store) Held() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.db.entries)
}

// Check returns how the store breaks its invariants, or nil.
func (s *Store) Check() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := &s.db
	used, expiring := 0, 0
	for key, e := range k.entries {
		used += e.size()
		if e.key != key || k.order.slots[k.order.find(e.id)].entry != e {
			return fmt.Errorf("entry %q is not in its places", key)
		}
		if e.expires() {
			expiring++
			if k.deadlines[e.heapAt] != e {
				return fmt.Errorf("entry %q is not among the deadlines where it says", key)
			}
		}
	}
	switch {
	case used != k.used || used < 0 || used > k.limit:
		return fmt.Errorf("%d bytes counted as used, recounted %d, limit %d", k.used, used, k.limit)
	case expiring != len(k.deadlines):
		return fmt.Errorf("%d deadlines for %d entries", len(k.deadlines), expiring)
	case len(k.order.slots)-k.order.gone != len(k.entries):
		return fmt.Errorf("%d slots, %d of them empty, for %d entries", len(k.order.slots), k.order.gone, len(k.entries))
	}
	for i := 1; i < len(k.deadlines); i++ {
		if k.deadlines.Less(i, (i-1)/2) {
			return fmt.Errorf("deadline %d is before its parent", i)
		}
	}
	return nil
}

// Slots returns how many places the scan order takes.
func (s *Store) Slots() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.db.order.slots)
}
