package main

import (
	"context"
	"io"
	"slices"

	"github.com/redis/rueidis"

	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/versus"
)

func rueidisWith(name string, change func(o *rueidis.ClientOption, s shape)) client {
	return client{name: name, kind: versus.Peer, open: func(_ context.Context, t dial.Target, s shape) (session, error) {
		options := t.Rueidis()
		change(&options, s)
		c, err := rueidis.NewClient(options)
		return rueidisSession{c}, err
	}}
}

// rueidisDefault has four connections, or as many as it may.
func rueidisDefault() client {
	return rueidisWith("rueidis", func(o *rueidis.ClientOption, s shape) { o.PipelineMultiplex = dial.Multiplex(s.limit) })
}

func rueidisOne() client {
	return rueidisWith("rueidis/1conn", func(*rueidis.ClientOption, shape) {})
}

func rueidisAlways() client {
	return rueidisWith("rueidis/always", func(o *rueidis.ClientOption, s shape) {
		o.PipelineMultiplex, o.AlwaysPipelining = dial.Multiplex(s.limit), true
	})
}

func rueidisFlush() client {
	return rueidisWith("rueidis/flush20us", func(o *rueidis.ClientOption, s shape) {
		o.PipelineMultiplex, o.MaxFlushDelay = dial.Multiplex(s.limit), dial.RueidisDelay
	})
}

func rueidisFlushOne() client {
	return rueidisWith("rueidis/flush20us, 1conn", func(o *rueidis.ClientOption, _ shape) { o.MaxFlushDelay = dial.RueidisDelay })
}

type rueidisSession struct{ client rueidis.Client }

func (s rueidisSession) close() { s.client.Close() }

func (s rueidisSession) call(j job, _ int) crowd.Call {
	c := s.client
	switch j.verb {
	case set:
		value := rueidis.BinaryString(j.value)
		return func(ctx context.Context) (int, error) {
			ok, err := c.Do(ctx, c.B().Set().Key(j.key).Value(value).Build()).ToString()
			return mark(ok), err
		}
	case evalsha:
		return func(ctx context.Context) (int, error) {
			n, err := c.Do(ctx, c.B().Evalsha().Sha1(j.sha).Numkeys(1).Key(j.key).Arg(scriptTTLText).Build()).AsInt64()
			return int(n), err
		}
	case getInto:
		return s.getInto(j)
	case getOwned:
		return func(ctx context.Context) (int, error) {
			b, err := c.Do(ctx, c.B().Get().Key(j.key).Build()).AsBytes()
			return mark(b), err
		}
	}
	return func(ctx context.Context) (int, error) {
		text, err := c.Do(ctx, c.B().Get().Key(j.key).Build()).ToString()
		return mark(text), err
	}
}

func (s rueidisSession) getInto(j job) crowd.Call {
	own := &sink{buf: make([]byte, 0, len(j.value)+1)}
	return func(ctx context.Context) (int, error) {
		own.buf = own.buf[:0]
		stream := s.client.DoStream(ctx, s.client.B().Get().Key(j.key).Build())
		_, err := stream.WriteTo(own)
		return mark(own.buf), err
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

func rueidisDial(ctx context.Context, t dial.Target) (pinger, error) {
	c, err := rueidis.NewClient(t.Rueidis())
	if err != nil {
		return pinger{}, err
	}
	return pinger{ping: func() error { return c.Do(ctx, c.B().Ping().Build()).Error() }, close: c.Close}, nil
}
