package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/versus"
	"github.com/bwredis/bwredis/resp"
)

// newcomers are the libraries, each with the smallest that it has: one connection.
func newcomers() []clients.Client {
	all := libraries()
	all[0].Name = clients.OursName
	return all
}

// arrive connects, and waits for the first reply.
func arrive(ctx context.Context, c clients.Client, t dial.Target) (clients.Session, error) {
	s, err := c.OpenSmallest(ctx, t)
	if err != nil {
		return nil, err
	}
	replies, err := s.Ask([]clients.Command{clients.Ping()})(ctx)
	if err == nil && !replies[0].Is("PONG") {
		err = fmt.Errorf("the reply to PING is %q", replies[0].String())
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// churn connects, waits for the first reply, and closes.
func churn(c clients.Client, t dial.Target) versus.Contender {
	return versus.Contender{Name: c.Name, Kind: c.Kind, Setup: func() (versus.Run, func(), error) {
		once := func() error {
			s, err := arrive(context.Background(), c, t)
			if err == nil {
				s.Close()
			}
			return err
		}
		return repeat(once), nil, once()
	}}
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
		w.Contenders = append(w.Contenders, churn(c, change(t)))
	}
	return w
}
