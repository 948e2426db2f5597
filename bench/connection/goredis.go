package main

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/versus"
)

// goredisClient has a connection for each caller.
func goredisClient() client {
	return client{name: "go-redis", kind: versus.Peer, open: func(_ context.Context, t dial.Target, s shape) (session, error) {
		options := t.GoRedis()
		options.PoolSize = s.connections()
		c := redis.NewClient(options)
		return goredisSession{c, c}, nil
	}}
}

// goredisPipelined puts the commands of all callers into batches.
func goredisPipelined(name string, fullDuplex bool) client {
	return client{name: name, kind: versus.Peer, open: func(_ context.Context, t dial.Target, s shape) (session, error) {
		c, pipeliner, err := t.GoRedisPipelined(fullDuplex, s.limit)
		if err != nil {
			return nil, err
		}
		return goredisSession{c, pipeliner}, nil
	}}
}

func goredisAuto() client   { return goredisPipelined("go-redis/autopipe", false) }
func goredisDuplex() client { return goredisPipelined("go-redis/fullduplex", true) }

type goredisSession struct {
	client   *redis.Client
	commands redis.Cmdable
}

func (s goredisSession) close() { _ = s.client.Close() }

func (s goredisSession) call(j job, _ int) crowd.Call {
	switch j.verb {
	case set:
		return func(ctx context.Context) (int, error) {
			ok, err := s.commands.Set(ctx, j.key, j.value, 0).Result()
			return mark(ok), err
		}
	case evalsha:
		keys := []string{j.key}
		return func(ctx context.Context) (int, error) { return s.commands.EvalSha(ctx, j.sha, keys, scriptTTL).Int() }
	case getInto:
		return s.getInto(j)
	case getOwned:
		return func(ctx context.Context) (int, error) {
			b, err := s.commands.Get(ctx, j.key).Bytes()
			return mark(b), err
		}
	}
	return func(ctx context.Context) (int, error) {
		text, err := s.commands.Get(ctx, j.key).Result()
		return mark(text), err
	}
}

// getInto leaves two bytes of room behind the value, which the client asks for to be faster.
func (s goredisSession) getInto(j job) crowd.Call {
	buf := make([]byte, len(j.value)+2)
	return func(ctx context.Context) (int, error) {
		n, err := s.client.GetToBuffer(ctx, j.key, buf).Result()
		return mark(buf[:n]), err
	}
}

func goredisDial(ctx context.Context, t dial.Target) (pinger, error) {
	options := t.GoRedis()
	options.PoolSize = 1
	c := redis.NewClient(options)
	return pinger{ping: func() error { return c.Ping(ctx).Err() }, close: func() { _ = c.Close() }}, nil
}
