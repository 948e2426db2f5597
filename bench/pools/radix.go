package main

import (
	"context"
	"strconv"
	"time"

	"github.com/mediocregopher/radix/v4"

	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/dial"
)

func radixGateOf(ctx context.Context, t dial.Target, window time.Duration) (gate, error) {
	config := radix.PoolConfig{Dialer: t.Radix(), Size: guardedConnections, PingInterval: -1}
	config.Dialer.WriteFlushInterval = window
	c, err := config.New(ctx, t.Network, t.Addr)
	return radixGate{c}, err
}

func openRadixGate(ctx context.Context, t dial.Target) (gate, error) { return radixGateOf(ctx, t, 0) }

func openRadixFlush(ctx context.Context, t dial.Target) (gate, error) {
	return radixGateOf(ctx, t, 150*time.Microsecond)
}

type radixGate struct{ client radix.Client }

func (g radixGate) close() { _ = g.client.Close() }

// radixAnswers are where replies go.
type radixAnswers struct {
	session, banText string
	count, ttl       int64
	ban              radix.Maybe
}

func (a *radixAnswers) actions(v *visitor) [4]radix.Action {
	a.ban.Rcv = &a.banText
	return [4]radix.Action{
		radix.Cmd(&a.session, "GET", v.session),
		radix.Cmd(&a.count, "EVALSHA", counterScript.SHA(), "1", v.counter, strconv.Itoa(countTime)),
		radix.Cmd(&a.ban, "GET", v.ban),
		radix.Cmd(&a.ttl, "PTTL", v.ban),
	}
}

func (a *radixAnswers) mark(v *visitor) int { return v.mark(a.session, a.count, !a.ban.Null, a.ttl) }

func (g radixGate) awaited(v visitor) crowd.Call {
	return func(ctx context.Context) (int, error) {
		var a radixAnswers
		for _, action := range a.actions(&v) {
			if err := g.client.Do(ctx, action); err != nil {
				return 0, err
			}
		}
		return a.mark(&v), nil
	}
}

func (g radixGate) batched(v visitor) crowd.Call {
	p := radix.NewPipeline()
	return func(ctx context.Context) (int, error) {
		var a radixAnswers
		p.Reset()
		for _, action := range a.actions(&v) {
			p.Append(action)
		}
		err := g.client.Do(ctx, p)
		return a.mark(&v), err
	}
}
