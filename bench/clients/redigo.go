package clients

import (
	"context"
	"errors"

	"github.com/gomodule/redigo/redis"

	"github.com/bwredis/bwredis/bench/dial"
)

// openRedigo is its pool, from which every call takes a connection.
func openRedigo(_ context.Context, t dial.Target, s Shape) (Session, error) {
	return redigoSession{t.RedigoPool(s.connections())}, nil
}

// openRedigoConn is a connection without a pool.
func openRedigoConn(ctx context.Context, t dial.Target) (Session, error) {
	c, err := t.Redigo(ctx)
	if err != nil {
		return nil, err
	}
	return redigoSession{redigoLone{c.(redis.ConnWithContext)}}, nil
}

// A redigoLender has a connection for whoever asks, who closes it to give it back.
type redigoLender interface {
	GetContext(ctx context.Context) (redis.Conn, error)
	Close() error
}

// A redigoLone is the connection that it lends.
type redigoLone struct{ redis.ConnWithContext }

// A redigoLent stays open.
type redigoLent struct{ redis.ConnWithContext }

func (l redigoLone) GetContext(context.Context) (redis.Conn, error) { return redigoLent(l), nil }

func (redigoLent) Close() error { return nil }

type redigoSession struct{ pool redigoLender }

func (s redigoSession) Close() { _ = s.pool.Close() }

// Ask has no way to read into memory of the caller's.
func (s redigoSession) Ask(commands []Command) Ask {
	if hasInto(commands) {
		return nil
	}
	args := make([][]any, len(commands))
	for i, c := range commands {
		args[i] = toAny(c.Args)
	}
	replies := make([]Reply, len(commands))
	if len(commands) == 1 {
		return func(ctx context.Context) ([]Reply, error) {
			v, err := s.do(ctx, commands[0].Name, args[0])
			return replies, redigoRead(&replies[0], commands[0].Want, v, err)
		}
	}
	return func(ctx context.Context) ([]Reply, error) {
		c, err := s.pool.GetContext(ctx)
		if err != nil {
			return nil, err
		}
		defer c.Close()
		return replies, redigoPipeline(c, commands, args, replies)
	}
}

// do needs a context only where there is one that can end.
func (s redigoSession) do(ctx context.Context, name string, args []any) (any, error) {
	c, err := s.pool.GetContext(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if ctx.Done() == nil {
		return c.Do(name, args...)
	}
	return redis.DoContext(c, ctx, name, args...)
}

func redigoPipeline(c redis.Conn, commands []Command, args [][]any, replies []Reply) error {
	for i, command := range commands {
		if err := c.Send(command.Name, args[i]...); err != nil {
			return err
		}
	}
	if err := c.Flush(); err != nil {
		return err
	}
	var failed error
	for i := range commands {
		v, err := c.Receive()
		if err := redigoRead(&replies[i], commands[i].Want, v, err); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

func redigoRead(r *Reply, want Want, v any, err error) error {
	if err != nil {
		return err
	}
	switch want {
	case Any:
		r.setAny(v)
		return nil
	case Pairs:
		r.Pairs, err = redis.StringMap(v, nil)
		return err
	}
	switch v := v.(type) {
	case []byte:
		r.setBytes(v)
	case string:
		r.setText(v)
	case nil:
		r.setNull()
	case []any:
		if want == Texts {
			r.Null, r.Parts = false, addParts(r.Parts[:0], v)
			return nil
		}
		r.Null, r.Ints = false, addInts(r.Ints[:0], v)
	default:
		r.Null, r.Ints = false, addInts(r.Ints[:0], v)
	}
	return nil
}

// addParts appends the strings of an array.
func addParts(dst [][]byte, list []any) [][]byte {
	for _, element := range list {
		switch element := element.(type) {
		case []byte:
			dst = append(dst, element)
		case string:
			dst = append(dst, []byte(element))
		}
	}
	return dst
}
