package clients

import (
	"context"
	"io"
	"slices"

	"github.com/redis/rueidis"

	"github.com/bwredis/bwredis/bench/dial"
)

func rueidisWith(t dial.Target, change func(o *rueidis.ClientOption)) (Session, error) {
	options := t.Rueidis()
	change(&options)
	c, err := rueidis.NewClient(options)
	if err != nil {
		return nil, err
	}
	return rueidisSession{c}, nil
}

// openRueidis has four connections, or as many as it may, and one for one caller.
func openRueidis(_ context.Context, t dial.Target, s Shape) (Session, error) {
	return rueidisWith(t, func(o *rueidis.ClientOption) { o.PipelineMultiplex = dial.Multiplex(s.shared()) })
}

func openRueidisOne(_ context.Context, t dial.Target, _ Shape) (Session, error) {
	return rueidisWith(t, func(*rueidis.ClientOption) {})
}

func openRueidisAlways(_ context.Context, t dial.Target, s Shape) (Session, error) {
	return rueidisWith(t, func(o *rueidis.ClientOption) {
		o.PipelineMultiplex, o.AlwaysPipelining = dial.Multiplex(s.shared()), true
	})
}

func openRueidisFlush(_ context.Context, t dial.Target, s Shape) (Session, error) {
	return rueidisWith(t, func(o *rueidis.ClientOption) {
		o.PipelineMultiplex, o.MaxFlushDelay = dial.Multiplex(s.shared()), dial.RueidisDelay
	})
}

func openRueidisFlushOne(_ context.Context, t dial.Target, _ Shape) (Session, error) {
	return rueidisWith(t, func(o *rueidis.ClientOption) { o.MaxFlushDelay = dial.RueidisDelay })
}

func followRueidis(_ context.Context, s Sentinels) (Session, error) {
	c, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress:  s.Addrs,
		DisableCache: true,
		Sentinel:     rueidis.SentinelOption{MasterSet: s.Master, TopologyRefreshInterval: s.Refresh},
	})
	if err != nil {
		return nil, err
	}
	return rueidisSession{c}, nil
}

type rueidisSession struct{ client rueidis.Client }

func (s rueidisSession) Close() { s.client.Close() }

// NotExecuted implements [Judge]. The client does not send a write again.
func (s rueidisSession) NotExecuted(err error) bool {
	_, reply := rueidis.IsRedisErr(err)
	return reply || failedToDial(err)
}

func (s rueidisSession) Ask(commands []Command) Ask {
	replies := make([]Reply, len(commands))
	builds := make([]func() rueidis.Completed, len(commands))
	for i := range commands {
		builds[i] = s.building(&commands[i])
	}
	if hasInto(commands) {
		return s.into(commands, replies)
	}
	if len(commands) == 1 {
		return func(ctx context.Context) ([]Reply, error) {
			return replies, rueidisRead(&replies[0], commands[0].Want, s.client.Do(ctx, builds[0]()))
		}
	}
	built := make([]rueidis.Completed, len(commands))
	return func(ctx context.Context) ([]Reply, error) {
		for i, build := range builds {
			built[i] = build()
		}
		for i, result := range s.client.DoMulti(ctx, built...) {
			if err := rueidisRead(&replies[i], commands[i].Want, result); err != nil {
				return nil, err
			}
		}
		return replies, nil
	}
}

func (s rueidisSession) building(c *Command) func() rueidis.Completed {
	if c.Fixed {
		again := *c
		again.Fixed = false
		pinned := s.building(&again)().Pin()
		return func() rueidis.Completed { return pinned }
	}
	b := s.client.B
	switch c.Name {
	case "GET":
		return func() rueidis.Completed { return b().Get().Key(c.Args[0]).Build() }
	case "SET":
		return func() rueidis.Completed { return b().Set().Key(c.Args[0]).Value(c.Args[1]).Build() }
	case "PTTL":
		return func() rueidis.Completed { return b().Pttl().Key(c.Args[0]).Build() }
	case "GETRANGE":
		start, end := c.bounds()
		return func() rueidis.Completed { return b().Getrange().Key(c.Args[0]).Start(start).End(end).Build() }
	case "EVALSHA":
		sha, keys, argv := c.Script()
		return func() rueidis.Completed {
			return b().Evalsha().Sha1(sha).Numkeys(int64(len(keys))).Key(keys...).Arg(argv...).Build()
		}
	}
	return func() rueidis.Completed { return b().Arbitrary(c.Name).Args(c.Args...).Build() }
}

func rueidisRead(r *Reply, want Want, result rueidis.RedisResult) (err error) {
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
		var message rueidis.RedisMessage
		if message, err = result.ToMessage(); err == nil {
			r.Ints, err = rueidisInts(r.Ints[:0], &message)
		}
	case Texts:
		r.Texts, err = result.AsStrSlice()
	case Pairs:
		r.Pairs, err = result.AsStrMap()
	default:
		r.Text, err = result.ToString()
	}
	if err != nil && rueidis.IsRedisNil(err) {
		r.setNull()
		return nil
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

// into streams the value of a single GET.
func (s rueidisSession) into(commands []Command, replies []Reply) Ask {
	if len(commands) > 1 {
		return nil
	}
	key := commands[0].Args[0]
	own := &sink{buf: make([]byte, 0, commands[0].Room+1)}
	return func(ctx context.Context) ([]Reply, error) {
		own.buf = own.buf[:0]
		stream := s.client.DoStream(ctx, s.client.B().Get().Key(key).Build())
		_, err := stream.WriteTo(own)
		if rueidis.IsRedisNil(err) {
			replies[0].setNull()
			return replies, nil
		}
		replies[0].setBytes(own.buf)
		return replies, err
	}
}

// A sink is memory to write to. It reads by itself, so that nothing is copied twice.
type sink struct{ buf []byte }

func (s *sink) Write(b []byte) (int, error) {
	s.buf = append(s.buf, b...)
	return len(b), nil
}

// ReadFrom reads to the end, for which there is room.
func (s *sink) ReadFrom(r io.Reader) (total int64, err error) {
	for {
		n, err := r.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+n]
		total += int64(n)
		switch {
		case err == io.EOF:
			return total, nil
		case err != nil:
			return total, err
		case len(s.buf) == cap(s.buf):
			s.buf = slices.Grow(s.buf, 1) // the end is still to be seen
		}
	}
}
