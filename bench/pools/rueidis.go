package main

import (
	"context"
	"strconv"

	"github.com/redis/rueidis"

	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/dial"
)

func rueidisGateOf(t dial.Target, change func(o *rueidis.ClientOption)) (gate, error) {
	options := t.Rueidis()
	change(&options)
	c, err := rueidis.NewClient(options)
	return rueidisGate{c}, err
}

func openRueidisGate(_ context.Context, t dial.Target) (gate, error) {
	return rueidisGateOf(t, func(o *rueidis.ClientOption) { o.PipelineMultiplex = dial.Multiplex(guardedConnections) })
}

func openRueidisFlush(_ context.Context, t dial.Target) (gate, error) {
	return rueidisGateOf(t, func(o *rueidis.ClientOption) {
		o.PipelineMultiplex, o.MaxFlushDelay = dial.Multiplex(guardedConnections), dial.RueidisDelay
	})
}

func openRueidisFlushOne(_ context.Context, t dial.Target) (gate, error) {
	return rueidisGateOf(t, func(o *rueidis.ClientOption) { o.MaxFlushDelay = dial.RueidisDelay })
}

type rueidisGate struct{ client rueidis.Client }

func (g rueidisGate) close() { g.client.Close() }

func (g rueidisGate) commands(v *visitor) (session, count, ban, ttl rueidis.Completed) {
	b := g.client.B()
	return b.Get().Key(v.session).Build(),
		b.Evalsha().Sha1(counterScript.SHA()).Numkeys(1).Key(v.counter).Arg(strconv.Itoa(countTime)).Build(),
		b.Get().Key(v.ban).Build(), b.Pttl().Key(v.ban).Build()
}

func (g rueidisGate) awaited(v visitor) crowd.Call {
	return func(ctx context.Context) (int, error) {
		c := g.client
		session, count, ban, ttl := g.commands(&v)
		sessionResult := c.Do(ctx, session)
		countResult := c.Do(ctx, count)
		banResult := c.Do(ctx, ban)
		return v.rueidisMark(sessionResult, countResult, banResult, c.Do(ctx, ttl))
	}
}

func (g rueidisGate) batched(v visitor) crowd.Call {
	return func(ctx context.Context) (int, error) {
		session, count, ban, ttl := g.commands(&v)
		r := g.client.DoMulti(ctx, session, count, ban, ttl)
		return v.rueidisMark(r[0], r[1], r[2], r[3])
	}
}

func (v *visitor) rueidisMark(session, count, ban, ttl rueidis.RedisResult) (int, error) {
	data, err := session.ToString()
	if err != nil {
		return 0, err
	}
	n, err := count.AsInt64()
	if err != nil {
		return 0, err
	}
	banned := true
	if err := ban.Error(); rueidis.IsRedisNil(err) {
		banned = false
	} else if err != nil {
		return 0, err
	}
	left, err := ttl.AsInt64()
	return v.mark(data, n, banned, left), err
}
