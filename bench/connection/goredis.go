package main

import (
	"context"
	"net"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/bwredis/bwredis/bench/versus"
)

func goredisOptions(t target) *redis.Options {
	return &redis.Options{
		Network: t.network, Addr: t.addr, Username: t.user, Password: t.password,
		Dialer:                   func(ctx context.Context, _, _ string) (net.Conn, error) { return t.connect(ctx) },
		Protocol:                 3,
		MaxRetries:               -1,
		ReadTimeout:              -2, // no deadlines: without them it is faster
		WriteTimeout:             -2,
		DisableIdentity:          true, // fewer commands when it connects
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

// goredisClient has a connection for each caller.
func goredisClient() client {
	return client{name: "go-redis", kind: versus.Peer, open: func(_ context.Context, t target, s shape) (session, error) {
		options := goredisOptions(t)
		options.PoolSize = s.connections()
		c := redis.NewClient(options)
		return goredisSession{c, c}, nil
	}}
}

// goredisPipelined puts the commands of all callers into batches.
func goredisPipelined(name string, fullDuplex bool) client {
	return client{name: name, kind: versus.Peer, open: func(_ context.Context, t target, s shape) (session, error) {
		options := goredisOptions(t)
		if s.limit > 0 {
			options.PoolSize, options.PipelinePoolSize = 1, s.limit
		}
		c := redis.NewClient(options)
		batching := redis.DefaultBlockingAutoPipelineOptions()
		batching.FullDuplex = fullDuplex
		pipeliner, err := c.AutoPipelineWithOptions(batching)
		if err != nil {
			_ = c.Close()
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

func (s goredisSession) call(j job, _ int) call {
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
func (s goredisSession) getInto(j job) call {
	buf := make([]byte, len(j.value)+2)
	return func(ctx context.Context) (int, error) {
		n, err := s.client.GetToBuffer(ctx, j.key, buf).Result()
		return mark(buf[:n]), err
	}
}

func goredisDial(ctx context.Context, t target) (pinger, error) {
	options := goredisOptions(t)
	options.PoolSize = 1
	c := redis.NewClient(options)
	return pinger{ping: func() error { return c.Ping(ctx).Err() }, close: func() { _ = c.Close() }}, nil
}
