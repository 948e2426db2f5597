package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bwredis/bwredis/bench/dial"
)

// openGoRedis has its pipelines on the connections of other commands, so that there are not more.
func openGoRedis(_ context.Context, t dial.Target) (asker, error) {
	options := t.GoRedis()
	options.PoolSize, options.PipelinePoolSize = connections, -1
	c := redis.NewClient(options)
	return goredisAsker{c, c}, nil
}

func openGoRedisAuto(_ context.Context, t dial.Target) (asker, error) {
	return goredisPipelined(t, false)
}

func openGoRedisDuplex(_ context.Context, t dial.Target) (asker, error) {
	return goredisPipelined(t, true)
}

func goredisPipelined(t dial.Target, fullDuplex bool) (asker, error) {
	c, pipeliner, err := t.GoRedisPipelined(fullDuplex, connections)
	return goredisAsker{c, pipeliner}, err
}

type goredisAsker struct {
	client   *redis.Client
	commands redis.Cmdable
}

func (g goredisAsker) close() { _ = g.client.Close() }

func (g goredisAsker) asking(steps []step) func(context.Context) ([]reply, error) {
	issues := make([]func(context.Context, redis.Cmdable) redis.Cmder, len(steps))
	for i, s := range steps {
		issues[i] = goredisIssue(s)
	}
	replies := make([]reply, len(steps))
	if len(steps) == 1 {
		return func(ctx context.Context) ([]reply, error) {
			return replies, goredisRead(&replies[0], issues[0](ctx, g.commands))
		}
	}
	commands := make([]redis.Cmder, len(steps))
	return func(ctx context.Context) ([]reply, error) {
		p := g.commands.Pipeline()
		for i, issue := range issues {
			commands[i] = issue(ctx, p)
		}
		if _, err := p.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
			return nil, err
		}
		for i, cmd := range commands {
			if err := goredisRead(&replies[i], cmd); err != nil {
				return nil, err
			}
		}
		return replies, nil
	}
}

func goredisIssue(s step) func(context.Context, redis.Cmdable) redis.Cmder {
	switch s.name {
	case "GET":
		return func(ctx context.Context, c redis.Cmdable) redis.Cmder { return c.Get(ctx, s.args[0]) }
	case "PTTL":
		return func(ctx context.Context, c redis.Cmdable) redis.Cmder { return c.PTTL(ctx, s.args[0]) }
	case "GETRANGE":
		end, _ := strconv.ParseInt(s.args[2], 10, 64)
		return func(ctx context.Context, c redis.Cmdable) redis.Cmder { return c.GetRange(ctx, s.args[0], 0, end) }
	case "EVALSHA":
		sha, keys, argv := s.script()
		args := make([]any, len(argv))
		for i, arg := range argv {
			args[i] = arg
		}
		return func(ctx context.Context, c redis.Cmdable) redis.Cmder { return c.EvalSha(ctx, sha, keys, args...) }
	}
	return func(context.Context, redis.Cmdable) redis.Cmder { return redis.NewCmdResult(nil, unknown(s)) }
}

func goredisRead(r *reply, cmd redis.Cmder) error {
	err := cmd.Err()
	if r.null = errors.Is(err, redis.Nil); r.null {
		return nil
	}
	if err != nil {
		return err
	}
	switch cmd := cmd.(type) {
	case *redis.StringCmd:
		r.text = cmd.Val()
	case *redis.DurationCmd:
		ms := int64(cmd.Val())
		if ms > 0 {
			ms /= int64(time.Millisecond)
		}
		r.ints = append(r.ints[:0], ms)
	case *redis.Cmd:
		r.ints = addInts(r.ints[:0], cmd.Val())
	}
	return nil
}
