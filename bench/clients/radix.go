package clients

import (
	"context"
	"errors"
	"time"

	"github.com/mediocregopher/radix/v4"
	"github.com/mediocregopher/radix/v4/resp/resp3"

	"github.com/bwredis/bwredis/bench/dial"
)

// radixWindow is a WriteFlushInterval that serves many callers best.
const radixWindow = 150 * time.Microsecond

func openRadix(ctx context.Context, t dial.Target, s Shape) (Session, error) {
	return radixWith(ctx, t, s, 0)
}

func openRadixFlush(ctx context.Context, t dial.Target, s Shape) (Session, error) {
	return radixWith(ctx, t, s, radixWindow)
}

// openRadixConn is a connection without a pool.
func openRadixConn(ctx context.Context, t dial.Target) (Session, error) {
	c, err := t.Radix().Dial(ctx, t.Network, t.Addr)
	if err != nil {
		return nil, err
	}
	return radixSession{radixWithin(c, t.Timeout)}, nil
}

// radixWith has four connections, or as many as it may, and one for one caller.
func radixWith(ctx context.Context, t dial.Target, s Shape, window time.Duration) (Session, error) {
	config := radix.PoolConfig{Dialer: t.Radix(), Size: s.shared(), PingInterval: -1}
	config.Dialer.WriteFlushInterval = window
	if t.Patient {
		config.PingInterval = 0 // the default
	}
	c, err := config.New(ctx, t.Network, t.Addr)
	if err != nil {
		return nil, err
	}
	return radixSession{radixWithin(c, t.Timeout)}, nil
}

// radixWithin is a client whose calls end after a timeout, if there is one: of its own radix has none.
func radixWithin(c radix.Client, timeout time.Duration) radix.Client {
	if timeout == 0 {
		return c
	}
	return radixTimed{c, timeout}
}

type radixTimed struct {
	radix.Client
	timeout time.Duration
}

func (c radixTimed) Do(ctx context.Context, a radix.Action) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	return c.Client.Do(ctx, a)
}

func followRadix(ctx context.Context, s Sentinels) (Session, error) {
	c, err := radix.SentinelConfig{}.New(ctx, s.Master, s.Addrs)
	if err != nil {
		return nil, err
	}
	return radixSession{c}, nil
}

// A radixDoer is what its connections, its pools and its clients of sentinels are alike.
type radixDoer interface {
	Do(ctx context.Context, a radix.Action) error
	Close() error
}

type radixSession struct{ client radixDoer }

func (s radixSession) Close() { _ = s.client.Close() }

// NotExecuted implements [Judge]. The client does not send a write again.
func (s radixSession) NotExecuted(err error) bool {
	var simple resp3.SimpleError
	var blob resp3.BlobError
	return errors.As(err, &simple) || errors.As(err, &blob) || failedToDial(err)
}

func (s radixSession) Ask(commands []Command) Ask {
	into := make([]radixReply, len(commands))
	for i := range commands {
		into[i].command = &commands[i]
	}
	replies := make([]Reply, len(commands))
	if len(commands) == 1 {
		return func(ctx context.Context) ([]Reply, error) {
			if err := s.client.Do(ctx, into[0].action()); err != nil {
				return nil, err
			}
			into[0].read(&replies[0])
			return replies, nil
		}
	}
	p := radix.NewPipeline()
	return func(ctx context.Context) ([]Reply, error) {
		p.Reset()
		for i := range into {
			p.Append(into[i].action())
		}
		if err := s.client.Do(ctx, p); err != nil {
			return nil, err
		}
		for i := range into {
			into[i].read(&replies[i])
		}
		return replies, nil
	}
}

// A radixReply is where one reply goes.
type radixReply struct {
	command *Command
	maybe   radix.Maybe
	text    string
	bytes   []byte
	number  int64
	flat    []int64
	nested  [][]int64
	texts   []string
	pairs   map[string]string
	any     any
}

// action may find a null only where it is told of one: the wrapper that takes it costs. What is wanted as Any needs none.
func (in *radixReply) action() radix.Action {
	to := in.receiver()
	if in.command.Nullable && in.command.Want != Any {
		in.maybe = radix.Maybe{Rcv: to}
		to = &in.maybe
	}
	return radix.Cmd(to, in.command.Name, in.command.Args...)
}

func (in *radixReply) receiver() any {
	switch in.command.Want {
	case Number:
		return &in.number
	case Numbers:
		return &in.flat
	case Nested:
		return &in.nested
	case Owned:
		in.bytes = nil
		return &in.bytes
	case Into:
		return &in.bytes
	case Texts:
		in.texts = nil
		return &in.texts
	case Pairs:
		in.pairs = nil
		return &in.pairs
	case Any:
		return &in.any
	}
	return &in.text
}

func (in *radixReply) read(r *Reply) {
	if in.maybe.Null {
		r.setNull()
		return
	}
	r.Null, r.Text, r.Bytes, r.Ints = false, in.text, in.bytes, r.Ints[:0]
	switch in.command.Want {
	case Any:
		r.setAny(in.anything())
	case Number:
		r.Ints = append(r.Ints, in.number)
	case Numbers:
		r.Ints = append(r.Ints, in.flat...)
	case Nested:
		for _, numbers := range in.nested {
			r.Ints = append(r.Ints, numbers...)
		}
	case Texts:
		r.Texts = in.texts
	case Pairs:
		r.Pairs = in.pairs
	}
}

// anything is nil for a null, for which radix has bytes that are nil.
func (in *radixReply) anything() any {
	if b, ok := in.any.([]byte); ok && b == nil {
		return nil
	}
	return in.any
}
