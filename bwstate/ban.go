package bwstate

import (
	"context"
	"encoding/json"
	"net/netip"
	"time"

	"github.com/bwredis/bwredis/resp"
)

// Scope says where a ban or a count holds.
type Scope string

// The scopes, as BunkerWeb writes them.
const (
	GlobalScope  Scope = "global"  // on every site
	ServiceScope Scope = "service" // on one site
)

// badBehaviorReason is what the counter's script writes in the place of a whole ban.
const badBehaviorReason = "bad behavior"

// A Ban keeps one address out.
type Ban struct {
	IP      netip.Addr
	Scope   Scope  // "": GlobalScope
	Service string // for ServiceScope the server name; for GlobalScope who or what banned, "unknown" when that was not said
	Reason  string
	Date    time.Time // of the ban, in seconds; zero when the store does not say. AddBan puts the present for zero
	Country string    // ISO code, "local" or "unknown"; AddBan puts "unknown" for ""
	// Data is what led to the ban, as JSON; for bad behaviour an array of requests. AddBan puts {} for nil.
	Data      json.RawMessage
	Permanent bool
	Remaining time.Duration // until the ban ends; 0 when it is permanent. AddBan rounds it up to a second
}

// AddBan writes a ban, and overwrites one that is there. Nodes act on it with the next request. Bytes of its texts that are not UTF-8 become U+FFFD, because one such byte
// keeps some readers from all bans; so would Data that some reader cannot read, which is refused: nested deeper than a hundred values, with numbers that no float64 holds,
// with halves of surrogate pairs, not UTF-8. A ban takes two mebibytes at the most.
func (s *State) AddBan(ctx context.Context, b Ban) error {
	write, err := newBanWrite(b)
	if err != nil {
		return err
	}
	op := newAdhoc()
	defer op.recycle()
	if err := s.run(ctx, &op.q, write); err != nil {
		return err
	}
	return write.refused
}

// A banWrite writes a ban that was checked.
type banWrite struct {
	key     string
	value   []byte
	seconds int64 // 0: for ever
	refused error
}

func newBanWrite(b Ban) (*banWrite, error) {
	b, err := b.withDefaults(time.Now())
	if err != nil {
		return nil, err
	}
	op := &banWrite{key: banKey(b.Scope, b.Service, b.IP), value: b.encode()}
	if !b.Permanent {
		op.seconds = seconds(b.Remaining)
	}
	return op, checkBanValue(op.value)
}

func (op *banWrite) add(q *resp.Request) {
	q.Cmd("SET").Str(op.key).Bytes(op.value)
	if op.seconds != 0 {
		q.Str("EX").Int(op.seconds)
	}
}

func (op *banWrite) reads() bool { return false }

func (op *banWrite) result(bool) (struct{}, error) { return struct{}{}, op.refused }

func (op *banWrite) HandleReply(_ int, r *resp.Reply) error {
	op.refused = r.Err()
	return nil
}

// withDefaults returns the ban as it will be written.
func (b Ban) withDefaults(now time.Time) (Ban, error) {
	if b.Scope == "" {
		b.Scope = GlobalScope
	}
	if b.Service == "" && b.Scope == GlobalScope {
		b.Service = "unknown"
	}
	if b.Country == "" {
		b.Country = "unknown"
	}
	if b.Date.IsZero() {
		b.Date = now
	}
	if err := checkAddr(b.IP); err != nil {
		return b, err
	}
	if err := checkScope(b.Scope, b.Service); err != nil {
		return b, err
	}
	if err := checkReasonData(b.Data); err != nil {
		return b, err
	}
	if sec := b.Date.Unix(); sec < 0 || sec > maxDate {
		return b, &ArgumentError{Name: "Date", Problem: "is not between the years 1970 and 9999"}
	}
	if b.Permanent {
		return b, nil
	}
	return b, checkTTL("Remaining", b.Remaining)
}

// Banned looks for a ban of ip on a service, and then for a global one; the first that is there is returned. With an empty service it looks for the global one
// only.
//
// A key of another type than a string is reported as the server's WRONGTYPE error, unless the other key holds a ban.
func (s *State) Banned(ctx context.Context, ip netip.Addr, service string) (Ban, bool, error) {
	c, err := s.CheckBan(ctx, ip, BanLookup{Service: service})
	return c.Ban, c.Banned, err
}

// Unban lifts the ban of ip on a service, or the global one when service is empty, together with the count of bad requests that would otherwise ban again with
// the next one. It returns whether there was a ban. [State.UnbanEverywhere] lifts all of an address.
//
// A node keeps a ban that it set itself in its own memory until it ends or the node's API is told: see package bwstate/nodeapi.
func (s *State) Unban(ctx context.Context, ip netip.Addr, service string) (lifted bool, err error) {
	op, err := newUnban(ip, service)
	if err != nil {
		return false, err
	}
	a := newAdhoc()
	defer a.recycle()
	if err := s.run(ctx, &a.q, &op); err != nil {
		return false, err
	}
	return op.result(false)
}

// An unban lifts one ban.
type unban struct {
	scope   Scope
	service string
	ip      netip.Addr
	lifted  bool
	refused error // the first refusal
}

func newUnban(ip netip.Addr, service string) (unban, error) {
	op := unban{scope: GlobalScope, service: service, ip: ip}
	if service != "" {
		op.scope = ServiceScope
	}
	if err := checkAddr(ip); err != nil {
		return op, err
	}
	return op, checkScope(op.scope, service)
}

// add lets the count go first: a request that is counted between the two cannot bring the ban back.
func (op *unban) add(q *resp.Request) {
	q.Cmd("DEL").Str(badBehaviorKey(op.scope, op.service, op.ip))
	q.Cmd("DEL").Str(banKey(op.scope, op.service, op.ip))
}

func (op *unban) reads() bool { return false }

func (op *unban) HandleReply(i int, r *resp.Reply) error {
	if i == 0 {
		op.lifted, op.refused = false, nil
	}
	n := r.Int()
	if err := r.Err(); err != nil {
		if op.refused == nil {
			op.refused = err
		}
		return nil
	}
	op.lifted = i == 1 && n > 0
	return nil
}

func (op *unban) result(bool) (bool, error) {
	if op.refused != nil {
		return false, op.refused
	}
	return op.lifted, nil
}
