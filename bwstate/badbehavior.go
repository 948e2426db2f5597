package bwstate

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/bwredis/bwredis/resp"
)

// Defaults of [BadBehavior], which are BunkerWeb's.
const (
	DefaultThreshold = 10
	DefaultCountTime = time.Minute
	DefaultBanTime   = 24 * time.Hour
)

// BadBehavior says when bad requests lead to a ban, as BunkerWeb's plugin of that name does.
type BadBehavior struct {
	Service   string        // server name of the site; counted globally when Scope is GlobalScope, or when it is "" or "_"
	Scope     Scope         // what is counted and banned; "": ServiceScope, BunkerWeb's default
	Threshold int           // bad requests that lead to a ban; 0: DefaultThreshold
	CountTime time.Duration // how long a count lives after its last change, in whole seconds; 0: DefaultCountTime
	BanTime   time.Duration // how long the ban lasts, in whole seconds; 0: DefaultBanTime
	Permanent bool          // the ban lasts for ever; BanTime is not used
}

var (
	increaseScript = newScript("increase.lua", increaseTwin)
	decreaseScript = newScript("decrease.lua", decreaseTwin)
)

// IncreaseBadBehavior counts one bad request of ip, and bans ip when the count has reached the threshold. It returns the count and whether there now is a ban.
//
// The count, its lifetime and the ban are written in one step, with BunkerWeb's own semantics: every request beyond the threshold renews the ban, and
// overwrites a ban that somebody else set.
func (s *State) IncreaseBadBehavior(ctx context.Context, ip netip.Addr, b BadBehavior) (count int64, banned bool, err error) {
	b, err = b.withDefaults(ip)
	if err != nil {
		return 0, false, err
	}
	keys := []string{badBehaviorKey(b.Scope, b.Service, ip), banKey(b.Scope, b.Service, ip)}
	count, err = s.eval(ctx, increaseScript, keys, seconds(b.CountTime), int64(b.Threshold), seconds(b.BanTime))
	return count, err == nil && count >= int64(b.Threshold), err
}

// DecreaseBadBehavior takes one bad request of ip back, as nodes do when a count has lived for CountTime. It returns the count, which is negative
// when there was nothing to take back.
func (s *State) DecreaseBadBehavior(ctx context.Context, ip netip.Addr, b BadBehavior) (count int64, err error) {
	b, err = b.withDefaults(ip)
	if err != nil {
		return 0, err
	}
	return s.eval(ctx, decreaseScript, []string{badBehaviorKey(b.Scope, b.Service, ip)}, seconds(b.CountTime))
}

// withDefaults returns what is in force. BanTime is 0 then when the ban is permanent, as the script wants it.
func (b BadBehavior) withDefaults(ip netip.Addr) (BadBehavior, error) {
	if err := checkAddr(ip); err != nil {
		return b, err
	}
	if b.Threshold == 0 {
		b.Threshold = DefaultThreshold
	}
	if b.CountTime == 0 {
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
	if b.Threshold < 0 {
		return b, &ArgumentError{Name: "Threshold", Problem: "is negative: " + strconv.Itoa(b.Threshold)}
	}
	if err := checkTTL("CountTime", b.CountTime); err != nil {
		return b, err
	}
	if !b.Permanent {
		if err := checkTTL("BanTime", b.BanTime); err != nil {
			return b, err
		}
	}
	return b, checkScope(b.Scope, b.Service)
}

// increaseTwin is lua/increase.lua.
func increaseTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	count := call("INCR", keys[0])
	if count.Err() != nil {
		return appendValue(dst, count)
	}
	if expired := call("EXPIRE", keys[0], argv[0]); expired.Err() != nil {
		return appendValue(dst, expired)
	}
	n, _ := count.Int()
	threshold, _ := strconv.ParseInt(argv[1], 10, 64)
	if n >= threshold {
		ban := []string{"SET", keys[1], badBehaviorReason}
		if argv[2] != "0" {
			ban = append(ban, "EX", argv[2])
		}
		if set := call(ban...); set.Err() != nil {
			return appendValue(dst, set)
		}
	}
	return appendValue(dst, count)
}

// decreaseTwin is lua/decrease.lua.
func decreaseTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	count := call("DECR", keys[0])
	if count.Err() != nil {
		return appendValue(dst, count)
	}
	if expired := call("EXPIRE", keys[0], argv[0]); expired.Err() != nil {
		return appendValue(dst, expired)
	}
	if n, _ := count.Int(); n <= 0 {
		call("DEL", keys[0])
	}
	return appendValue(dst, count)
}

// appendValue appends the integer or the error that a twin's command returned.
func appendValue(dst []byte, v resp.Value) []byte {
	if e, ok := v.Err().(*resp.Error); ok {
		return resp.AppendError(dst, e.Message)
	}
	n, err := v.Int()
	if err != nil {
		return resp.AppendError(dst, fmt.Sprintf("ERR %v", err))
	}
	return resp.AppendInt(dst, n)
}
