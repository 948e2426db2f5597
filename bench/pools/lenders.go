package main

import (
	"context"
	"net"

	"github.com/jackc/puddle/v2"
	"github.com/mediocregopher/radix/v4"
	"github.com/redis/rueidis"
	"github.com/valkey-io/valkey-go"

	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/versus"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

// Names of contenders.
const (
	channelName    = "channel"
	oursAloneName  = "ours, alone"
	oursSharedName = "ours, shared"
)

// lenders are those whose connections one caller has alone. go-redis is not among them: its Conn takes no connection before the first command.
func lenders() []lender {
	return []lender{
		{channelName, versus.Floor, openChannel},
		{oursAloneName, versus.Ours, openAlone},
		{"redigo", versus.Peer, openRedigo},
		{"radix", versus.Peer, openRadix},
		{"rueidis", versus.Peer, openRueidis},
		{"valkey-go", versus.Peer, openValkey},
		{"puddle", versus.Peer, openPuddle},
	}
}

// oursShared is what plain requests do: they take a connection together with others.
func oursShared() lender { return lender{oursSharedName, versus.Ours, openShared} }

// openChannel holds connections in a channel, which is the least that a pool can do whose callers wait.
func openChannel(ctx context.Context, t dial.Target, connections int) (stand, error) {
	idle := make(chan net.Conn, connections)
	for range connections {
		nc, err := t.Connect(ctx)
		if err != nil {
			return stand{}, err
		}
		idle <- nc
	}
	prepare := func(held func()) turn {
		return func() error {
			nc := <-idle
			held()
			idle <- nc
			return nil
		}
	}
	return stand{prepare, func() {
		for range connections {
			_ = (<-idle).Close()
		}
	}}, nil
}

// openAlone may have as many connections checked out as it keeps, so that it never has more.
func openAlone(ctx context.Context, t dial.Target, connections int) (stand, error) {
	p, err := openPool(ctx, t, pool.Config{Keep: connections, MaxOpen: 2 * connections})
	if err != nil {
		return stand{}, err
	}
	prepare := func(held func()) turn {
		fn := func(*conn.Conn) error {
			held()
			return nil
		}
		return func() error { return p.With(ctx, fn) }
	}
	return stand{prepare, func() { _ = p.Close() }}, nil
}

// openShared sends requests without commands, which are answered without a round trip.
func openShared(ctx context.Context, t dial.Target, connections int) (stand, error) {
	p, err := openPool(ctx, t, pool.Config{Keep: connections})
	if err != nil {
		return stand{}, err
	}
	prepare := func(func()) turn {
		q := new(resp.Request)
		return func() error { return p.RoundTrip(ctx, q, nil) }
	}
	return stand{prepare, func() { _ = p.Close() }}, nil
}

func openRedigo(_ context.Context, t dial.Target, connections int) (stand, error) {
	p := t.RedigoPool(connections)
	prepare := func(held func()) turn {
		return func() error {
			c := p.Get()
			held()
			if err := c.Err(); err != nil {
				return err
			}
			return c.Close()
		}
	}
	return stand{prepare, func() { _ = p.Close() }}, nil
}

func openRadix(ctx context.Context, t dial.Target, connections int) (stand, error) {
	p, err := radix.PoolConfig{Dialer: t.Radix(), Size: connections, PingInterval: -1}.New(ctx, t.Network, t.Addr)
	if err != nil {
		return stand{}, err
	}
	prepare := func(held func()) turn {
		action := radix.WithConn("", func(context.Context, radix.Conn) error {
			held()
			return nil
		})
		return func() error { return p.Do(ctx, action) }
	}
	return stand{prepare, func() { _ = p.Close() }}, nil
}

// openRueidis has one connection more, which others share.
func openRueidis(_ context.Context, t dial.Target, connections int) (stand, error) {
	options := t.Rueidis()
	options.BlockingPoolSize = connections
	c, err := rueidis.NewClient(options)
	if err != nil {
		return stand{}, err
	}
	prepare := func(held func()) turn {
		fn := func(rueidis.DedicatedClient) error {
			held()
			return nil
		}
		return func() error { return c.Dedicated(fn) }
	}
	return stand{prepare, c.Close}, nil
}

// openValkey is as openRueidis.
func openValkey(_ context.Context, t dial.Target, connections int) (stand, error) {
	options := t.Valkey()
	options.BlockingPoolSize = connections
	c, err := valkey.NewClient(options)
	if err != nil {
		return stand{}, err
	}
	prepare := func(held func()) turn {
		fn := func(valkey.DedicatedClient) error {
			held()
			return nil
		}
		return func() error { return c.Dedicated(fn) }
	}
	return stand{prepare, c.Close}, nil
}

func openPuddle(ctx context.Context, t dial.Target, connections int) (stand, error) {
	p, err := puddle.NewPool(&puddle.Config[net.Conn]{
		Constructor: t.Connect,
		Destructor:  func(nc net.Conn) { _ = nc.Close() },
		MaxSize:     int32(connections),
	})
	if err != nil {
		return stand{}, err
	}
	prepare := func(held func()) turn {
		return func() error {
			r, err := p.Acquire(ctx)
			if err != nil {
				return err
			}
			held()
			r.Release()
			return nil
		}
	}
	return stand{prepare, p.Close}, nil
}
