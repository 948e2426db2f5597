package conformance

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

// everythingTests hold for all operations.
var everythingTests = []test{
	{"a context that has ended", endedContext},
	{"keys of others stay as they are", foreignKeys},
	{"callers at the same time get what is theirs", manyCallers},
}

// An operation is one call of each method that reaches the store, and succeeds.
type operation struct {
	name string
	call func(ctx context.Context, s *bwstate.State) error
}

// operations write, change and remove what belongs to one client and one session.
func operations(f *fixture) []operation {
	type state = *bwstate.State
	ss, id := f.sessions("s"), bwstate.NewSessionID()
	b := bwstate.BadBehavior{Service: site, Threshold: 2, WhenAway: bwstate.LocalWhenAway}
	durable := f.state.WaitReplicas(1, time.Millisecond)
	own, ownSession := f.appSessions(bwstate.AppSessionConfig{}), &bwstate.AppSession{AppSessionInfo: bwstate.AppSessionInfo{Version: 1}}
	return append(slices.Concat(
		appOperations(own, ownSession), visitorOperations(f), cacheOperations(f), limitOperations(f), reportOperations(f), metricsOperations(f), countersOperations(f),
	), []operation{
		{"Ping", func(ctx context.Context, s state) error { return s.Ping(ctx) }},
		{"Server", func(ctx context.Context, s state) error { return second(s.Server(ctx)) }},
		{"Do", func(ctx context.Context, s state) error { return second(s.Do(ctx, "SET", "k", "v")) }},
		{"AddBan", func(ctx context.Context, s state) error {
			return s.AddBan(ctx, bwstate.Ban{IP: client, Permanent: true})
		}},
		{"Banned", func(ctx context.Context, s state) error { return third(s.Banned(ctx, client, site)) }},
		{"IncreaseBadBehavior", func(ctx context.Context, s state) error { return second(s.IncreaseBadBehavior(ctx, client, b)) }},
		{"DecreaseBadBehavior", func(ctx context.Context, s state) error { return second(s.DecreaseBadBehavior(ctx, client, b)) }},
		{"CheckBan", func(ctx context.Context, s state) error {
			return second(s.CheckBan(ctx, client, bwstate.BanLookup{Service: site, WhenAway: bwstate.LocalWhenAway}))
		}},
		{"CheckBans", func(ctx context.Context, s state) error {
			return second(s.CheckBans(ctx, nil, []netip.Addr{client, otherClient}, bwstate.BanLookup{WhenAway: bwstate.LocalWhenAway}))
		}},
		{"IncreaseBadBehaviors", func(ctx context.Context, s state) error {
			return second(s.IncreaseBadBehaviors(ctx, []bwstate.BadRequest{{IP: client, Rule: b}}))
		}},
		{"DecreaseBadBehaviors", func(ctx context.Context, s state) error {
			return second(s.DecreaseBadBehaviors(ctx, []bwstate.BadRequest{{IP: client, Rule: b}}))
		}},
		{"Bans", func(ctx context.Context, s state) error {
			for b, err := range s.Bans(ctx, bwstate.BanFilter{Service: otherSite}) {
				if err != nil && !b.IP.IsValid() {
					return err
				}
			}
			return nil
		}},
		{"UnbanEverywhere", func(ctx context.Context, s state) error {
			return second(s.UnbanEverywhere(ctx, client, bwstate.Everywhere{}))
		}},
		{"Unban", func(ctx context.Context, s state) error { return second(s.Unban(ctx, client, "")) }},
		{"Save", func(ctx context.Context, _ state) error { return ss.Save(ctx, id, []byte("x"), time.Hour) }},
		{"Load", func(ctx context.Context, _ state) error { return third(ss.Load(ctx, id)) }},
		{"TTL", func(ctx context.Context, _ state) error { return third(ss.TTL(ctx, id)) }},
		{"Delete", func(ctx context.Context, _ state) error { return second(ss.Delete(ctx, id)) }},
		{"Durable.Do", func(ctx context.Context, _ state) error { return third(durable.Do(ctx, "SET", "k", "v")) }},
		{"Durable.AddBan", func(ctx context.Context, _ state) error {
			return second(durable.AddBan(ctx, bwstate.Ban{IP: client, Permanent: true}))
		}},
		{"Durable.Unban", func(ctx context.Context, _ state) error { return third(durable.Unban(ctx, client, "")) }},
		{"Durable.SaveSession", func(ctx context.Context, _ state) error {
			return second(durable.SaveSession(ctx, ss, id, []byte("x"), time.Hour))
		}},
		{"Durable.CreateAppSession", func(ctx context.Context, _ state) error {
			return third(durable.CreateAppSession(ctx, own, "alice", []byte("x")))
		}},
		{"Durable.RevokeAllAppSessions", func(ctx context.Context, _ state) error {
			return third(durable.RevokeAllAppSessions(ctx, own, "alice"))
		}},
		{"Durable.DeleteSession", func(ctx context.Context, _ state) error { return third(durable.DeleteSession(ctx, ss, id)) }},
	}...)
}

func second[A any](_ A, err error) error        { return err }
func third[A, B any](_ A, _ B, err error) error { return err }

func endedContext(f *fixture) {
	canceled, cancel := context.WithCancel(f.ctx)
	cancel()
	late, cancel := context.WithDeadline(f.ctx, time.Now().Add(-time.Second))
	defer cancel()
	for _, op := range operations(f) {
		require.ErrorIs(f, op.call(canceled, f.state), context.Canceled, op.name)
		require.ErrorIs(f, op.call(late, f.state), context.DeadlineExceeded, op.name)
	}
	f.requireKeys(nil)
	require.NoError(f, f.state.Ping(f.ctx))
}

func foreignKeys(f *fixture) {
	others := map[string]record{}
	for _, key := range []string{
		"bunkerweb_ui_session:x", "LIMITS:LIMITER/bwapi-rl-/x", "requests:facet:other", "bwredis:reports:other", "metrics:errors_counter_404:0", "rdns_203.0.113.7",
		"dns_b.example", "bwredis:cache:other:a", "bwredis:lease:other:a",
		"plugin_limit_www.example.com203.0.113.7/", "bans_ip203.0.113.7", "bans_ip_203.0.113.70", "sessions_:t:x", "sessions_s:x",
		"bwredis:session:other:x", "bwredis:session:app:x", "bwredis:subject:app:x", "bwredis:revoked:app:x",
		"bwredis:count:operations:n:x", "bwredis:count:operations:once:x", "metrics:q_counter_a:0",
	} {
		f.do("SET", key, "of "+key)
		others[key] = record{"string", -1, "of " + key}
	}
	for _, op := range operations(f) {
		require.NoError(f, op.call(f.ctx, f.state), op.name)
	}
	f.do("DEL", "k", markKey("alice"), markKey("bob"))
	for _, key := range f.keys() {
		_, other := others[key]
		for _, left := range []string{
			"sessions_:sid:", // a session that was replaced has ten seconds left
			"bwredis:count:operations:", "requests", "bwredis:reports:",
		} {
			if !other && strings.HasPrefix(key, left) {
				f.do("DEL", key)
			}
		}
	}
	f.requireKeys(others)
}

// manyCallers share the State. Some of them leave before they have an answer, and nobody may get it in their place.
func manyCallers(f *fixture) {
	const callers, rounds = 16, 20
	ss := f.sessions("s")
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for round := range rounds {
				if round%4 == 3 {
					leaveEarly(f, ss, time.Duration(i*20)*time.Microsecond)
				} else if problem := ownRound(f, ss, i, round); problem != "" {
					f.Error(problem)
					return
				}
			}
		})
	}
	wg.Wait()
}

// leaveEarly asks for something and hardly waits for it.
func leaveEarly(f *fixture, ss *bwstate.Sessions, patience time.Duration) {
	ctx, cancel := context.WithTimeout(f.ctx, patience)
	defer cancel()
	_, _ = f.state.Do(ctx, "ECHO", "of somebody who left")
	_, _, _ = f.state.Banned(ctx, client, site)
	_, _, _ = ss.Load(ctx, bwstate.NewSessionID())
}

// ownRound writes what nobody else does, reads it back, and returns what is wrong with it.
func ownRound(f *fixture, ss *bwstate.Sessions, caller, round int) string {
	own := fmt.Sprintf("caller %d, round %d %s", caller, round, strings.Repeat("x", 100*caller))
	id, ip := bwstate.NewSessionID(), netip.AddrFrom4([4]byte{10, 0, byte(caller), byte(round)})
	if err := ss.Save(f.ctx, id, []byte(own), time.Hour); err != nil {
		return err.Error()
	}
	if err := f.state.AddBan(f.ctx, bwstate.Ban{IP: ip, Reason: own, Remaining: time.Hour}); err != nil {
		return err.Error()
	}
	data, found, err := ss.Load(f.ctx, id)
	if string(data) != own || !found || err != nil {
		return fmt.Sprintf("%s: session %.40q %t %v", own, data, found, err)
	}
	ban, banned, err := f.state.Banned(f.ctx, ip, site)
	if ban.Reason != own || ban.IP != ip || !banned || err != nil {
		return fmt.Sprintf("%s: ban %.40q of %v %t %v", own, ban.Reason, ban.IP, banned, err)
	}
	count, err := f.state.IncreaseBadBehavior(f.ctx, ip, bwstate.BadBehavior{})
	if count.Count != 1 || err != nil {
		return fmt.Sprintf("%s: count %d %v", own, count.Count, err)
	}
	echo, err := f.state.Do(f.ctx, "ECHO", own)
	if text, _ := echo.Text(); text != own || err != nil {
		return fmt.Sprintf("%s: echo %.40q %v", own, text, err)
	}
	return ""
}
