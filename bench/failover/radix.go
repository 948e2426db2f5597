package main

import (
	"context"
	"errors"

	"github.com/mediocregopher/radix/v4"
	"github.com/mediocregopher/radix/v4/resp/resp3"

	"github.com/bwredis/bwredis/bench/sentinels"
)

type radixClient struct{ *radix.Sentinel }

func openRadix(ctx context.Context, addrs []string) (counter, error) {
	c, err := radix.SentinelConfig{}.New(ctx, sentinels.Master, addrs)
	if err != nil {
		return nil, err
	}
	return radixClient{c}, nil
}

func (c radixClient) incr(ctx context.Context, key string) (value int64, err error) {
	err = c.Do(ctx, radix.Cmd(&value, "INCR", key))
	return value, err
}

func (c radixClient) fate(err error) outcome {
	var simple resp3.SimpleError
	var blob resp3.BlobError
	if errors.As(err, &simple) || errors.As(err, &blob) || failedToDial(err) {
		return refused
	}
	return unknown
}

func (c radixClient) close() { _ = c.Close() }
