package main

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bwstate"
)

const service = "www.example.com"

var (
	visitor     = netip.AddrFrom4([4]byte{10, 100, 1, 100})
	perMinute   = bwstate.Rate{Limit: 10, Window: time.Minute}
	plenty      = bwstate.Rate{Limit: 1_000_000_000_000, Window: 24 * time.Hour}
	sessionData = strings.Repeat("s", 400)
	clock       = time.Now().UTC().Truncate(time.Second) // of limits: it stands still, so that the same bytes are sent again, and as many on every machine
)

var errResult = errors.New("the result is wrong")

// An asked is an operation of package bwstate. prepare makes one of it, whose call fails when its result is wrong. token is that of a session that is stored.
type asked struct {
	name, title string
	prepare     func(state *bwstate.State, token string) (call func(ctx context.Context) error, err error)
}

var askedOfState = []asked{
	{"ban", "is the address banned: it is not", checkBan},
	{"path-limit", "count a request of a client for a path", limitPath},
	{"service-limit", "count a request for a service", limitService},
	{"quota", "take one out of a quota", takeQuota},
	{"bad-behavior", "count a bad request", countBad},
	{"app-session", "load an application's session of 400 bytes", loadSession},
	{"waf", "ban, path limit and session of one request", runBatch},
}

// checked is nil for what went well and is right.
func checked(right bool, err error) error {
	if err == nil && !right {
		err = errResult
	}
	return err
}

func checkBan(state *bwstate.State, _ string) (func(context.Context) error, error) {
	where := bwstate.BanLookup{Service: service}
	return func(ctx context.Context) error {
		c, err := state.CheckBan(ctx, visitor, where)
		return checked(!c.Banned, err)
	}, nil
}

func limitsOf(state *bwstate.State) (*bwstate.Limits, error) {
	return state.Limits(bwstate.LimitsConfig{Now: func() time.Time { return clock }})
}

var pathLimit = bwstate.PathLimit{Rate: perMinute, Service: service, IP: visitor, Path: "/login"}

func limitPath(state *bwstate.State, _ string) (func(context.Context) error, error) {
	limits, err := limitsOf(state)
	return func(ctx context.Context) error {
		r, err := limits.Path(ctx, pathLimit)
		return checked(r.Limit == perMinute.Limit && r.Count > 0, err)
	}, err
}

func limitService(state *bwstate.State, _ string) (func(context.Context) error, error) {
	limits, err := limitsOf(state)
	limit := bwstate.ServiceLimit{Rate: plenty, Service: service}
	return func(ctx context.Context) error {
		r, err := limits.Service(ctx, limit)
		return checked(!r.Limited && r.Count > 0, err)
	}, err
}

func takeQuota(state *bwstate.State, _ string) (func(context.Context) error, error) {
	limits, err := limitsOf(state)
	quota := bwstate.Quota{Name: "login", Key: visitor.String(), Rate: perMinute}
	return func(ctx context.Context) error {
		r, err := limits.Quota(ctx, quota)
		return checked(r.Limit == perMinute.Limit && r.ResetAfter > 0, err)
	}, err
}

func countBad(state *bwstate.State, _ string) (func(context.Context) error, error) {
	rule := bwstate.BadBehavior{Service: service, Threshold: 1 << 40}
	return func(ctx context.Context) error {
		r, err := state.IncreaseBadBehavior(ctx, visitor, rule)
		return checked(r.Count > 0 && !r.Banned, err)
	}, nil
}

func loadSession(state *bwstate.State, token string) (func(context.Context) error, error) {
	sessions, err := appSessions(state)
	return func(ctx context.Context) error {
		session, _, err := sessions.Load(ctx, token)
		return checked(string(session.Data) == sessionData, err)
	}, err
}

func appSessions(state *bwstate.State) (*bwstate.AppSessions, error) {
	return state.AppSessions(bwstate.AppSessionConfig{Name: "guard"})
}

// runBatch is the hot path of a firewall: one round trip for each request it sees.
func runBatch(state *bwstate.State, token string) (func(context.Context) error, error) {
	limits, err := limitsOf(state)
	if err != nil {
		return nil, err
	}
	sessions, err := appSessions(state)
	b := state.NewBatch()
	where := bwstate.BanLookup{Service: service}
	return func(ctx context.Context) error {
		b.Reset()
		ban := b.CheckBan(visitor, where)
		rate := b.Limit(limits, pathLimit)
		load := b.LoadAppSession(sessions, token)
		if err := b.Run(ctx); err != nil {
			return err
		}
		check, err := ban.Result()
		if err := checked(!check.Banned, err); err != nil {
			return err
		}
		count, err := rate.Result()
		if err := checked(count.Count > 0, err); err != nil {
			return err
		}
		session, err := load.Result()
		return checked(session != nil && string(session.Data) == sessionData, err)
	}, err
}
