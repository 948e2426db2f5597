package main

import (
	"context"
	"errors"

	"github.com/gomodule/redigo/redis"

	"github.com/bwredis/bwredis/bench/dial"
)

func openRedigo(_ context.Context, t dial.Target) (asker, error) {
	return redigoAsker{t.RedigoPool(connections)}, nil
}

// A redigoAsker takes a connection for every command, or for every pipeline.
type redigoAsker struct{ pool *redis.Pool }

func (g redigoAsker) close() { _ = g.pool.Close() }

func (g redigoAsker) asking(steps []step) func(context.Context) ([]reply, error) {
	args := make([][]any, len(steps))
	for i, s := range steps {
		for _, arg := range s.args {
			args[i] = append(args[i], arg)
		}
	}
	replies := make([]reply, len(steps))
	if len(steps) == 1 {
		return func(context.Context) ([]reply, error) {
			c := g.pool.Get()
			defer c.Close()
			v, err := c.Do(steps[0].name, args[0]...)
			return replies, redigoRead(&replies[0], v, err)
		}
	}
	return func(context.Context) ([]reply, error) {
		c := g.pool.Get()
		defer c.Close()
		for i, s := range steps {
			if err := c.Send(s.name, args[i]...); err != nil {
				return nil, err
			}
		}
		if err := c.Flush(); err != nil {
			return nil, err
		}
		var failed error
		for i := range steps {
			v, err := c.Receive()
			failed = errors.Join(failed, redigoRead(&replies[i], v, err))
		}
		return replies, failed
	}
}

func redigoRead(r *reply, v any, err error) error {
	if err != nil {
		return err
	}
	r.null = v == nil
	switch v := v.(type) {
	case []byte:
		r.text = string(v)
	case nil:
	default:
		r.ints = addInts(r.ints[:0], v)
	}
	return nil
}
