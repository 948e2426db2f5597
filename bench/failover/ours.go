package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bench/sentinels"
	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/resp"
)

// ours is a State, as settings open it.
type ours struct{ *bwstate.State }

func openState(ctx context.Context, addrs []string) (*bwstate.State, error) {
	env := map[string]string{
		"USE_REDIS":             "yes",
		"REDIS_SENTINEL_HOSTS":  strings.Join(addrs, " "),
		"REDIS_SENTINEL_MASTER": sentinels.Master,
	}
	settings, err := bwstate.ParseSettings(func(name string) string { return env[name] })
	if err != nil {
		return nil, err
	}
	return bwstate.Open(ctx, settings)
}

func openOurs(ctx context.Context, addrs []string) (counter, error) {
	s, err := openState(ctx, addrs)
	if err != nil {
		return nil, err
	}
	return ours{s}, nil
}

func (o ours) incr(ctx context.Context, key string) (int64, error) {
	v, err := o.Do(ctx, "INCR", key)
	if err != nil {
		return 0, err
	}
	return v.Int()
}

func (o ours) fate(err error) outcome {
	var reply *resp.Error
	if errors.As(err, &reply) || conn.NotSent(err) {
		return refused
	}
	return unknown
}

func (o ours) close() { _ = o.Close() }

// durable acknowledges only what a replica has.
type durable struct{ ours }

func openDurable(ctx context.Context, addrs []string) (counter, error) {
	s, err := openState(ctx, addrs)
	if err != nil {
		return nil, err
	}
	return durable{ours{s}}, nil
}

// replicationTimeout is how long WAIT waits for the replica.
const replicationTimeout = 100 * time.Millisecond

var errNotReplicated = errors.New("no replica has it")

// incr is INCR and WAIT on the same connection, for WAIT waits for what its own connection has written.
func (d durable) incr(ctx context.Context, key string) (value int64, err error) {
	var replicas int64
	err = d.Pool().With(ctx, func(c *conn.Conn) error {
		var q resp.Request
		q.Cmd("INCR").Str(key)
		q.Cmd("WAIT").Int(1).Int(replicationTimeout.Milliseconds())
		return c.RoundTrip(ctx, &q, resp.HandlerFunc(func(i int, r *resp.Reply) error {
			if i == 0 {
				value = r.Int()
			} else {
				replicas = r.Int()
			}
			return r.Err()
		}))
	})
	if err == nil && replicas == 0 {
		err = errNotReplicated
	}
	return value, err
}

func (d durable) fate(err error) outcome {
	if errors.Is(err, errNotReplicated) {
		return unpromised
	}
	return d.ours.fate(err)
}
