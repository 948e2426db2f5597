package main

import (
	"context"
	"fmt"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/rawpipe"
	"github.com/bwredis/bwredis/bench/versus"
)

const rawName = "raw"

// floor is a bare write and read for one caller, and two connections that batch half the requests each for more.
func floor(t dial.Target, j job, callers int, rec *crowd.Recorder) versus.Contender {
	if callers > 1 {
		return rawpipe.Contender(t, j.questions(), callers, true)
	}
	return crowd.Timed(rawName, versus.Floor, right, rec, func(ctx context.Context) ([]crowd.Call, func(), error) {
		w, err := rawpipe.NewWire(ctx, t, j.questions(), 1)
		if err != nil {
			return nil, nil, err
		}
		call := func(context.Context) (int, error) { return right, w.Exchange(1) }
		return []crowd.Call{call}, func() { _ = w.NC.Close() }, nil
	})
}

// client is a library, used in one way, whose callers do what jobs says of each. ok is false when it cannot be had, or adds nothing.
func client(c clients.Client, t dial.Target, jobs func(caller int) job, s clients.Shape, rec *crowd.Recorder) (made versus.Contender, ok bool) {
	if c.Single && jobs(0).pipelined() || c.Lone && s.Callers == 1 {
		return versus.Contender{}, false
	}
	return crowd.Timed(c.Name, c.Kind, right, rec, func(ctx context.Context) ([]crowd.Call, func(), error) {
		session, err := c.Open(ctx, t, s)
		if err != nil {
			return nil, nil, err
		}
		calls := make([]crowd.Call, s.Callers)
		for i := range calls {
			if calls[i] = jobs(i).call(session); calls[i] == nil {
				session.Close()
				return nil, nil, fmt.Errorf("there is no such way to ask")
			}
		}
		return calls, session.Close, nil
	}), true
}
