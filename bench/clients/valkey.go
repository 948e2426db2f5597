package clients

import (
	"context"

	"github.com/valkey-io/valkey-go"

	"github.com/bwredis/bwredis/bench/dial"
)

func valkeyWith(t dial.Target, change func(o *valkey.ClientOption)) (Session, error) {
	options := t.Valkey()
	change(&options)
	c, err := valkey.NewClient(options)
	if err != nil {
		return nil, err
	}
	return valkeySession{c}, nil
}

// openValkey has four connections, or as many as it may, and one for one caller.
func openValkey(_ context.Context, t dial.Target, s Shape) (Session, error) {
	return valkeyWith(t, func(o *valkey.ClientOption) { o.PipelineMultiplex = dial.Multiplex(s.shared()) })
}

func openValkeyFlush(_ context.Context, t dial.Target, s Shape) (Session, error) {
	return valkeyWith(t, func(o *valkey.ClientOption) {
		o.PipelineMultiplex, o.MaxFlushDelay = dial.Multiplex(s.shared()), dial.RueidisDelay
	})
}

func openValkeyOne(_ context.Context, t dial.Target, _ Shape) (Session, error) {
	return valkeyWith(t, func(*valkey.ClientOption) {})
}

func openValkeyFlushOne(_ context.Context, t dial.Target, _ Shape) (Session, error) {
	return valkeyWith(t, func(o *valkey.ClientOption) { o.MaxFlushDelay = dial.RueidisDelay })
}

func followValkey(_ context.Context, s Sentinels) (Session, error) {
	c, err := valkey.NewClient(valkey.ClientOption{
		InitAddress:  s.Addrs,
		DisableCache: true,
		Sentinel:     valkey.SentinelOption{MasterSet: s.Master, TopologyRefreshInterval: s.Refresh},
	})
	if err != nil {
		return nil, err
	}
	return valkeySession{c}, nil
}

type valkeySession struct{ client valkey.Client }

func (s valkeySession) Close() { s.client.Close() }

// NotExecuted implements [Judge]. The client does not send a write again.
func (s valkeySession) NotExecuted(err error) bool {
	_, reply := valkey.IsValkeyErr(err)
	return reply || failedToDial(err)
}

func (s valkeySession) Ask(commands []Command) Ask {
	replies := make([]Reply, len(commands))
	builds := make([]func() valkey.Completed, len(commands))
	for i := range commands {
		builds[i] = s.building(&commands[i])
	}
	if hasInto(commands) {
		return s.into(commands, replies)
	}
	if len(commands) == 1 {
		return func(ctx context.Context) ([]Reply, error) {
			return replies, valkeyRead(&replies[0], commands[0].Want, s.client.Do(ctx, builds[0]()))
		}
	}
	built := make([]valkey.Completed, len(commands))
	return func(ctx context.Context) ([]Reply, error) {
		for i, build := range builds {
			built[i] = build()
		}
		for i, result := range s.client.DoMulti(ctx, built...) {
			if err := valkeyRead(&replies[i], commands[i].Want, result); err != nil {
				return nil, err
			}
		}
		return replies, nil
	}
}

func (s valkeySession) building(c *Command) func() valkey.Completed {
	if c.Fixed {
		again := *c
		again.Fixed = false
		pinned := s.building(&again)().Pin()
		return func() valkey.Completed { return pinned }
	}
	b := s.client.B
	switch c.Name {
	case "GET":
		return func() valkey.Completed { return b().Get().Key(c.Args[0]).Build() }
	case "SET":
		return func() valkey.Completed { return b().Set().Key(c.Args[0]).Value(c.Args[1]).Build() }
	case "PTTL":
		return func() valkey.Completed { return b().Pttl().Key(c.Args[0]).Build() }
	case "GETRANGE":
		start, end := c.bounds()
		return func() valkey.Completed { return b().Getrange().Key(c.Args[0]).Start(start).End(end).Build() }
	case "EVALSHA":
		sha, keys, argv := c.Script()
		return func() valkey.Completed {
			return b().Evalsha().Sha1(sha).Numkeys(int64(len(keys))).Key(keys...).Arg(argv...).Build()
		}
	}
	return func() valkey.Completed { return b().Arbitrary(c.Name).Args(c.Args...).Build() }
}

func valkeyRead(r *Reply, want Want, result valkey.ValkeyResult) (err error) {
	r.Null = false
	switch want {
	case Any:
		var v any
		v, err = result.ToAny()
		r.setAny(v)
	case Owned:
		r.Bytes, err = result.AsBytes()
	case Number:
		var n int64
		n, err = result.AsInt64()
		r.setInt(n)
	case Numbers, Nested:
		var message valkey.ValkeyMessage
		if message, err = result.ToMessage(); err == nil {
			r.Ints, err = valkeyInts(r.Ints[:0], &message)
		}
	case Texts:
		r.Texts, err = result.AsStrSlice()
	case Pairs:
		r.Pairs, err = result.AsStrMap()
	default:
		r.Text, err = result.ToString()
	}
	if err != nil && valkey.IsValkeyNil(err) {
		r.setNull()
		return nil
	}
	return err
}

func valkeyInts(dst []int64, m *valkey.ValkeyMessage) ([]int64, error) {
	if !m.IsArray() {
		n, err := m.AsInt64()
		return append(dst, n), err
	}
	elements, err := m.ToArray()
	for i := range elements {
		if err == nil {
			dst, err = valkeyInts(dst, &elements[i])
		}
	}
	return dst, err
}

// into streams the value of a single GET.
func (s valkeySession) into(commands []Command, replies []Reply) Ask {
	if len(commands) > 1 {
		return nil
	}
	key := commands[0].Args[0]
	own := &sink{buf: make([]byte, 0, commands[0].Room+1)}
	return func(ctx context.Context) ([]Reply, error) {
		own.buf = own.buf[:0]
		stream := s.client.DoStream(ctx, s.client.B().Get().Key(key).Build())
		_, err := stream.WriteTo(own)
		if valkey.IsValkeyNil(err) {
			replies[0].setNull()
			return replies, nil
		}
		replies[0].setBytes(own.buf)
		return replies, err
	}
}
