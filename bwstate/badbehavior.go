package bwstate

import (
	"context"
	"encoding/json"
	"net/netip"
	"strconv"
	"time"
)

// Defaults of [BadBehavior], which are BunkerWeb's.
const (
	DefaultThreshold = 10
	DefaultCountTime = time.Minute
	DefaultBanTime   = 24 * time.Hour
)

// BadBehavior says when bad requests lead to a ban, as BunkerWeb's plugin of that name does. The zero value does it with BunkerWeb's defaults.
type BadBehavior struct {
	Service   string        // server name of the site; counted globally when Scope is GlobalScope, or when it is "" or "_"
	Scope     Scope         // what is counted and banned; "": ServiceScope, BunkerWeb's default
	Threshold int           // bad requests that lead to a ban; 0: DefaultThreshold
	CountTime time.Duration // how long a count lives after its last change, in whole seconds; 0: DefaultCountTime
	BanTime   time.Duration // how long the ban lasts, in whole seconds; 0: DefaultBanTime
	Permanent bool          // the ban lasts for ever, as with BAD_BEHAVIOR_BAN_TIME=0; BanTime is not used
	Forget    bool          // no count outlives its request, as with BAD_BEHAVIOR_COUNT_TIME=0: only a threshold of 1 is ever reached. CountTime is not used

	// Detect counts and bans nobody, as SECURITY_MODE=detect promises. Nodes' own script bans even then.
	Detect bool
	// KeepBan leaves a ban alone that is permanent, or that somebody else wrote: one whose reason is not "bad behavior". It is there, so the client is banned. Nodes, and
	// false, overwrite it.
	KeepBan bool
	// WholeBan writes the ban as JSON with all its fields, as AddBan does, with the present as its date. Otherwise the ban is the bare text "bad behavior", as nodes'
	// script writes it; they put JSON in its place within five seconds, but only for what they counted themselves. Nobody does that here, so BunkerWeb's UI shows
	// such a ban without date and country.
	WholeBan bool
	Country  string          // of a WholeBan: ISO code or "local"; "": "unknown"
	Data     json.RawMessage // of a WholeBan: what led to it, an array of requests; nil: {}. It is sent with each request that is counted

	// WhenAway is FailWhenAway, or LocalWhenAway: while the server is away, this process counts and bans by itself, and only CheckBan and CheckBans of this State
	// with LocalWhenAway see such a ban.
	WhenAway WhenAway
}

// A BadBehaviorResult is what came of one bad request, or of taking one back.
type BadBehaviorResult struct {
	Count    int64
	Reached  bool  // Count has reached the threshold
	Banned   bool  // there now is a ban
	Kept     bool  // it is one that was there before: see KeepBan
	Degraded bool  // the server was away, and this is from the memory of the process
	Err      error // where several were counted at once: why this one was not
}

// IncreaseBadBehavior counts one bad request of ip, and bans ip when the count has reached the threshold.
//
// The count, its lifetime and the ban are written in one step, with BunkerWeb's own semantics: each request lets the count live for CountTime from then on, and every
// request beyond the threshold renews the ban, and overwrites one that somebody else set unless KeepBan says otherwise. When the server refuses a part of it, such as
// a ban when its memory is full, the parts before are done.
func (s *State) IncreaseBadBehavior(ctx context.Context, ip netip.Addr, b BadBehavior) (BadBehaviorResult, error) {
	return s.countBadBehavior(ctx, ip, b, false)
}

// DecreaseBadBehavior takes one bad request of ip back, as nodes do when a count has lived for CountTime. The count is negative when there was nothing to take
// back. A ban stays.
func (s *State) DecreaseBadBehavior(ctx context.Context, ip netip.Addr, b BadBehavior) (BadBehaviorResult, error) {
	return s.countBadBehavior(ctx, ip, b, true)
}

func (s *State) countBadBehavior(ctx context.Context, ip netip.Addr, b BadBehavior, down bool) (BadBehaviorResult, error) {
	op, err := newBadCount(ip, b, down)
	if err != nil {
		return BadBehaviorResult{}, err
	}
	defer op.recycle()
	degraded, err := s.runSomewhere(ctx, b.WhenAway, &op.q, op)
	if err != nil {
		return BadBehaviorResult{Degraded: degraded}, err
	}
	return op.result(degraded)
}

// withDefaults returns what is in force. BanTime is 0 then when the ban is permanent, and CountTime when counts are forgotten, as the scripts want it.
func (b BadBehavior) withDefaults(ip netip.Addr) (BadBehavior, error) {
	if err := checkAddr(ip); err != nil {
		return b, err
	}
	if b.Threshold == 0 {
		b.Threshold = DefaultThreshold
	}
	switch {
	case b.Forget:
		b.CountTime = 0
	case b.CountTime == 0:
		b.CountTime = DefaultCountTime
	}
	switch {
	case b.Permanent:
		b.BanTime = 0
	case b.BanTime == 0:
		b.BanTime = DefaultBanTime
	}
	switch {
	case b.Scope == "":
		b.Scope = ServiceScope
	case b.Scope != GlobalScope && b.Scope != ServiceScope:
		return b, checkScope(b.Scope, b.Service)
	}
	if b.Service == "" || b.Service == defaultService {
		b.Scope = GlobalScope
	}
	return b, b.check()
}

func (b *BadBehavior) check() error {
	if b.Threshold < 0 {
		return &ArgumentError{Name: "Threshold", Problem: "is negative: " + strconv.Itoa(b.Threshold)}
	}
	if !b.Forget {
		if err := checkTTL("CountTime", b.CountTime); err != nil {
			return err
		}
	}
	if !b.Permanent {
		if err := checkTTL("BanTime", b.BanTime); err != nil {
			return err
		}
	}
	if err := checkAway(b.WhenAway); err != nil {
		return err
	}
	if err := checkReasonData(b.Data); err != nil {
		return err
	}
	return checkScope(b.Scope, b.Service)
}

// ban is what a WholeBan is.
func (b *BadBehavior) ban(now time.Time) Ban {
	ban := Ban{
		Scope: b.Scope, Service: b.Service, Reason: badBehaviorReason, Date: now, Country: b.Country, Data: b.Data, Permanent: b.Permanent,
	}
	if ban.Service == "" {
		ban.Service = "unknown"
	}
	if ban.Country == "" {
		ban.Country = "unknown"
	}
	return ban
}
