package main

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/dial"
)

// openGoRedis has its pipelines on the connections of other commands, so that there are not more.
func openGoRedis(_ context.Context, t dial.Target) (gate, error) {
	options := t.GoRedis()
	options.PoolSize, options.PipelinePoolSize = guardedConnections, -1
	c := redis.NewClient(options)
	return goredisGate{c, c}, nil
}

func openGoRedisAuto(_ context.Context, t dial.Target) (gate, error) {
	return goredisPipelined(t, false)
}

func openGoRedisDuplex(_ context.Context, t dial.Target) (gate, error) {
	return goredisPipelined(t, true)
}

func goredisPipelined(t dial.Target, fullDuplex bool) (gate, error) {
	c, pipeliner, err := t.GoRedisPipelined(fullDuplex, guardedConnections)
	return goredisGate{c, pipeliner}, err
}

type goredisGate struct {
	client   *redis.Client
	commands redis.Cmdable
}

func (g goredisGate) close() { _ = g.client.Close() }

func (g goredisGate) awaited(v visitor) crowd.Call {
	keys := []string{v.counter}
	return func(ctx context.Context) (int, error) {
		session, err := g.commands.Get(ctx, v.session).Result()
		if err != nil {
			return 0, err
		}
		count, err := g.commands.EvalSha(ctx, counterScript.SHA(), keys, countTime).Int64()
		if err != nil {
			return 0, err
		}
		banned, err := goredisFound(g.commands.Get(ctx, v.ban))
		if err != nil {
			return 0, err
		}
		ttl, err := g.commands.PTTL(ctx, v.ban).Result()
		return v.mark(session, count, banned, int64(ttl)), err
	}
}

func goredisFound(cmd *redis.StringCmd) (bool, error) {
	if err := cmd.Err(); errors.Is(err, redis.Nil) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	return true, nil
}

func (g goredisGate) batched(v visitor) crowd.Call {
	keys := []string{v.counter}
	return func(ctx context.Context) (int, error) {
		p := g.commands.Pipeline()
		session := p.Get(ctx, v.session)
		count := p.EvalSha(ctx, counterScript.SHA(), keys, countTime)
		ban := p.Get(ctx, v.ban)
		ttl := p.PTTL(ctx, v.ban)
		if _, err := p.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
			return 0, err
		}
		banned, err := goredisFound(ban)
		if err != nil {
			return 0, err
		}
		n, err := count.Int64()
		return v.mark(session.Val(), n, banned, int64(ttl.Val())), err
	}
}
