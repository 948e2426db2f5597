package main

import (
	"context"

	"github.com/gomodule/redigo/redis"

	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/versus"
)

// redigoClient is its pool, from which every call takes a connection.
func redigoClient() client {
	return client{name: "redigo", kind: versus.Peer, open: func(_ context.Context, t dial.Target, s shape) (session, error) {
		return redigoSession{t.RedigoPool(s.connections())}, nil
	}}
}

type redigoSession struct{ pool *redis.Pool }

func (s redigoSession) close() { _ = s.pool.Close() }

// do needs a context only where there is one that can end.
func (s redigoSession) do(ctx context.Context, command string, args ...any) (any, error) {
	c, err := s.pool.GetContext(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if ctx.Done() == nil {
		return c.Do(command, args...)
	}
	return redis.DoContext(c, ctx, command, args...)
}

func (s redigoSession) call(j job, _ int) crowd.Call {
	switch j.verb {
	case set:
		return func(ctx context.Context) (int, error) {
			ok, err := redis.String(s.do(ctx, "SET", j.key, j.value))
			return mark(ok), err
		}
	case evalsha:
		return func(ctx context.Context) (int, error) {
			return redis.Int(s.do(ctx, "EVALSHA", j.sha, 1, j.key, scriptTTL))
		}
	case getInto:
		return nil
	case getOwned:
		return func(ctx context.Context) (int, error) {
			b, err := redis.Bytes(s.do(ctx, "GET", j.key))
			return mark(b), err
		}
	}
	return func(ctx context.Context) (int, error) {
		text, err := redis.String(s.do(ctx, "GET", j.key))
		return mark(text), err
	}
}

func redigoDial(ctx context.Context, t dial.Target) (pinger, error) {
	c, err := t.Redigo(ctx)
	if err != nil {
		return pinger{}, err
	}
	return pinger{ping: func() error { _, err := c.Do("PING"); return err }, close: func() { _ = c.Close() }}, nil
}
