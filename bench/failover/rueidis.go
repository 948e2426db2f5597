package main

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/redis/rueidis"

	"github.com/bwredis/bwredis/bench/sentinels"
)

type rueidisClient struct{ rueidis.Client }

func openRueidis(ctx context.Context, addrs []string) (counter, error) {
	return rueidisWith(ctx, addrs, 0)
}

// refreshInterval is what the documentation recommends.
const refreshInterval = 5 * time.Second

// openRueidisRefresh asks the sentinels again and again.
func openRueidisRefresh(ctx context.Context, addrs []string) (counter, error) {
	return rueidisWith(ctx, addrs, refreshInterval)
}

func rueidisWith(ctx context.Context, addrs []string, refresh time.Duration) (counter, error) {
	c, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress:  addrs,
		DisableCache: true,
		Sentinel:     rueidis.SentinelOption{MasterSet: sentinels.Master, TopologyRefreshInterval: refresh},
	})
	if err != nil {
		return nil, err
	}
	if err := c.Do(ctx, c.B().Ping().Build()).Error(); err != nil {
		c.Close()
		return nil, err
	}
	return rueidisClient{c}, nil
}

func (c rueidisClient) incr(ctx context.Context, key string) (int64, error) {
	return c.Do(ctx, c.B().Incr().Key(key).Build()).AsInt64()
}

func (c rueidisClient) fate(err error) outcome {
	_, reply := rueidis.IsRedisErr(err)
	if reply || failedToDial(err) {
		return refused
	}
	return unknown
}

// failedToDial is for clients that do not send an increment again: one whose connection was not made was not sent.
func failedToDial(err error) bool {
	var failed *net.OpError
	return errors.As(err, &failed) && failed.Op == "dial"
}

func (c rueidisClient) close() { c.Close() }
