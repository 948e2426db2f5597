package main

import (
	"context"
	"strconv"

	"github.com/redis/rueidis"

	"github.com/bwredis/bwredis/bench/dial"
)

func rueidisOf(t dial.Target, change func(o *rueidis.ClientOption)) (asker, error) {
	options := t.Rueidis()
	change(&options)
	c, err := rueidis.NewClient(options)
	return rueidisAsker{c}, err
}

func openRueidis(_ context.Context, t dial.Target) (asker, error) {
	return rueidisOf(t, func(o *rueidis.ClientOption) { o.PipelineMultiplex = dial.Multiplex(connections) })
}

func openRueidisFlush(_ context.Context, t dial.Target) (asker, error) {
	return rueidisOf(t, func(o *rueidis.ClientOption) {
		o.PipelineMultiplex, o.MaxFlushDelay = dial.Multiplex(connections), dial.RueidisDelay
	})
}

func openRueidisFlushOne(_ context.Context, t dial.Target) (asker, error) {
	return rueidisOf(t, func(o *rueidis.ClientOption) { o.MaxFlushDelay = dial.RueidisDelay })
}

type rueidisAsker struct{ client rueidis.Client }

func (g rueidisAsker) close() { g.client.Close() }

func (g rueidisAsker) asking(steps []step) func(context.Context) ([]reply, error) {
	builds := make([]func() rueidis.Completed, len(steps))
	for i, s := range steps {
		builds[i] = g.building(s)
	}
	replies := make([]reply, len(steps))
	if len(steps) == 1 {
		return func(ctx context.Context) ([]reply, error) {
			return replies, rueidisRead(&replies[0], steps[0].name, g.client.Do(ctx, builds[0]()))
		}
	}
	commands := make([]rueidis.Completed, len(steps))
	return func(ctx context.Context) ([]reply, error) {
		for i, build := range builds {
			commands[i] = build()
		}
		for i, result := range g.client.DoMulti(ctx, commands...) {
			if err := rueidisRead(&replies[i], steps[i].name, result); err != nil {
				return nil, err
			}
		}
		return replies, nil
	}
}

func (g rueidisAsker) building(s step) func() rueidis.Completed {
	c := g.client
	switch s.name {
	case "GET":
		return func() rueidis.Completed { return c.B().Get().Key(s.args[0]).Build() }
	case "PTTL":
		return func() rueidis.Completed { return c.B().Pttl().Key(s.args[0]).Build() }
	case "GETRANGE":
		end, _ := strconv.ParseInt(s.args[2], 10, 64)
		return func() rueidis.Completed { return c.B().Getrange().Key(s.args[0]).Start(0).End(end).Build() }
	}
	sha, keys, argv := s.script()
	return func() rueidis.Completed {
		return c.B().Evalsha().Sha1(sha).Numkeys(int64(len(keys))).Key(keys...).Arg(argv...).Build()
	}
}

func rueidisRead(r *reply, name string, result rueidis.RedisResult) (err error) {
	if err := result.Error(); err != nil {
		if r.null = rueidis.IsRedisNil(err); r.null {
			return nil
		}
		return err
	}
	r.null = false
	switch name {
	case "GET", "GETRANGE":
		r.text, err = result.ToString()
	case "PTTL":
		var ms int64
		ms, err = result.AsInt64()
		r.ints = append(r.ints[:0], ms)
	default:
		var message rueidis.RedisMessage
		if message, err = result.ToMessage(); err == nil {
			r.ints, err = rueidisInts(r.ints[:0], &message)
		}
	}
	return err
}

func rueidisInts(dst []int64, m *rueidis.RedisMessage) ([]int64, error) {
	if !m.IsArray() {
		n, err := m.AsInt64()
		return append(dst, n), err
	}
	elements, err := m.ToArray()
	for i := range elements {
		if err == nil {
			dst, err = rueidisInts(dst, &elements[i])
		}
	}
	return dst, err
}
