package main

import (
	"bytes"
	"context"
	"fmt"
	"net"

	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/memconn"
	"github.com/bwredis/bwredis/bench/rawpipe"
	"github.com/bwredis/bwredis/bench/versus"
	"github.com/bwredis/bwredis/resp"
)

const bareWire = "bare write and read"

var (
	script       = resp.NewScript("return redis.call('INCR', KEYS[1])")
	numberReply  = resp.AppendInt(nil, 12)
	payloadReply = resp.AppendBulk(nil, payload)
	okReply      = resp.AppendSimple(nil, "OK")
)

// An exchange is a request, and what answers it.
type exchange struct {
	build   func(q *resp.Request)
	replies [][]byte
	want    int // sum of the marks of the replies
}

var (
	get      = exchange{func(q *resp.Request) { q.Cmd("GET").Str(key).MarkReadOnly() }, [][]byte{payloadReply}, 'v'}
	evalsha  = exchange{func(q *resp.Request) { q.Script(script, key).Int(60) }, [][]byte{numberReply}, 12}
	pipeline = exchange{func(q *resp.Request) {
		q.Cmd("GET").Str(key).Cmd("SET").Str(key).Bytes(payload).Cmd("INCR").Str(key).Cmd("GET").Str(key)
	}, [][]byte{payloadReply, okReply, numberReply, payloadReply}, 'v' + 'O' + 12 + 'v'}
)

func connOperations() []operation {
	return []operation{
		get.operation("conn/get", "GET of 64 bytes, borrowed", get.over(openConn)),
		get.operation("conn/do-get", "GET of 64 bytes by Do", doGet),
		evalsha.operation("conn/evalsha", "EVALSHA with one key and one argument", evalsha.over(openConn)),
		pipeline.operation("conn/pipeline", "four commands in one round trip", pipeline.over(openConn)),
	}
}

func (e exchange) operation(name, title string, ours setup) operation {
	return operation{name: name, title: title, floor: bareWire, ours: ours, bare: bareExchange(e.sent(), e.replies)}
}

func (e exchange) sent() []byte {
	var q resp.Request
	e.build(&q)
	return q.Encoded()
}

// memory is a server within memory that gives these replies.
func memory(replies [][]byte) dial.Target {
	return dial.Target{Network: "tcp", Addr: "memory:6379", Memory: func() net.Conn { return memconn.New(replies...) }}
}

// bareExchange sends the same bytes and waits for the same.
func bareExchange(sent []byte, replies [][]byte) setup {
	want := bytes.Join(replies, nil)
	question := rawpipe.Question{Request: sent, Size: len(want), Right: func(got []byte) bool { return bytes.Equal(got, want) }}
	return func() (versus.Run, func(), error) {
		w, err := rawpipe.NewWire(context.Background(), memory(replies), []rawpipe.Question{question}, 1)
		if err != nil {
			return nil, nil, err
		}
		return w.Run, func() { _ = w.NC.Close() }, nil
	}
}

// A tripper is a connection or a pool.
type tripper interface {
	RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error
	Close() error
}

func openConn(ctx context.Context, t dial.Target) (tripper, error) { return t.Ours(ctx) }

// over is the exchange with a request that is built anew each time, in the same memory.
func (e exchange) over(open func(context.Context, dial.Target) (tripper, error)) setup {
	return func() (versus.Run, func(), error) {
		ctx := context.Background()
		via, err := open(ctx, memory(e.replies))
		if err != nil {
			return nil, nil, err
		}
		a := &asking{exchange: e, via: via}
		return opened(via, func() error { return a.once(ctx) })
	}
}

// opened is work that is seen to succeed once.
func opened(via interface{ Close() error }, once func() error) (versus.Run, func(), error) {
	run := func(n int) error {
		for range n {
			if err := once(); err != nil {
				return err
			}
		}
		return nil
	}
	closeIt := func() { _ = via.Close() }
	if err := run(1); err != nil {
		closeIt()
		return nil, nil, err
	}
	return run, closeIt, nil
}

// An asking keeps its request, and is the handler of its replies.
type asking struct {
	exchange
	via tripper
	q   resp.Request
	got int
}

func (a *asking) once(ctx context.Context) error {
	a.q.Reset()
	a.build(&a.q)
	a.got = 0
	if err := a.via.RoundTrip(ctx, &a.q, a); err != nil {
		return err
	}
	if a.got != a.want {
		return fmt.Errorf("the replies have the mark %d, want %d", a.got, a.want)
	}
	return nil
}

func (a *asking) HandleReply(_ int, r *resp.Reply) error {
	if r.Kind() == resp.Integer {
		a.got += int(r.Int())
	} else if b := r.Bytes(); len(b) > 0 {
		a.got += int(b[0])
	}
	return r.Err()
}

// doGet wants a value of its own.
func doGet() (versus.Run, func(), error) {
	ctx := context.Background()
	c, err := memory(get.replies).Ours(ctx)
	if err != nil {
		return nil, nil, err
	}
	return opened(c, func() error {
		v, err := c.Do(ctx, "GET", key)
		if err != nil {
			return err
		}
		if text, err := v.Text(); err != nil || len(text) != len(payload) {
			return fmt.Errorf("got %q: %w", text, err)
		}
		return nil
	})
}
