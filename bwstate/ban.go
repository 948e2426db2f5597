package bwstate

import (
	"context"
	"encoding/json"
	"net/netip"
	"time"
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

// AddBan writes a ban, and overwrites one that is there. Nodes act on it with the next request.
func (s *State) AddBan(ctx context.Context, b Ban) error {
	op := newAdhoc()
	defer op.recycle()
	if err := op.addBan(b); err != nil {
		return err
	}
	return s.roundTrip(ctx, &op.q, nil)
}

func (op *adhoc) addBan(b Ban) error {
	b, err := b.withDefaults(time.Now())
	if err != nil {
		return err
	}
	op.q.Cmd("SET").Str(banKey(b.Scope, b.Service, b.IP)).Bytes(b.encode())
	if !b.Permanent {
		op.q.Str("EX").Int(seconds(b.Remaining))
	}
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
	if err := checkAddr(ip); err != nil {
		return Ban{}, false, err
	}
	op := lookups.Get().(*lookup)
	defer op.recycle()
	if service != "" {
		if err := checkScope(ServiceScope, service); err != nil {
			return Ban{}, false, err
		}
		op.ask(Ban{IP: ip, Scope: ServiceScope, Service: service})
	}
	op.ask(Ban{IP: ip, Scope: GlobalScope})
	op.q.MarkReadOnly()
	if err := s.roundTrip(ctx, &op.q, op); err != nil {
		return Ban{}, false, err
	}
	if op.found {
		return op.ban, true, nil
	}
	return Ban{}, false, op.err
}

// Unban lifts the ban of ip on a service, or the global one when service is empty, together with the count of bad requests that would otherwise ban again with
// the next one. It returns whether there was a ban.
//
// A node keeps a ban that it set itself in its own memory until it ends or the node's API is told.
func (s *State) Unban(ctx context.Context, ip netip.Addr, service string) (lifted bool, err error) {
	op := newAdhoc()
	defer op.recycle()
	if err := op.unban(ip, service); err != nil {
		return false, err
	}
	n, err := s.integer(ctx, op)
	return n > 0, err
}

func (op *adhoc) unban(ip netip.Addr, service string) error {
	scope := GlobalScope
	if service != "" {
		scope = ServiceScope
	}
	if err := checkAddr(ip); err != nil {
		return err
	}
	if err := checkScope(scope, service); err != nil {
		return err
	}
	// The count goes first: a request that is counted between the two cannot bring the ban back.
	op.q.Cmd("DEL").Str(badBehaviorKey(scope, service, ip))
	op.q.Cmd("DEL").Str(banKey(scope, service, ip))
	return nil
}
