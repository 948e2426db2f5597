package main

import (
	"context"

	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

func openOursGate(ctx context.Context, t dial.Target) (gate, error) {
	p, err := openPool(ctx, t, pool.Config{Keep: guardedConnections})
	return oursGate{p}, err
}

type oursGate struct{ pool *pool.Pool }

func (g oursGate) close() { _ = g.pool.Close() }

func (g oursGate) turn(v visitor) *oursTurn { return &oursTurn{pool: g.pool, visitor: v} }

func (g oursGate) awaited(v visitor) crowd.Call { return g.turn(v).awaited }
func (g oursGate) batched(v visitor) crowd.Call { return g.turn(v).batched }

// An oursTurn keeps its request, and is the handler of its replies: nothing is allocated but the session's data.
type oursTurn struct {
	pool *pool.Pool
	visitor
	q     resp.Request
	asked int // commands that are answered already

	session    string
	count, ttl int64
	banned     bool
}

func (o *oursTurn) awaited(ctx context.Context) (int, error) {
	for o.asked = range 4 {
		o.q.Reset()
		switch o.asked {
		case 0:
			o.askSession(&o.q)
			o.q.MarkReadOnly()
		case 1:
			o.askCount(&o.q)
		case 2:
			o.askBan(&o.q)
			o.q.MarkReadOnly()
		case 3:
			o.askTTL(&o.q)
			o.q.MarkReadOnly()
		}
		if err := o.pool.RoundTrip(ctx, &o.q, o); err != nil {
			return 0, err
		}
	}
	return o.mark(o.session, o.count, o.banned, o.ttl), nil
}

func (o *oursTurn) batched(ctx context.Context) (int, error) {
	o.asked = 0
	o.q.Reset()
	o.askAll(&o.q)
	if err := o.pool.RoundTrip(ctx, &o.q, o); err != nil {
		return 0, err
	}
	return o.mark(o.session, o.count, o.banned, o.ttl), nil
}

func (o *oursTurn) HandleReply(i int, r *resp.Reply) error {
	switch o.asked + i {
	case 0:
		o.session = r.Text()
	case 1:
		o.count = r.Int()
	case 2:
		o.banned = !r.Null()
	case 3:
		o.ttl = r.Int()
	}
	return r.Err()
}
