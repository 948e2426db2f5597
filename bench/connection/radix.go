package main

import (
	"context"
	"net"
	"time"

	"github.com/mediocregopher/radix/v4"

	"github.com/bwredis/bwredis/bench/versus"
)

// netDialer is how radix takes a function that dials.
type netDialer target

func (d netDialer) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	return target(d).connect(ctx)
}

func radixDialer(t target) radix.Dialer {
	return radix.Dialer{NetDialer: netDialer(t), AuthUser: t.user, AuthPass: t.password}
}

func radixWith(name string, window time.Duration) client {
	return client{name: name, kind: versus.Peer, open: func(ctx context.Context, t target, s shape) (session, error) {
		config := radix.PoolConfig{Dialer: radixDialer(t), Size: s.limit, PingInterval: -1} // Size 0: 4
		config.Dialer.WriteFlushInterval = window
		c, err := config.New(ctx, t.network, t.addr)
		return radixSession{c}, err
	}}
}

func radixDefault() client { return radixWith("radix", 0) }
func radixFlush() client   { return radixWith("radix/flush150us", 150*time.Microsecond) }

type radixSession struct{ client radix.Client }

func (s radixSession) close() { _ = s.client.Close() }

func (s radixSession) call(j job, _ int) call {
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

func radixDial(ctx context.Context, t target) (pinger, error) {
	c, err := radixDialer(t).Dial(ctx, t.network, t.addr)
	if err != nil {
		return pinger{}, err
	}
	return pinger{ping: func() error { return c.Do(ctx, radix.Cmd(nil, "PING")) }, close: func() { _ = c.Close() }}, nil
}
