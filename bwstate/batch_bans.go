package bwstate

import "net/netip"

// CheckBan is [State.CheckBan].
func (b *Batch) CheckBan(ip netip.Addr, l BanLookup) Pending[BanCheck] {
	op, err := newLookup(ip, l)
	return pend[BanCheck](b, l.WhenAway, op, err)
}

// AddBan is [State.AddBan].
func (b *Batch) AddBan(ban Ban) Pending[struct{}] {
	op, err := newBanWrite(ban)
	return pend[struct{}](b, FailWhenAway, op, err)
}

// Unban is [State.Unban]. The result is whether there was a ban.
func (b *Batch) Unban(ip netip.Addr, service string) Pending[bool] {
	op, err := newUnban(ip, service)
	return pend[bool](b, FailWhenAway, &op, err)
}

// IncreaseBadBehavior is [State.IncreaseBadBehavior].
func (b *Batch) IncreaseBadBehavior(ip netip.Addr, rule BadBehavior) Pending[BadBehaviorResult] {
	op, err := newBadCount(ip, rule, false)
	return pend[BadBehaviorResult](b, rule.WhenAway, op, err)
}

// DecreaseBadBehavior is [State.DecreaseBadBehavior].
func (b *Batch) DecreaseBadBehavior(ip netip.Addr, rule BadBehavior) Pending[BadBehaviorResult] {
	op, err := newBadCount(ip, rule, true)
	return pend[BadBehaviorResult](b, rule.WhenAway, op, err)
}
