package main

import (
	"context"
	"fmt"

	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/embedded"
	"github.com/bwredis/bwredis/bench/versus"
	"github.com/bwredis/bwredis/bench/wiretap"
	"github.com/bwredis/bwredis/bwstate"
)

// A recorder does operations of the state with the embedded store as the server, so that they can be measured with what it answered, and without it.
type recorder struct {
	tap   wiretap.Tap
	pool  interface{ Close() error }
	state *bwstate.State
	token string
}

func newRecorder(ctx context.Context) (*recorder, error) {
	server, err := embedded.New(ctx)
	if err != nil {
		return nil, err
	}
	r := &recorder{}
	if r.state, r.pool, err = openState(ctx, r.tap.Target(server.Target())); err != nil {
		return nil, err
	}
	sessions, err := appSessions(r.state)
	if err != nil {
		return nil, err
	}
	session, err := sessions.Create(ctx, "", []byte(sessionData))
	r.token = string(session.Token)
	return r, err
}

func openState(ctx context.Context, t dial.Target) (*bwstate.State, interface{ Close() error }, error) {
	p, err := openPool(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	return bwstate.New(p), p, nil
}

func stateOperations() (made []operation, err error) {
	ctx := context.Background()
	r, err := newRecorder(ctx)
	if err != nil {
		return nil, err
	}
	defer r.pool.Close()
	for _, a := range askedOfState {
		op, err := r.operation(ctx, a)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.name, err)
		}
		made = append(made, op)
	}
	return made, nil
}

// operation does a twice, for scripts may be unknown before, and keeps what passed the second time.
func (r *recorder) operation(ctx context.Context, a asked) (op operation, err error) {
	call, err := a.prepare(r.state, r.token)
	if err != nil {
		return op, err
	}
	if err := call(ctx); err != nil {
		return op, err
	}
	r.tap.Clear()
	before := r.state.RoundTrips()
	if err := call(ctx); err != nil {
		return op, err
	}
	sent, received := r.tap.Taken()
	replies, err := wiretap.Split(received)
	if err != nil {
		return op, err
	}
	return operation{
		name: "state/" + a.name, title: a.title, floor: bareWire,
		ours: a.replayed(replies, r.token), bare: bareExchange(sent, replies),
		wire: &wire{len(sent), int(r.state.RoundTrips() - before)},
	}, nil
}

// replayed is a with the same replies each time, over a connection within memory.
func (a asked) replayed(replies [][]byte, token string) setup {
	return func() (versus.Run, func(), error) {
		ctx := context.Background()
		state, p, err := openState(ctx, memory(replies))
		if err != nil {
			return nil, nil, err
		}
		call, err := a.prepare(state, token)
		if err != nil {
			_ = p.Close()
			return nil, nil, err
		}
		return opened(p, func() error { return call(ctx) })
	}
}
