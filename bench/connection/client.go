package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/versus"
)

// A job is what one operation does, and what has to come of it.
type job struct {
	clients.Command
	text []byte // of the reply; nil: any number above 0 will do
}

// getJob is GET of a key that has this value.
func getJob(key string, want clients.Want, value []byte) job {
	command := clients.Get(key)
	command.Want, command.Room = want, len(value)
	return job{command, value}
}

func shortGet() job { return getJob(shortKey, clients.Text, valueOf(64)) }

func shortSet() job { return job{clients.Set(storeKey, string(valueOf(64))), []byte("OK")} }

func (s *site) count() job {
	return job{Command: clients.EvalSHA(clients.Number, s.sha, []string{counterKey}, scriptTTL)}
}

// mark is that of a right reply; 0: any above 0 will do.
func (j job) mark() int { return clients.MarkOf(j.text) }

// A setup is all about a workload but its name.
type setup struct {
	target      dial.Target
	job         job
	shape       clients.Shape
	cancellable bool
	rec         *crowd.Recorder  // with one, samples are bounded by time
	clients     []clients.Client // nil: all that are there for so many callers
}

// contender makes a client do the job.
func (u setup) contender(c clients.Client) versus.Contender {
	made := versus.Contender{Name: c.Name, Kind: c.Kind}
	if u.rec != nil {
		made.SetupTimed = func() (versus.RunFor, func(), error) {
			callers, closeAll, err := u.gather(c)
			if err != nil {
				return nil, nil, err
			}
			return callers.RunFor, closeAll, nil
		}
		return made
	}
	made.Setup = func() (versus.Run, func(), error) {
		callers, closeAll, err := u.gather(c)
		if err != nil {
			return nil, nil, err
		}
		return callers.Run, closeAll, nil
	}
	return made
}

// gather connects, and lets every caller do a little: what is wrong must not be measured.
func (u setup) gather(c clients.Client) (*crowd.Crowd, func(), error) {
	opened, err := c.Open(context.Background(), u.target, u.shape)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.Background(), func() {}
	if u.cancellable {
		ctx, cancel = context.WithCancel(ctx)
	}
	closeAll := func() { cancel(); opened.Close() }
	callers, err := u.crowd(ctx, opened)
	if err == nil {
		err = callers.Run(2 * u.shape.Callers)
	}
	if err != nil {
		closeAll()
		return nil, nil, fmt.Errorf("first operations: %w", err)
	}
	return callers, closeAll, nil
}

var errUnable = errors.New("the client cannot do this")

func (u setup) crowd(ctx context.Context, s clients.Session) (*crowd.Crowd, error) {
	calls := make([]crowd.Call, u.shape.Callers)
	for i := range calls {
		ask := s.Ask([]clients.Command{u.job.Command})
		if ask == nil {
			return nil, errUnable
		}
		calls[i] = func(ctx context.Context) (int, error) {
			replies, err := ask(ctx)
			if err != nil {
				return 0, err
			}
			return replies[0].Mark(), nil
		}
	}
	return crowd.New(ctx, calls, u.job.mark(), u.rec), nil
}
