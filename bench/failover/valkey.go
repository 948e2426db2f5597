package main

import (
	"context"
	"time"

	"github.com/valkey-io/valkey-go"

	"github.com/bwredis/bwredis/bench/sentinels"
)

type valkeyClient struct{ valkey.Client }

func openValkey(ctx context.Context, addrs []string) (counter, error) {
	return valkeyWith(ctx, addrs, 0)
}

// openValkeyRefresh asks the sentinels again and again, as often as openRueidisRefresh.
func openValkeyRefresh(ctx context.Context, addrs []string) (counter, error) {
	return valkeyWith(ctx, addrs, refreshInterval)
}

func valkeyWith(ctx context.Context, addrs []string, refresh time.Duration) (counter, error) {
	c, err := valkey.NewClient(valkey.ClientOption{
		InitAddress:  addrs,
		DisableCache: true,
		Sentinel:     valkey.SentinelOption{MasterSet: sentinels.Master, TopologyRefreshInterval: refresh},
	})
	if err != nil {
		return nil, err
	}
	if err := c.Do(ctx, c.B().Ping().Build()).Error(); err != nil {
		c.Close()
		return nil, err
	}
	return valkeyClient{c}, nil
}

func (c valkeyClient) incr(ctx context.Context, key string) (int64, error) {
	return c.Do(ctx, c.B().Incr().Key(key).Build()).AsInt64()
}

// fate is as that of rueidis: an increment is not sent again.
func (c valkeyClient) fate(err error) outcome {
	_, reply := valkey.IsValkeyErr(err)
	if reply || failedToDial(err) {
		return refused
	}
	return unknown
}

func (c valkeyClient) close() { c.Close() }
