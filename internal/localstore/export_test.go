package localstore

import (
	"fmt"
	"slices"
	"strings"
)

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
	return s.db.entries.len()
}

// Check returns how the store breaks its invariants, or nil.
func (s *Store) Check() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := &s.db
	used, volatile, expiring := 0, 0, 0
	for key, e := range k.entries.items {
		used += e.size()
		if err := e.check(); err != nil {
			return fmt.Errorf("%q: %w", key, err)
		}
		if e.key != key || k.order.slots[k.order.find(e.id)].item != e {
			return fmt.Errorf("entry %q is not in its places", key)
		}
		if e.expires() {
			expiring++
			volatile += e.size()
			if k.deadlines[e.heapAt] != e {
				return fmt.Errorf("entry %q is not among the deadlines where it says", key)
			}
		}
	}
	switch {
	case used != k.used || used < 0 || used > k.limit+k.limit/scriptShare:
		return fmt.Errorf("%d bytes counted as used, recounted %d, limit %d", k.used, used, k.limit)
	case volatile != k.volatile:
		return fmt.Errorf("%d bytes counted as volatile, recounted %d", k.volatile, volatile)
	case expiring != len(k.deadlines):
		return fmt.Errorf("%d deadlines for %d entries", len(k.deadlines), expiring)
	case len(k.order.slots)-k.order.gone != k.entries.len():
		return fmt.Errorf("%d slots, %d of them empty, for %d entries", len(k.order.slots), k.order.gone, k.entries.len())
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

// check returns how the value of e breaks its invariants, or nil.
func (e *entry) check() error {
	a := e.agg
	if a == nil {
		return nil
	}
	bytes, n := 0, 0
	var err error
	switch {
	case a.list != nil:
		bytes, n = listOverhead, a.list.len()
		err = a.list.check()
		for i := range n {
			bytes += elementOverhead + len(*a.list.at(i))
		}
	case a.hash != nil:
		bytes, n = hashOverhead, a.hash.len()
		all := a.hash.order.all(nil)
		for _, f := range all {
			bytes += f.size()
			if a.hash.fields.items[f.name] != f || a.hash.order.slots[a.hash.order.find(f.id)].item != f {
				err = fmt.Errorf("field %q is not in its places", f.name)
			}
		}
		if len(all) != n || len(a.hash.order.slots)-a.hash.order.gone != n {
			err = fmt.Errorf("%d fields, in order %d", n, len(all))
		}
	default:
		bytes, n = zsetOverhead, a.zset.len()
		for _, m := range a.zset.members.items {
			bytes += m.size()
		}
		err = a.zset.check()
	}
	switch {
	case err != nil:
		return err
	case n == 0 || e.value != "":
		return fmt.Errorf("holds %d elements and the string %q", n, e.value)
	case bytes != a.bytes:
		return fmt.Errorf("%d bytes counted, recounted %d", a.bytes, bytes)
	}
	return nil
}

// check looks for what elements that went have left behind.
func (l *list) check() error {
	if len(l.ring) > minRing && l.n < len(l.ring)/2 {
		return fmt.Errorf("a ring of %d places for %d elements", len(l.ring), l.n)
	}
	for i := l.n; i < len(l.ring); i++ {
		if *l.at(i) != "" {
			return fmt.Errorf("place %d is not empty", i)
		}
	}
	return nil
}

func (z *sortedSet) check() error {
	all := z.slice(nil, 0, z.len())
	if len(all) != z.len() || z.root.len() != z.len() || len(z.order.slots)-z.order.gone != z.len() {
		return fmt.Errorf("%d members, in the tree %d, in order %d", z.len(), len(all), len(z.order.slots)-z.order.gone)
	}
	for i, n := range all {
		switch {
		case z.members.items[n.member] != n || z.order.slots[z.order.find(n.id)].item != n:
			return fmt.Errorf("member %q is not in its places", n.member)
		case z.rankOf(n) != i:
			return fmt.Errorf("member %q is found at rank %d and has %d", n.member, z.rankOf(n), i)
		case i > 0 && !all[i-1].precedes(bound{n.score, n.member, beforeMember}):
			return fmt.Errorf("member %q comes before %q", all[i-1].member, n.member)
		case n.left.len()+n.right.len()+1 != n.len():
			return fmt.Errorf("member %q counts %d below it", n.member, n.len())
		case n.left != nil && n.left.priority > n.priority, n.right != nil && n.right.priority > n.priority:
			return fmt.Errorf("member %q is above one of a higher priority", n.member)
		}
	}
	return nil
}

// Dump returns all that lives, as text.
func (s *Store) Dump() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now().UnixMilli()
	var lines []string
	for key, e := range s.db.entries.items {
		if !e.expires() || now <= e.deadline {
			lines = append(lines, fmt.Sprintf("%q %v %v %d: %s", key, e.kind(), e.expires(), e.deadline, e.dump()))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func (e *entry) dump() (text string) {
	switch e.kind() {
	case aList:
		for i := range e.agg.list.len() {
			text += fmt.Sprintf("%q ", *e.agg.list.at(i))
		}
	case aHash:
		for _, f := range e.agg.hash.order.all(nil) {
			text += fmt.Sprintf("%q=%q ", f.name, f.value)
		}
	case aSortedSet:
		for _, n := range e.agg.zset.slice(nil, 0, e.agg.zset.len()) {
			text += fmt.Sprintf("%q=%v ", n.member, n.score)
		}
	default:
		text = fmt.Sprintf("%q", e.value)
	}
	return text
}
