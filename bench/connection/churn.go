package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/versus"
	"github.com/bwredis/bwredis/resp"
)

// A pinger is a client that is new: the smallest that a library has with one connection.
type pinger struct {
	ping  func() error
	close func()
}

// A newcomer is how a library makes one.
type newcomer struct {
	name string
	kind versus.Kind
	dial func(ctx context.Context, t dial.Target) (pinger, error)
}

func newcomers() []newcomer {
	return []newcomer{
		{"ours", versus.Ours, oursDial},
		{"go-redis", versus.Peer, goredisDial},
		{"rueidis", versus.Peer, rueidisDial},
		{"redigo", versus.Peer, redigoDial},
		{"radix", versus.Peer, radixDial},
	}
}

func oursDial(ctx context.Context, t dial.Target) (pinger, error) {
	c, err := t.Ours(ctx)
	if err != nil {
		return pinger{}, err
	}
	var q resp.Request
	q.Cmd("PING")
	return pinger{ping: func() error { return c.RoundTrip(ctx, &q, nil) }, close: func() { _ = c.Close() }}, nil
}

// churn connects, waits for the first reply, and closes.
func (c newcomer) churn(t dial.Target) versus.Contender {
	return versus.Contender{Name: c.name, Kind: c.kind, Setup: func() (versus.Run, func(), error) {
		once := func() error { return c.visit(context.Background(), t) }
		return repeat(once), nil, once()
	}}
}

func (c newcomer) visit(ctx context.Context, t dial.Target) error {
	p, err := c.dial(ctx, t)
	if err != nil {
		return err
	}
	defer p.close()
	return p.ping()
}

func repeat(once func() error) versus.Run {
	return func(n int) error {
		for range n {
			if err := once(); err != nil {
				return err
			}
		}
		return nil
	}
}

const (
	rawOneWrite = "raw, HELLO AUTH + PING in one write"
	rawTwoTrips = "raw, HELLO AUTH, then PING"
)

// rawChurn is what there is to say at least, in one write or in two round trips.
func rawChurn(name string, t dial.Target, together bool) versus.Contender {
	return versus.Contender{Name: name, Kind: versus.Floor, Setup: func() (versus.Run, func(), error) {
		var hello, ping resp.Request
		hello.Cmd("HELLO").Int(3).Str("AUTH").Str(t.User).Str(t.Password)
		ping.Cmd("PING")
		steps := [][]byte{hello.Encoded(), ping.Encoded()}
		if together {
			steps = [][]byte{bytes.Join(steps, nil)}
		}
		buf := make([]byte, 4<<10)
		once := func() error { return rawVisit(t, steps, buf, false) }
		if err := once(); err != nil {
			return nil, nil, err
		}
		resumed := t.TLS != nil && t.TLS.ClientSessionCache != nil
		return repeat(once), nil, rawVisit(t, steps, buf, resumed)
	}}
}

func rawVisit(t dial.Target, steps [][]byte, buf []byte, resumed bool) error {
	nc, err := t.Connect(context.Background())
	if err != nil {
		return err
	}
	defer nc.Close()
	for i, step := range steps {
		if _, err := nc.Write(step); err != nil {
			return err
		}
		end := "+PONG\r\n"
		if i < len(steps)-1 {
			end = "\r\n"
		}
		if err := readUntil(nc, buf, end); err != nil {
			return err
		}
	}
	if secured, ok := nc.(*tls.Conn); ok && resumed && !secured.ConnectionState().DidResume {
		return errors.New("the session is not resumed")
	}
	return nil
}

// readUntil reads what ends with end; what HELLO says comes in one piece.
func readUntil(nc net.Conn, buf []byte, end string) error {
	for n := 0; ; {
		m, err := nc.Read(buf[n:])
		n += m
		switch {
		case bytes.HasPrefix(buf[:n], []byte("-")):
			return fmt.Errorf("refused: %q", buf[:n])
		case bytes.HasSuffix(buf[:n], []byte(end)):
			return nil
		case err != nil:
			return err
		case n == len(buf):
			return io.ErrShortBuffer
		}
	}
}

// churnWorkload has one contender for each library, besides the floors. change is applied for each, so that they share no cache.
func churnWorkload(name, title string, t dial.Target, change func(dial.Target) dial.Target) versus.Workload {
	w := versus.Workload{
		Name: name, Title: title, Unit: "connections", Reference: rawOneWrite,
		Contenders: []versus.Contender{rawChurn(rawOneWrite, change(t), true), rawChurn(rawTwoTrips, change(t), false)},
	}
	for _, c := range newcomers() {
		w.Contenders = append(w.Contenders, c.churn(change(t)))
	}
	return w
}
