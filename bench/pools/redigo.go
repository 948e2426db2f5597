package main

import (
	"context"
	"errors"

	"github.com/gomodule/redigo/redis"

	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/dial"
)

func openRedigoGate(_ context.Context, t dial.Target) (gate, error) {
	return redigoGate{t.RedigoPool(guardedConnections)}, nil
}

// A redigoGate takes a connection for every command, or for every pipeline.
type redigoGate struct{ pool *redis.Pool }

func (g redigoGate) close() { _ = g.pool.Close() }

func (g redigoGate) do(command string, args ...any) (any, error) {
	c := g.pool.Get()
	defer c.Close()
	return c.Do(command, args...)
}

func (g redigoGate) awaited(v visitor) crowd.Call {
	return func(context.Context) (int, error) {
		session, err := redis.String(g.do("GET", v.session))
		if err != nil {
			return 0, err
		}
		count, err := redis.Int64(g.do("EVALSHA", counterScript.SHA(), 1, v.counter, countTime))
		if err != nil {
			return 0, err
		}
		banned, err := redigoFound(redis.String(g.do("GET", v.ban)))
		if err != nil {
			return 0, err
		}
		ttl, err := redis.Int64(g.do("PTTL", v.ban))
		return v.mark(session, count, banned, ttl), err
	}
}

func redigoFound(_ string, err error) (bool, error) {
	if errors.Is(err, redis.ErrNil) {
		return false, nil
	}
	return err == nil, err
}

func (g redigoGate) batched(v visitor) crowd.Call {
	return func(context.Context) (int, error) {
		c := g.pool.Get()
		defer c.Close()
		if err := redigoAsk(c, &v); err != nil {
			return 0, err
		}
		session, err := redis.String(c.Receive())
		if err != nil {
			return 0, err
		}
		count, err := redis.Int64(c.Receive())
		if err != nil {
			return 0, err
		}
		banned, err := redigoFound(redis.String(c.Receive()))
		if err != nil {
			return 0, err
		}
		ttl, err := redis.Int64(c.Receive())
		return v.mark(session, count, banned, ttl), err
	}
}

func redigoAsk(c redis.Conn, v *visitor) error {
	return errors.Join(
		c.Send("GET", v.session),
		c.Send("EVALSHA", counterScript.SHA(), 1, v.counter, countTime),
		c.Send("GET", v.ban),
		c.Send("PTTL", v.ban),
		c.Flush(),
	)
}
