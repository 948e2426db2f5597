package bwstate

import (
	"context"
	"net/netip"
	"slices"
	"sync"

	"github.com/bwredis/bwredis/resp"
)

// maxChecked is how many addresses share a round trip.
const maxChecked = 1000

// CheckBans checks many addresses, a thousand in each round trip, and appends one BanCheck for each to dst, in their order. Where dst has the room, addresses that
// are not banned cost no allocation.
//
// What the server refuses for one address is in its BanCheck alone. When a round trip fails, its error is returned with what was known before: the BanChecks of the
// addresses in front, and no others.
func (s *State) CheckBans(ctx context.Context, dst []BanCheck, ips []netip.Addr, l BanLookup) ([]BanCheck, error) {
	if err := l.check(); err != nil {
		return dst, err
	}
	for _, ip := range ips {
		if err := checkAddr(ip); err != nil {
			return dst, err
		}
	}
	op := manyLookups.Get().(*manyLookup)
	defer op.recycle()
	op.one.service = l.Service
	for chunk := range slices.Chunk(ips, maxChecked) {
		known := len(dst)
		dst = slices.Grow(dst, len(chunk))[:known+len(chunk)]
		op.ips, op.checks = chunk, dst[known:]
		op.q.Reset()
		degraded, err := s.runSomewhere(ctx, l.WhenAway, &op.q, op)
		if err != nil {
			return dst[:known], err
		}
		for i := range op.checks {
			op.checks[i].Degraded = degraded
		}
	}
	return dst, nil
}

// A manyLookup is a lookup of each of several addresses.
type manyLookup struct {
	q      resp.Request
	one    lookup // the one at hand
	ips    []netip.Addr
	checks []BanCheck
}

var manyLookups = sync.Pool{New: func() any { return new(manyLookup) }}

// maxKeptChecks bounds, in bytes, the request of many checks that is kept for later.
const maxKeptChecks = 512 << 10

func (op *manyLookup) recycle() {
	q, value := op.q, op.one.value[:0]
	if len(q.Encoded()) > maxKeptChecks {
		q = resp.Request{}
	}
	q.Reset()
	if cap(value) > maxKeptValue {
		value = nil
	}
	*op = manyLookup{q: q, one: lookup{value: value}}
	manyLookups.Put(op)
}

func (op *manyLookup) add(q *resp.Request) {
	for _, ip := range op.ips {
		op.one.ip = ip
		op.one.add(q)
	}
}

func (op *manyLookup) reads() bool { return true }

func (op *manyLookup) HandleReply(i int, r *resp.Reply) error {
	each := 2
	if op.one.service != "" {
		each = 4
	}
	at := i / each
	op.one.ip = op.ips[at]
	if err := op.one.HandleReply(i%each, r); err != nil {
		return err
	}
	if i%each == each-1 {
		op.checks[at], op.checks[at].Err = op.one.result(false)
	}
	return nil
}
