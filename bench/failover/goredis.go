package main

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"github.com/bwredis/bwredis/bench/sentinels"
)

type goRedis struct{ *redis.Client }

// silent keeps what go-redis logs of a failover out of the document.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// openGoRedis differs from what the client does by itself only in that contexts count.
func openGoRedis(ctx context.Context, addrs []string) (counter, error) {
	redis.SetLogger(silent{})
	c := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: sentinels.Master, SentinelAddrs: addrs, ContextTimeoutEnabled: true})
	if err := c.Ping(ctx).Err(); err != nil {
		_ = c.Close()
		return nil, err
	}
	return goRedis{c}, nil
}

func (c goRedis) incr(ctx context.Context, key string) (int64, error) {
	return c.Incr(ctx, key).Result()
}

// fate: the client sends again by itself, so that of what an error says only a server's own no is certain.
func (c goRedis) fate(err error) outcome {
	var reply redis.Error
	if errors.As(err, &reply) {
		return refused
	}
	return unknown
}

func (c goRedis) close() { _ = c.Close() }
