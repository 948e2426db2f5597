package main

import (
	"context"
	"net"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/bwredis/bwredis/bench/versus"
)

// result makes a converter of go-redis or rueidis keep what it returns.
func result[T, R any](convert func(R) (T, error)) func(*T, R) error {
	return func(dst *T, r R) (err error) {
		*dst, err = convert(r)
		return err
	}
}

func goredisLook(dst *int, c *redis.StringCmd) error {
	b, err := c.Bytes()
	*dst = look(b)
	return err
}

func goredisFlat(dst *[]byte, c *redis.StringSliceCmd) error {
	list, err := c.Result()
	*dst = appendAll((*dst)[:0], list)
	return err
}

func appendAll(dst []byte, list []string) []byte {
	for _, s := range list {
		dst = append(dst, s...)
	}
	return dst
}

func goredisGet(p redis.Pipeliner) *redis.StringCmd { return p.Get(context.Background(), key) }

func goredisList(p redis.Pipeliner) *redis.StringSliceCmd {
	return p.LRange(context.Background(), key, 0, -1)
}

func goredisPipeline[T any, C redis.Cmder](j *job[T], queue func(redis.Pipeliner) C, keep func(*T, C) error) versus.Contender {
	return j.peer("go-redis"+pipelined, func(own *job[T]) (pass, func(), error) {
		client := redis.NewClient(&redis.Options{
			Dialer:                   func(context.Context, string, string) (net.Conn, error) { return own.dial(), nil },
			Protocol:                 3,
			PoolSize:                 1,
			MaxRetries:               -1,
			ReadTimeout:              -2, // no deadlines: without them it is faster
			WriteTimeout:             -2,
			MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		})
		pipeline := client.Pipeline()
		queued := make([]C, len(own.kept))
		return func(m int) error {
			for i := range m {
				queued[i] = queue(pipeline)
			}
			if _, err := pipeline.Exec(context.Background()); err != nil {
				return err
			}
			for i := range m {
				if err := keep(&own.kept[i], queued[i]); err != nil {
					return err
				}
			}
			return nil
		}, func() { _ = client.Close() }, nil
	})
}
