package main

import (
	"context"
	"net"

	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/versus"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/pool"
)

const kept = 3 // connections of a pool

func poolOperations() []operation {
	return []operation{
		get.operation("pool/get", "GET of 64 bytes by RoundTrip", get.over(func(ctx context.Context, t dial.Target) (tripper, error) { return openPool(ctx, t) })),
		{name: "pool/with", title: "take a connection and give it back", floor: "channel of connections", ours: withPool, bare: withChannel},
	}
}

func openPool(ctx context.Context, t dial.Target) (*pool.Pool, error) {
	p, err := pool.New(pool.Config{Dial: t.Ours, Keep: kept})
	if err != nil {
		return nil, err
	}
	if err := p.Warm(ctx); err != nil {
		_ = p.Close()
		return nil, err
	}
	return p, nil
}

func withPool() (versus.Run, func(), error) {
	ctx := context.Background()
	p, err := openPool(ctx, memory(get.replies))
	if err != nil {
		return nil, nil, err
	}
	fn := func(*conn.Conn) error { return nil }
	return opened(p, func() error { return p.With(ctx, fn) })
}

// withChannel is the least that a pool can do whose callers wait.
func withChannel() (versus.Run, func(), error) {
	idle := make(chan net.Conn, kept)
	for range kept {
		idle <- memory(get.replies).Memory()
	}
	return func(n int) error {
		for range n {
			nc := <-idle
			idle <- nc
		}
		return nil
	}, nil, nil
}
