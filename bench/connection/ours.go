package main

import (
	"context"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/versus"
	"github.com/bwredis/bwredis/conn"
)

// Names of contenders of ours.
const (
	oursOne = "ours/1conn"
	oursDo  = "ours/1conn, owned by Do"
)

// oursByDo is one connection whose callers want values of their own.
func oursByDo() clients.Client {
	return clients.Client{Name: oursDo, Kind: versus.Ours, Open: func(ctx context.Context, t dial.Target, _ clients.Shape) (clients.Session, error) {
		c, err := t.Ours(ctx)
		if err != nil {
			return nil, err
		}
		return oursDoSession{c}, nil
	}}
}

type oursDoSession struct{ conn *conn.Conn }

func (s oursDoSession) Close() { _ = s.conn.Close() }

func (s oursDoSession) Ask(commands []clients.Command) clients.Ask {
	if len(commands) != 1 {
		return nil
	}
	args := append([]string{commands[0].Name}, commands[0].Args...)
	replies := make([]clients.Reply, 1)
	return func(ctx context.Context) ([]clients.Reply, error) {
		v, err := s.conn.Do(ctx, args...)
		if err != nil {
			return nil, err
		}
		replies[0].Text, err = v.Text()
		return replies, err
	}
}
