package main

import (
	"context"
	"net"

	"github.com/gomodule/redigo/redis"

	"github.com/bwredis/bwredis/bench/versus"
)

func redigoConn(ctx context.Context, t target) (redis.Conn, error) {
	options := []redis.DialOption{redis.DialContextFunc(func(ctx context.Context, _, _ string) (net.Conn, error) { return t.connect(ctx) })}
	if t.user != "" {
		options = append(options, redis.DialUsername(t.user), redis.DialPassword(t.password))
	}
	return redis.DialContext(ctx, t.network, t.addr, options...)
}

// redigoClient is its pool, from which every call takes a connection.
func redigoClient() client {
	return client{name: "redigo", kind: versus.Peer, open: func(_ context.Context, t target, s shape) (session, error) {
		return redigoSession{&redis.Pool{
			DialContext: func(ctx context.Context) (redis.Conn, error) { return redigoConn(ctx, t) },
			MaxActive:   s.connections(), MaxIdle: s.connections(), Wait: true,
		}}, nil
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

func (s redigoSession) call(j job, _ int) call {
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

func redigoDial(ctx context.Context, t target) (pinger, error) {
	c, err := redigoConn(ctx, t)
	if err != nil {
		return pinger{}, err
	}
	return pinger{ping: func() error { _, err := c.Do("PING"); return err }, close: func() { _ = c.Close() }}, nil
}
