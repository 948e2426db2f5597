package bwstate

import (
	"context"
	"math"
	"net/netip"
	"sync"
	"time"

	"github.com/bwredis/bwredis/resp"
)

// A BanLookup says where bans are looked for. The zero value looks for global ones, on the server.
type BanLookup struct {
	Service string // bans of this service are looked for first; "": only the global one
	// WhenAway is FailWhenAway, or LocalWhenAway: while the server is away, the bans are those that [State.IncreaseBadBehavior] wrote in this process since, with
	// LocalWhenAway too. Bans that are on the server are not known then.
	WhenAway WhenAway
}

// A BanCheck is what became of one address.
type BanCheck struct {
	Ban      Ban
	Banned   bool
	Degraded bool  // the server was away, and this is from the memory of the process
	Err      error // from [State.CheckBans]: the server's refusal, such as WRONGTYPE, for this address
}

// CheckBan is [State.Banned] with a choice. A check that finds nothing allocates nothing.
func (s *State) CheckBan(ctx context.Context, ip netip.Addr, l BanLookup) (BanCheck, error) {
	op, err := newLookup(ip, l)
	if err != nil {
		return BanCheck{}, err
	}
	defer op.recycle()
	degraded, err := s.runSomewhere(ctx, l.WhenAway, &op.q, op)
	if err != nil {
		return BanCheck{Degraded: degraded}, err
	}
	return op.result(degraded)
}

func newLookup(ip netip.Addr, l BanLookup) (*lookup, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	if err := checkAddr(ip); err != nil {
		return nil, err
	}
	op := lookups.Get().(*lookup)
	op.ip, op.service = ip, l.Service
	return op, nil
}

func (l BanLookup) check() error {
	if err := checkAway(l.WhenAway); err != nil {
		return err
	}
	if l.Service == "" {
		return nil
	}
	return checkScope(ServiceScope, l.Service)
}

// checkAway refuses what counters and bans do not have.
func checkAway(when WhenAway) error {
	if when != FailWhenAway && when != LocalWhenAway {
		return &ArgumentError{Name: "WhenAway", Problem: "is neither FailWhenAway nor LocalWhenAway"}
	}
	return nil
}

// A lookup asks for the ban of an address on a service, and for the global one.
type lookup struct {
	q       resp.Request
	ip      netip.Addr
	service string

	value []byte // of the ban at hand
	state keyState
	found bool
	ban   Ban
	err   error // the first error reply
}

// keyState is what GETRANGE said of a key.
type keyState byte

const (
	absent keyState = iota
	present
	broken
)

var lookups = sync.Pool{New: func() any { return new(lookup) }}

// maxKeptValue bounds, in bytes, the room for a value that is kept for later.
const maxKeptValue = 64 << 10

func (op *lookup) recycle() {
	q, value := op.q, op.value[:0]
	q.Reset()
	if cap(value) > maxKeptValue {
		value = nil
	}
	*op = lookup{q: q, value: value}
	lookups.Put(op)
}

func (op *lookup) add(q *resp.Request) {
	var room [maxBanKey]byte
	if op.service != "" {
		askBan(q, appendBanKey(room[:0], ServiceScope, op.service, op.ip))
	}
	askBan(q, appendBanKey(room[:0], GlobalScope, "", op.ip))
}

func (op *lookup) reads() bool { return true }

// askBan adds the two commands that tell of a ban: its value, or an empty one, and its remaining time in milliseconds, which tells an empty value from none. A value is
// asked for with one byte more than bans have: what is stored may be anybody's, and of any size.
func askBan(q *resp.Request, key []byte) {
	q.Cmd("GETRANGE").Bytes(key).Int(0).Int(maxBanValue)
	q.Cmd("PTTL").Bytes(key)
}

// begin forgets what was found.
func (op *lookup) begin() {
	op.state, op.found, op.err = absent, false, nil
	op.ban = Ban{}
}

// HandleReply takes GETRANGE's reply, then PTTL's, for each key.
func (op *lookup) HandleReply(i int, r *resp.Reply) error {
	if i == 0 {
		op.begin()
	}
	if i%2 == 0 {
		return op.handleValue(r)
	}
	if op.found || op.state != present {
		return nil
	}
	ttl := r.Int()
	if err := r.Err(); err != nil || ttl == noKey { // it ended between the two
		return op.refuse(err)
	}
	op.found = true
	op.ban = Ban{IP: op.ip, Scope: GlobalScope}
	if op.service != "" && i < 2 {
		op.ban.Scope, op.ban.Service = ServiceScope, op.service
	}
	op.ban.decode(op.value)
	op.ban.setTTL(ttl)
	return nil
}

func (op *lookup) handleValue(r *resp.Reply) error {
	if r.Null() {
		op.state = absent
		return nil
	}
	op.state = broken
	op.value = r.AppendTo(op.value[:0])
	if err := r.Err(); err != nil {
		return op.refuse(err)
	}
	op.state = present
	return nil
}

// refuse keeps the server's first refusal, and returns what makes no sense as a reply.
func (op *lookup) refuse(err error) error {
	if _, ok := err.(*resp.Error); !ok {
		return err
	}
	if op.err == nil {
		op.err = err
	}
	return nil
}

func (op *lookup) result(degraded bool) (BanCheck, error) {
	if op.found {
		return BanCheck{Ban: op.ban, Banned: true, Degraded: degraded}, nil
	}
	return BanCheck{Degraded: degraded}, op.err
}

// What PTTL answers in the place of a time (since Redis 2.8).
const (
	noKey    = -2
	noExpiry = -1
)

// setTTL believes the key's lifetime rather than what the value says of it.
func (b *Ban) setTTL(ms int64) {
	b.Permanent = ms == noExpiry
	if !b.Permanent {
		b.Remaining = lifetime(ms)
	}
}

// lifetime is what PTTL says of a key that has an end, as far as a time.Duration can tell. What is in its last millisecond is still there.
func lifetime(ms int64) time.Duration {
	const most = math.MaxInt64 / int64(time.Millisecond)
	return time.Duration(min(max(ms, 1), most)) * time.Millisecond
}
