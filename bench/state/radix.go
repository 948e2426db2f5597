package main

import (
	"context"
	"strings"
	"time"

	"github.com/mediocregopher/radix/v4"

	"github.com/bwredis/bwredis/bench/dial"
)

func radixOf(ctx context.Context, t dial.Target, window time.Duration) (asker, error) {
	config := radix.PoolConfig{Dialer: t.Radix(), Size: connections, PingInterval: -1}
	config.Dialer.WriteFlushInterval = window
	c, err := config.New(ctx, t.Network, t.Addr)
	return radixAsker{c}, err
}

func openRadix(ctx context.Context, t dial.Target) (asker, error) { return radixOf(ctx, t, 0) }

func openRadixFlush(ctx context.Context, t dial.Target) (asker, error) {
	return radixOf(ctx, t, 150*time.Microsecond)
}

type radixAsker struct{ client radix.Client }

func (g radixAsker) close() { _ = g.client.Close() }

// radixReply is where one reply goes.
type radixReply struct {
	step   step
	maybe  radix.Maybe
	text   string
	number int64
	flat   []int64
	nested [][]int64
}

func (g radixAsker) asking(steps []step) func(context.Context) ([]reply, error) {
	into := make([]radixReply, len(steps))
	for i, s := range steps {
		into[i].step = s
	}
	replies := make([]reply, len(steps))
	if len(steps) == 1 {
		return func(ctx context.Context) ([]reply, error) {
			if err := g.client.Do(ctx, into[0].action()); err != nil {
				return nil, err
			}
			into[0].read(&replies[0])
			return replies, nil
		}
	}
	p := radix.NewPipeline()
	return func(ctx context.Context) ([]reply, error) {
		p.Reset()
		for i := range into {
			p.Append(into[i].action())
		}
		if err := g.client.Do(ctx, p); err != nil {
			return nil, err
		}
		for i := range into {
			into[i].read(&replies[i])
		}
		return replies, nil
	}
}

func (in *radixReply) action() radix.Action {
	switch in.step.name {
	case "GET":
		in.maybe = radix.Maybe{Rcv: &in.text}
		return radix.Cmd(&in.maybe, in.step.name, in.step.args...)
	case "GETRANGE":
		return radix.Cmd(&in.text, in.step.name, in.step.args...)
	case "PTTL":
		return radix.Cmd(&in.number, in.step.name, in.step.args...)
	}
	if in.isNested() {
		return radix.Cmd(&in.nested, in.step.name, in.step.args...)
	}
	return radix.Cmd(&in.flat, in.step.name, in.step.args...)
}

// isNested says whether the script answers with an array of arrays: limits do, other than that of a service.
func (in *radixReply) isNested() bool {
	_, _, argv := in.step.script()
	return len(argv) == 1 && !strings.HasPrefix(argv[0], "s")
}

func (in *radixReply) read(r *reply) {
	r.null, r.text, r.ints = in.maybe.Null, in.text, r.ints[:0]
	switch {
	case in.step.name == "PTTL":
		r.ints = append(r.ints, in.number)
	case len(in.nested) > 0:
		r.ints = append(r.ints, in.nested[0]...)
	default:
		r.ints = append(r.ints, in.flat...)
	}
}
