package main

import (
	"context"
	"fmt"

	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/versus"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/resp"
)

// Names of contenders of ours.
const (
	oursOne = "ours/1conn"
	oursDo  = "ours/1conn, owned by Do"
)

// oursOn is n connections that callers are dealt out to in turn.
func oursOn(n int) client {
	return client{name: fmt.Sprintf("ours/%dconn", n), kind: versus.Ours, open: func(ctx context.Context, t dial.Target, _ shape) (session, error) {
		s := &oursSession{}
		for range n {
			c, err := t.Ours(ctx)
			if err != nil {
				s.close()
				return nil, err
			}
			s.conns = append(s.conns, c)
		}
		return s, nil
	}}
}

// oursByDo is one connection whose callers want values of their own.
func oursByDo() client {
	return client{name: oursDo, kind: versus.Ours, open: func(ctx context.Context, t dial.Target, _ shape) (session, error) {
		c, err := t.Ours(ctx)
		return oursDoSession{c}, err
	}}
}

type oursSession struct{ conns []*conn.Conn }

func (s *oursSession) close() {
	for _, c := range s.conns {
		_ = c.Close()
	}
}

func (s *oursSession) call(j job, caller int) crowd.Call {
	own := &oursCaller{conn: s.conns[caller%len(s.conns)], job: j}
	return own.do
}

// An oursCaller keeps its request, and is the handler of its reply: nothing is allocated for a call.
type oursCaller struct {
	conn *conn.Conn
	job  job
	q    resp.Request
	mark int
	buf  []byte
}

func (o *oursCaller) do(ctx context.Context) (int, error) {
	o.q.Reset()
	switch o.job.verb {
	case set:
		o.q.Cmd("SET").Str(o.job.key).Bytes(o.job.value)
	case evalsha:
		o.q.Cmd("EVALSHA").Str(o.job.sha).Int(1).Str(o.job.key).Int(scriptTTL)
	default:
		o.q.Cmd("GET").Str(o.job.key)
	}
	err := o.conn.RoundTrip(ctx, &o.q, o)
	return o.mark, err
}

func (o *oursCaller) HandleReply(_ int, r *resp.Reply) error {
	switch o.job.verb {
	case evalsha:
		o.mark = int(r.Int())
	case getInto:
		o.buf = r.AppendTo(o.buf[:0])
		o.mark = mark(o.buf)
	case getOwned:
		o.buf = r.AppendTo(nil)
		o.mark = mark(o.buf)
	default:
		o.mark = mark(r.Bytes())
	}
	return r.Err()
}

type oursDoSession struct{ conn *conn.Conn }

func (s oursDoSession) close() { _ = s.conn.Close() }

func (s oursDoSession) call(j job, _ int) crowd.Call {
	if j.verb != get {
		return nil
	}
	return func(ctx context.Context) (int, error) {
		v, err := s.conn.Do(ctx, "GET", j.key)
		if err != nil {
			return 0, err
		}
		text, err := v.Text()
		return mark(text), err
	}
}
