package localstore

import (
	"strconv"

	"github.com/bwredis/bwredis/resp"
)

func zrem(t *turn, args [][]byte) {
	e := t.existing(args[1], aSortedSet, (*turn).zero)
	if e == nil {
		return
	}
	z := e.agg.zset
	removed, freed := 0, 0
	for _, member := range args[2:] {
		if n := memberOf(e, member); n != nil {
			z.remove(n)
			freed += n.size()
			removed++
		}
	}
	t.db.shrink(e, freed, z.len())
	t.count(removed)
}

func zcard(t *turn, args [][]byte) {
	if e := t.existing(args[1], aSortedSet, (*turn).zero); e != nil {
		t.count(e.agg.zset.len())
	}
}

// score appends the score of a member, or null when it is nil.
func (t *turn) score(n *node) {
	if n == nil {
		t.null()
		return
	}
	t.double(n.score)
}

func zscore(t *turn, args [][]byte) {
	if e, ok := t.find(args[1], aSortedSet); ok {
		t.score(memberOf(e, args[2]))
	}
}

func zmscore(t *turn, args [][]byte) {
	e, ok := t.find(args[1], aSortedSet)
	if !ok {
		return
	}
	t.array(len(args) - 2)
	for _, member := range args[2:] {
		t.score(memberOf(e, member))
	}
}

func zrank(t *turn, args [][]byte)    { t.zrank(args, false) }
func zrevrank(t *turn, args [][]byte) { t.zrank(args, true) }

func (t *turn) zrank(args [][]byte, reverse bool) {
	e, ok := t.find(args[1], aSortedSet)
	if !ok {
		return
	}
	n := memberOf(e, args[2])
	switch {
	case n == nil:
		t.null()
	case reverse:
		t.count(e.agg.zset.len() - 1 - e.agg.zset.rankOf(n))
	default:
		t.count(e.agg.zset.rankOf(n))
	}
}

func zpopmin(t *turn, args [][]byte) { t.zpop(args, false) }
func zpopmax(t *turn, args [][]byte) { t.zpop(args, true) }

// zpop is ZPOPMIN and ZPOPMAX: key [count]. With a count the reply is an array of pairs.
func (t *turn) zpop(args [][]byte, highest bool) {
	if len(args) > 3 {
		t.fail(errSyntax)
		return
	}
	nested := len(args) == 3
	count, ok := t.countArgument(args)
	if !ok {
		return
	}
	e, ok := t.find(args[1], aSortedSet)
	switch {
	case !ok:
		return
	case e == nil || count == 0:
		t.array(0)
		return
	}
	z := e.agg.zset
	count = min(count, z.len())
	from := 0
	if highest {
		from = z.len() - count
	}
	gone := t.nodesOf(z, from, from+count)
	if nested {
		t.array(len(gone))
	}
	for i := range gone {
		if highest {
			t.pair(gone[len(gone)-1-i])
		} else {
			t.pair(gone[i])
		}
	}
	t.db.shrink(e, z.cut(gone), z.len())
}

// pair appends a member with its score.
func (t *turn) pair(n *node) {
	t.array(2)
	t.bulk(n.member)
	t.double(n.score)
}

// nodesOf returns the members of ranks from to to, the latter not included, in memory that is used again.
func (t *turn) nodesOf(z *sortedSet, from, to int) []*node {
	clear(t.nodes)
	t.nodes = z.slice(t.nodes[:0], from, to)
	return t.nodes
}

// zscan is ZSCAN key cursor [MATCH pattern] [COUNT n]. Scores are strings, as they are on a server.
func zscan(t *turn, args [][]byte) {
	e, q, ok := t.scanOf(args, aSortedSet)
	if !ok {
		return
	}
	z := e.agg.zset
	next := uint64(0)
	if q.cursor == 0 && z.len() <= smallScan {
		t.nodesOf(z, 0, z.len())
	} else {
		clear(t.nodes)
		t.nodes, next = z.order.page(t.nodes[:0], q.cursor, q.count)
	}
	found := t.nodes[:0]
	for _, n := range t.nodes {
		if q.match == nil || glob(q.match, n.member) {
			found = append(found, n)
		}
	}
	t.array(2)
	t.bulk(strconv.FormatUint(next, 10))
	t.array(2 * len(found))
	for _, n := range found {
		t.bulk(n.member)
		t.out = resp.AppendDouble(t.out, n.score, 2)
	}
}
