package main

import (
	"context"
	"time"

	"github.com/mediocregopher/radix/v4"

	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/versus"
)

func radixWith(name string, window time.Duration) client {
	return client{name: name, kind: versus.Peer, open: func(ctx context.Context, t dial.Target, s shape) (session, error) {
		config := radix.PoolConfig{Dialer: t.Radix(), Size: s.limit, PingInterval: -1} // Size 0: 4
		config.Dialer.WriteFlushInterval = window
		c, err := config.New(ctx, t.Network, t.Addr)
		return radixSession{c}, err
	}}
}

func radixDefault() client { return radixWith("radix", 0) }
func radixFlush() client   { return radixWith("radix/flush150us", 150*time.Microsecond) }

type radixSession struct{ client radix.Client }

func (s radixSession) close() { _ = s.client.Close() }

func (s radixSession) call(j job, _ int) crowd.Call {
	switch j.verb {
	case set:
		value := string(j.value)
		return func(ctx context.Context) (int, error) {
			var ok string
			err := s.client.Do(ctx, radix.Cmd(&ok, "SET", j.key, value))
			return mark(ok), err
		}
	case evalsha:
		return func(ctx context.Context) (n int, err error) {
			err = s.client.Do(ctx, radix.Cmd(&n, "EVALSHA", j.sha, "1", j.key, scriptTTLText))
			return n, err
		}
	case getInto:
		var buf []byte
		return func(ctx context.Context) (int, error) {
			err := s.client.Do(ctx, radix.Cmd(&buf, "GET", j.key))
			return mark(buf), err
		}
	case getOwned:
		return func(ctx context.Context) (int, error) {
			var b []byte
			err := s.client.Do(ctx, radix.Cmd(&b, "GET", j.key))
			return mark(b), err
		}
	}
	return func(ctx context.Context) (int, error) {
		var text string
		err := s.client.Do(ctx, radix.Cmd(&text, "GET", j.key))
		return mark(text), err
	}
}

func radixDial(ctx context.Context, t dial.Target) (pinger, error) {
	c, err := t.Radix().Dial(ctx, t.Network, t.Addr)
	if err != nil {
		return pinger{}, err
	}
	return pinger{ping: func() error { return c.Do(ctx, radix.Cmd(nil, "PING")) }, close: func() { _ = c.Close() }}, nil
}
