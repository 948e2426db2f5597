package localstore

import "math/rand/v2"

// memberOverhead is what a member of a sorted set takes besides its bytes: the node, its places in map and order, and what the allocator
// rounds up.
const memberOverhead = 160

// A sortedSet is a treap: a search tree by score and member that is at the same time a heap by random priorities, and therefore balanced whatever
// comes. Nodes know how many there are below them, so a rank is found, and found by, on one way down.
type sortedSet struct {
	root    *node
	members index[*node]
	order   order[*node] // for ZSCAN
}

// A node is one member.
type node struct {
	member      string
	score       float64
	left, right *node
	id          uint64 // its place in the order
	priority    uint32
	count       uint32 // of nodes in the tree of which this one is the root
}

// A bound is a place between members: before or behind all of a score and member.
type bound struct {
	score  float64
	member string
	rank   boundRank
}

// A boundRank says where in its score a bound is.
type boundRank int8

const (
	beforeScore  boundRank = iota // before every member with that score
	beforeMember                  // before the member itself
	behindScore                   // behind every member with that score
)

// precedes reports whether n is before b.
func (n *node) precedes(b bound) bool {
	switch {
	case n.score != b.score:
		return n.score < b.score
	case b.rank == beforeMember:
		return n.member < b.member
	}
	return b.rank == behindScore
}

func (n *node) size() int { return memberOverhead + len(n.member) }

func (n *node) len() int {
	if n == nil {
		return 0
	}
	return int(n.count)
}

func (n *node) recount() { n.count = uint32(1 + n.left.len() + n.right.len()) }

// split divides a tree into the nodes before b and the others.
func split(n *node, b bound) (before, others *node) {
	switch {
	case n == nil:
		return nil, nil
	case n.precedes(b):
		n.right, others = split(n.right, b)
		n.recount()
		return n, others
	}
	before, n.left = split(n.left, b)
	n.recount()
	return before, n
}

// splitAt divides a tree into the first i nodes and the others.
func splitAt(n *node, i int) (before, others *node) {
	switch {
	case n == nil:
		return nil, nil
	case n.left.len() < i:
		n.right, others = splitAt(n.right, i-n.left.len()-1)
		n.recount()
		return n, others
	}
	before, n.left = splitAt(n.left, i)
	n.recount()
	return before, n
}

// join makes one tree of two, where all of a is before all of b.
func join(a, b *node) *node {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.priority > b.priority:
		a.right = join(a.right, b)
		a.recount()
		return a
	}
	b.left = join(a, b.left)
	b.recount()
	return b
}

func (z *sortedSet) len() int { return z.members.len() }

// add adds a member that is not there.
func (z *sortedSet) add(member string, score float64) {
	n := &node{member: member, score: score, priority: rand.Uint32()}
	n.id = z.order.add(n)
	z.members.put(member, n)
	z.insert(n)
}

func (z *sortedSet) insert(n *node) {
	n.left, n.right, n.count = nil, nil, 1
	before, others := split(z.root, bound{n.score, n.member, beforeMember})
	z.root = join(join(before, n), others)
}

// detach takes n out of the tree.
func (z *sortedSet) detach(n *node) {
	before, others := split(z.root, bound{n.score, n.member, beforeMember})
	_, others = splitAt(others, 1)
	z.root = join(before, others)
}

// setScore moves a member. It keeps its place in the order.
func (z *sortedSet) setScore(n *node, score float64) {
	z.detach(n)
	n.score = score
	z.insert(n)
}

func (z *sortedSet) remove(n *node) {
	z.detach(n)
	z.forget(n)
}

// forget removes what is no longer in the tree.
func (z *sortedSet) forget(n *node) {
	z.members.remove(n.member)
	z.order.remove(n.id)
}

// rank returns how many members are before b.
func (z *sortedSet) rank(b bound) (before int) {
	for n := z.root; n != nil; {
		if n.precedes(b) {
			before += n.left.len() + 1
			n = n.right
		} else {
			n = n.left
		}
	}
	return before
}

// rankOf returns how many members are before n.
func (z *sortedSet) rankOf(n *node) int { return z.rank(bound{n.score, n.member, beforeMember}) }

// slice appends the members of ranks from to to, the latter not included, to dst.
func (z *sortedSet) slice(dst []*node, from, to int) []*node {
	return appendRange(dst, z.root, from, to)
}

func appendRange(dst []*node, n *node, from, to int) []*node {
	if n == nil || from >= to || to <= 0 || from >= n.len() {
		return dst
	}
	i := n.left.len()
	dst = appendRange(dst, n.left, from, min(to, i))
	if from <= i && i < to {
		dst = append(dst, n)
	}
	return appendRange(dst, n.right, max(0, from-i-1), to-i-1)
}

// cut removes members that follow one another, and returns how many bytes they took.
func (z *sortedSet) cut(gone []*node) (freed int) {
	if len(gone) == 0 {
		return 0
	}
	before, others := split(z.root, bound{gone[0].score, gone[0].member, beforeMember})
	_, behind := splitAt(others, len(gone))
	z.root = join(before, behind)
	for _, n := range gone {
		z.forget(n)
		freed += n.size()
	}
	return freed
}
