package main

import (
	"context"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bwstate"
)

// An operation is something that is asked of the shared state. Every caller asks about somebody else.
type operation struct {
	name, title string
	lua         string // round trips of BunkerWeb's own code: plain, with a password, through Sentinel
	most        int    // allocations there may be; -1: there is no goal
	// ours prepares the operation of one caller. Its mark says whether the result is right.
	ours func(s *site, state *bwstate.State, caller int) (crowd.Call, error)
	// right says whether the replies to the same commands, sent by hand, are.
	right func(s *site, caller int, replies []clients.Reply) bool
	// floor is what cannot be done without, apart from the round trip; nil: nothing.
	floor func(s *site) error
}

// right is the mark of a call whose result is.
const right = 1

func mark(is bool) int {
	if is {
		return right
	}
	return 0
}

const (
	banMiss      = "ban"
	pathLimit    = "path-limit"
	serviceLimit = "service-limit"
	quota        = "quota"
	badBehavior  = "bad-behavior"
	visitorOpen  = "visitor"
	appSession   = "app-session"
	batched      = "waf"
)

func operations() []operation {
	return []operation{
		{banMiss, "is the address banned, on the service or globally: it is not", "4 / 5 / 6", 0, oursBan, rightBan, nil},
		{pathLimit, "count a request of a client for a path", "3 / 4 / 5", 1, oursLimit(pathOf), rightPath, nil},
		{serviceLimit, "count a request for a service", "3 / 4 / 5", 1, oursLimit(serviceOf), rightService, nil},
		{quota, "take one out of a quota", "–", 1, oursLimit(quotaOf), rightQuota, nil},
		{badBehavior, "count a bad request", "3 / 4 / 5", 2, oursBad, rightBad, nil},
		{visitorOpen, "open a visitor's session", "2 / 2 / 5", -1, oursVisitor, rightVisitor, openBare},
		{appSession, "load an application's session", "–", 2, oursSession, rightSession, nil},
		{batched, "ban, path limit and session of one request", "9 / 11 / 16", 4, oursBatch, rightBatch, nil},
	}
}

func oursBan(_ *site, state *bwstate.State, caller int) (crowd.Call, error) {
	ip, where := client(caller), bwstate.BanLookup{Service: service}
	return func(ctx context.Context) (int, error) {
		c, err := state.CheckBan(ctx, ip, where)
		return mark(!c.Banned), err
	}, nil
}

func pathOf(caller int) bwstate.PathLimit {
	return bwstate.PathLimit{Rate: perMinute, Service: service, IP: client(caller), Path: "/login"}
}

// serviceOf is a service for each caller, with a limit that is never reached.
func serviceOf(caller int) bwstate.ServiceLimit {
	return bwstate.ServiceLimit{Rate: plenty, Service: client(caller).String() + "." + service}
}

func quotaOf(caller int) bwstate.Quota {
	return bwstate.Quota{Name: "login", Key: client(caller).String(), Rate: perMinute}
}

// oursLimit counts under a limit of one kind.
func oursLimit[L bwstate.Limit](of func(caller int) L) func(*site, *bwstate.State, int) (crowd.Call, error) {
	return func(s *site, state *bwstate.State, caller int) (crowd.Call, error) {
		limits, err := s.limits(state)
		if err != nil {
			return nil, err
		}
		return limitCall(limits, of(caller)), nil
	}
}

func limitCall(limits *bwstate.Limits, limit bwstate.Limit) crowd.Call {
	switch limit := limit.(type) {
	case bwstate.PathLimit:
		return func(ctx context.Context) (int, error) {
			r, err := limits.Path(ctx, limit)
			return mark(r.Limit == perMinute.Limit && r.Count > 0), err
		}
	case bwstate.ServiceLimit:
		return func(ctx context.Context) (int, error) {
			r, err := limits.Service(ctx, limit)
			return mark(!r.Limited && r.Count > 0), err
		}
	case bwstate.Quota:
		return func(ctx context.Context) (int, error) {
			r, err := limits.Quota(ctx, limit)
			return mark(r.Limit == perMinute.Limit && r.ResetAfter > 0), err
		}
	}
	return nil
}

func oursBad(_ *site, state *bwstate.State, caller int) (crowd.Call, error) {
	ip, rule := client(caller+callersOf64), bwstate.BadBehavior{Service: service, Threshold: 1 << 40}
	return func(ctx context.Context) (int, error) {
		r, err := state.IncreaseBadBehavior(ctx, ip, rule)
		return mark(r.Count > 0 && !r.Banned), err
	}, nil
}

func oursVisitor(s *site, state *bwstate.State, caller int) (crowd.Call, error) {
	sessions, err := state.VisitorSessions(visitorSettings)
	cookie := func(string) string { return s.cookies[caller] }
	return func(ctx context.Context) (int, error) {
		session, err := sessions.Open(ctx, cookie)
		return mark(err == nil && !session.IsNew()), err
	}, err
}

func oursSession(s *site, state *bwstate.State, caller int) (crowd.Call, error) {
	sessions, err := state.AppSessions(sessionConfig)
	token, want := s.tokens[caller], sessionData(caller)
	return func(ctx context.Context) (int, error) {
		session, _, err := sessions.Load(ctx, token)
		return mark(string(session.Data) == want), err
	}, err
}

// oursBatch is the hot path of a firewall: one round trip for each request it sees.
func oursBatch(s *site, state *bwstate.State, caller int) (crowd.Call, error) {
	limits, err := s.limits(state)
	if err != nil {
		return nil, err
	}
	sessions, err := state.AppSessions(sessionConfig)
	b := state.NewBatch()
	ip, token, want := client(caller), s.tokens[caller], sessionData(caller)
	where, limit := bwstate.BanLookup{Service: service}, pathOf(caller)
	return func(ctx context.Context) (int, error) {
		b.Reset()
		ban := b.CheckBan(ip, where)
		rate := b.Limit(limits, limit)
		load := b.LoadAppSession(sessions, token)
		if err := b.Run(ctx); err != nil {
			return 0, err
		}
		check, err := ban.Result()
		if err != nil {
			return 0, err
		}
		count, err := rate.Result()
		if err != nil {
			return 0, err
		}
		session, err := load.Result()
		return mark(!check.Banned && count.Count > 0 && session != nil && string(session.Data) == want), err
	}, err
}
