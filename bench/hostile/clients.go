package main

import (
	"context"
	"time"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/dial"
)

// readTimeout is what every client waits for a reply. It is longer than a server stalls, and than the slowest needs for the longest frame.
const readTimeout = 8 * time.Second

const ours = clients.OursName

// contenders are the columns of the table.
var contenders = bare()

// bare returns ours and the plain client of each other library. Ours is a connection, as those of the others are that have such a thing: what reads is the same in a pool.
func bare() []clients.Client {
	conn := clients.OursOn(1)
	conn.Name = ours
	all := []clients.Client{conn}
	for _, c := range clients.Peers() {
		if c.IsPlain() {
			all = append(all, c)
		}
	}
	return all
}

// A getter performs GET k and returns the reply as the client's most general type.
type getter func() (any, error)

// connect leaves a client with one connection that is ready for use: some connect when they are asked first.
func connect(c clients.Client, addr string, through dial.Func) (getter, error) {
	ctx := context.Background()
	s, err := c.OpenSmallest(ctx, dial.Target{Network: "tcp", Addr: addr, Dial: through, Timeout: readTimeout})
	if err != nil {
		return nil, err
	}
	if _, err := s.Ask([]clients.Command{clients.Ping()})(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return getting(s), nil
}

// getting asks with a context that has no end, so that rueidis and valkey-go read in the goroutine that called. Given one that can be cancelled and has no deadline,
// or several callers, they read in a goroutine of their own, and each of its panics ends the process.
func getting(s clients.Session) getter {
	ask := s.Ask([]clients.Command{{Name: "GET", Args: []string{"k"}, Want: clients.Any}})
	return func() (any, error) {
		replies, err := ask(context.Background())
		if err != nil {
			return nil, err
		}
		return replies[0].Any, nil
	}
}
