package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/bwredis/bwredis/bench/clients"
)

// durable acknowledges only what a replica has.
type durable struct{ clients.Session }

func durably(open opener) opener {
	return func(ctx context.Context, s clients.Sentinels) (clients.Session, error) {
		session, err := open(ctx, s)
		if err != nil {
			return nil, err
		}
		return durable{session}, nil
	}
}

// replicationTimeout is how long WAIT waits for the replica.
const replicationTimeout = 100 * time.Millisecond

var errNotReplicated = errors.New("no replica has it")

// Ask puts WAIT behind the commands, in the same request, for WAIT waits for what its own connection has written. The replies count also when no replica has it.
func (d durable) Ask(commands []clients.Command) clients.Ask {
	n := len(commands)
	wait := clients.Command{Name: "WAIT", Args: []string{"1", strconv.FormatInt(replicationTimeout.Milliseconds(), 10)}, Want: clients.Number}
	ask := d.Session.Ask(append(commands[:n:n], wait))
	return func(ctx context.Context) ([]clients.Reply, error) {
		replies, err := ask(ctx)
		if err != nil {
			return nil, err
		}
		if replies[n].Ints[0] == 0 {
			err = errNotReplicated
		}
		return replies[:n], err
	}
}

// NotExecuted implements [clients.Judge].
func (d durable) NotExecuted(err error) bool { return clients.NotExecuted(d.Session, err) }
