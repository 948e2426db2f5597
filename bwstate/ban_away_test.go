package bwstate

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/resp"
)

var errDown = errors.New("nobody is there")

// switched is a server that can be away.
type switched struct {
	RoundTripper
	away  bool
	after int // round trips until it is away
}

func (s *switched) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	if s.after > 0 {
		if s.after--; s.after == 0 {
			s.away = true
		}
	}
	if s.away {
		return errDown
	}
	return s.RoundTripper.RoundTrip(ctx, q, h)
}

func switchedState(t *testing.T) (*State, *switched) {
	store := openLocal()
	t.Cleanup(func() { _ = store.Close() })
	rt := &switched{RoundTripper: store.rt}
	s := New(rt)
	t.Cleanup(func() { _ = s.Close() })
	return s, rt
}

func TestBadBehaviorWhileTheServerIsAway(t *testing.T) {
	s, server := switchedState(t)
	rule := BadBehavior{Service: "a", Threshold: 2, BanTime: time.Hour, WhenAway: LocalWhenAway}
	lookup := BanLookup{Service: "a", WhenAway: LocalWhenAway}
	got, err := s.IncreaseBadBehavior(t.Context(), loopback, rule)
	require.NoError(t, err)
	require.Equal(t, BadBehaviorResult{Count: 1}, got)

	server.away = true
	got, err = s.IncreaseBadBehavior(t.Context(), loopback, rule)
	require.NoError(t, err)
	require.Equal(t, BadBehaviorResult{Count: 1, Degraded: true}, got, "counts begin at nothing")
	check, err := s.CheckBan(t.Context(), loopback, lookup)
	require.NoError(t, err)
	require.Equal(t, BanCheck{Degraded: true}, check)
	got, err = s.IncreaseBadBehavior(t.Context(), loopback, rule)
	require.NoError(t, err)
	require.Equal(t, BadBehaviorResult{Count: 2, Reached: true, Banned: true, Degraded: true}, got)
	check, err = s.CheckBan(t.Context(), loopback, lookup)
	require.NoError(t, err)
	require.True(t, check.Banned && check.Degraded)
	require.Equal(t, badBehaviorReason, check.Ban.Reason)
	checks, err := s.CheckBans(t.Context(), nil, []netip.Addr{netip.IPv6Loopback(), loopback}, lookup)
	require.NoError(t, err)
	require.Equal(t, BanCheck{Degraded: true}, checks[0])
	require.True(t, checks[1].Banned && checks[1].Degraded)
	down, err := s.DecreaseBadBehavior(t.Context(), loopback, rule)
	require.NoError(t, err)
	require.Equal(t, BadBehaviorResult{Count: 1, Degraded: true}, down)

	server.away = false
	check, err = s.CheckBan(t.Context(), loopback, lookup)
	require.NoError(t, err)
	require.Zero(t, check, "the server knows nothing of that ban")
	got, err = s.IncreaseBadBehavior(t.Context(), loopback, rule)
	require.NoError(t, err)
	require.EqualValues(t, 2, got.Count)
}

// What lifts a ban, and what was not told to do without the server, does not.
func TestBansFailClosedWhileTheServerIsAway(t *testing.T) {
	s, server := switchedState(t)
	server.away = true
	_, err := s.IncreaseBadBehavior(t.Context(), loopback, BadBehavior{Threshold: 1, WhenAway: LocalWhenAway}) // a ban in the memory
	require.NoError(t, err)
	for name, call := range map[string]func() error{
		"AddBan":              func() error { return s.AddBan(t.Context(), Ban{IP: loopback, Permanent: true}) },
		"Unban":               func() error { _, err := s.Unban(t.Context(), loopback, ""); return err },
		"UnbanEverywhere":     func() error { _, err := s.UnbanEverywhere(t.Context(), loopback, Everywhere{}); return err },
		"Banned":              func() error { _, _, err := s.Banned(t.Context(), loopback, ""); return err },
		"CheckBan":            func() error { _, err := s.CheckBan(t.Context(), loopback, BanLookup{}); return err },
		"CheckBans":           func() error { _, err := s.CheckBans(t.Context(), nil, []netip.Addr{loopback}, BanLookup{}); return err },
		"IncreaseBadBehavior": func() error { _, err := s.IncreaseBadBehavior(t.Context(), loopback, BadBehavior{}); return err },
		"DecreaseBadBehavior": func() error { _, err := s.DecreaseBadBehavior(t.Context(), loopback, BadBehavior{}); return err },
		"Bans": func() error {
			for _, err := range s.Bans(t.Context(), BanFilter{}) {
				return err
			}
			return nil
		},
	} {
		require.ErrorIs(t, call(), errDown, name)
	}
	check, err := s.CheckBan(t.Context(), loopback, BanLookup{WhenAway: LocalWhenAway})
	require.NoError(t, err)
	require.True(t, check.Banned, "it was not lifted")
}

func TestManyBadRequestsWhileTheServerGoesAway(t *testing.T) {
	s, server := switchedState(t)
	requests := make([]BadRequest, maxCounted+3)
	for i := range requests {
		requests[i] = BadRequest{IP: loopback, Rule: BadBehavior{}}
	}
	requests[maxCounted+1].Rule.WhenAway = LocalWhenAway
	server.after = 2
	got, err := s.IncreaseBadBehaviors(t.Context(), requests)
	require.ErrorIs(t, err, errDown)
	require.Len(t, got, len(requests))
	require.Equal(t, BadBehaviorResult{Count: maxCounted, Reached: true, Banned: true}, got[maxCounted-1])
	require.Equal(t, BadBehaviorResult{Err: err}, got[maxCounted])
	require.Equal(t, BadBehaviorResult{Count: 1, Degraded: true}, got[maxCounted+1])
	require.Equal(t, BadBehaviorResult{Err: err}, got[maxCounted+2])

	for i := range requests {
		requests[i].Rule.WhenAway = LocalWhenAway
	}
	got, err = s.IncreaseBadBehaviors(t.Context(), requests)
	require.NoError(t, err)
	require.Equal(t, BadBehaviorResult{Count: maxCounted + 4, Reached: true, Banned: true, Degraded: true}, got[maxCounted+2])
}

// Of several counts whose connection breaks, those whose replies came are known.
func TestManyBadRequestsOfWhichSomeWereAnswered(t *testing.T) {
	s := New(cutOff{replies{"*2\r\n:1\r\n:0\r\n", "-OOM no\r\n"}, errDown})
	requests := make([]BadRequest, 3)
	for i := range requests {
		requests[i].IP = loopback
	}
	got, err := s.IncreaseBadBehaviors(t.Context(), requests)
	require.ErrorIs(t, err, errDown)
	require.Equal(t, BadBehaviorResult{Count: 1}, got[0])
	require.True(t, resp.IsCode(got[1].Err, "OOM"))
	require.Equal(t, BadBehaviorResult{Err: errDown}, got[2])
}

// CheckBans returns what was known before the server went away.
func TestChecksUntilTheServerGoesAway(t *testing.T) {
	s, server := switchedState(t)
	ips := make([]netip.Addr, maxChecked+1)
	for i := range ips {
		ips[i] = loopback
	}
	server.after = 2
	got, err := s.CheckBans(t.Context(), nil, ips, BanLookup{})
	require.ErrorIs(t, err, errDown)
	require.Len(t, got, maxChecked)
}

// What was lifted before an error is said.
func TestUnbanEverywhereUntilTheServerGoesAway(t *testing.T) {
	s, server := switchedState(t)
	require.NoError(t, s.AddBan(t.Context(), Ban{IP: loopback, Permanent: true}))
	require.NoError(t, s.AddBan(t.Context(), Ban{IP: loopback, Scope: ServiceScope, Service: "a", Permanent: true}))
	server.after = 2
	lifted, err := s.UnbanEverywhere(t.Context(), loopback, Everywhere{})
	require.ErrorIs(t, err, errDown)
	require.Equal(t, Lifted{Global: true}, lifted)
	server.away = false
	lifted, err = s.UnbanEverywhere(t.Context(), loopback, Everywhere{})
	require.NoError(t, err)
	require.Equal(t, Lifted{Services: []string{"a"}}, lifted)
}

// What was answered of a step that broke off was lifted, and is said.
func TestUnbanEverywhereInHalfAStep(t *testing.T) {
	for name, frames := range map[string]replies{"lost": {":1\r\n", ":1\r\n", ":0\r\n"}, "nonsense": {":1\r\n", ":1\r\n", ":0\r\n", "*0\r\n"}} {
		lifted, err := New(cutOff{frames, errDown}).UnbanEverywhere(t.Context(), loopback, Everywhere{Services: []string{"a"}, KnownOnly: true})
		require.Error(t, err, name)
		require.Equal(t, Lifted{Global: true, Counts: 1}, lifted, name)
	}
}

// What the server refuses of one key does not keep the others.
func TestUnbanEverywhereIsRefused(t *testing.T) {
	lifted, err := New(replies{"-NOPERM no\r\n", ":1\r\n", ":1\r\n", "-NOPERM neither\r\n"}).UnbanEverywhere(t.Context(), loopback, Everywhere{Services: []string{"a"}, KnownOnly: true})
	require.ErrorContains(t, err, "NOPERM no")
	require.Equal(t, Lifted{Global: true, Counts: 1}, lifted)
	_, err = New(replies{":0\r\n", ":1\r\n", "-NOPERM scan\r\n"}).UnbanEverywhere(t.Context(), loopback, Everywhere{})
	require.ErrorContains(t, err, "NOPERM scan")
	for _, frame := range []string{"+x\r\n", "_\r\n", "*0\r\n"} {
		_, err := New(replies{":0\r\n", frame}).UnbanEverywhere(t.Context(), loopback, Everywhere{KnownOnly: true})
		require.Error(t, err, "%q", frame)
	}
}
