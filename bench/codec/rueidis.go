package main

import (
	"context"
	"crypto/tls"
	"net"

	"github.com/redis/rueidis"

	"github.com/bwredis/bwredis/bench/versus"
)

func rueidisLook(dst *int, result rueidis.RedisResult) error {
	b, err := result.AsBytes()
	*dst = look(b)
	return err
}

func rueidisFlat(dst *[]byte, result rueidis.RedisResult) error {
	list, err := result.AsStrSlice()
	*dst = appendAll((*dst)[:0], list)
	return err
}

// rueidisDecode builds its command once and for all.
func rueidisDecode[T any](j *job[T], keep func(*T, rueidis.RedisResult) error) versus.Contender {
	return rueidisPipeline(j, keep, func(client rueidis.Client) func() rueidis.Completed {
		pinned := client.B().Get().Key(key).Build().Pin()
		return func() rueidis.Completed { return pinned }
	})
}

func rueidisSet(client rueidis.Client) func() rueidis.Completed {
	return func() rueidis.Completed {
		return client.B().Set().Key(key).Value(rueidis.BinaryString(payload)).Build()
	}
}

// rueidisPipeline leaves AlwaysPipelining off: one caller that sends batches is served better without the goroutines behind it.
func rueidisPipeline[T any](
	j *job[T], keep func(*T, rueidis.RedisResult) error, builder func(rueidis.Client) func() rueidis.Completed,
) versus.Contender {
	return j.peer("rueidis"+pipelined, func(own *job[T]) (pass, func(), error) {
		client, err := rueidis.NewClient(rueidis.ClientOption{
			InitAddress:       []string{"memory:6379"},
			ForceSingleClient: true,
			DisableCache:      true,
			PipelineMultiplex: -1,                        // one connection
			Dialer:            net.Dialer{KeepAlive: -1}, // no pings in between
			DialCtxFn:         func(context.Context, string, *net.Dialer, *tls.Config) (net.Conn, error) { return own.dial(), nil },
		})
		if err != nil {
			return nil, nil, err
		}
		build := builder(client)
		commands := make([]rueidis.Completed, len(own.kept))
		return func(m int) error {
			for i := range m {
				commands[i] = build()
			}
			for i, result := range client.DoMulti(context.Background(), commands[:m]...) {
				if err := keep(&own.kept[i], result); err != nil {
					return err
				}
			}
			return nil
		}, client.Close, nil
	})
}
