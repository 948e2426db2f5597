package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/versus"
)

// A verb is what one operation does.
type verb int

const (
	get      verb = iota // 64 bytes, in whatever form the client likes best
	set                  // 64 bytes
	evalsha              // INCR + EXPIRE
	getInto              // a large value into memory of the caller's that is used again and again
	getOwned             // a large value as memory of its own
)

// A job is an operation with its operands.
type job struct {
	verb  verb
	key   string
	value []byte // what GET returns or SET stores
	sha   string // of the script
}

// want is what a call of the job has to return, 0: any number above 0 will do.
func (j job) want() int {
	if j.verb == set {
		return mark("OK")
	}
	return mark(j.value)
}

// mark is what a call makes of the reply, so that a wrong one is noticed without costing much.
func mark[B ~string | ~[]byte](b B) int {
	if len(b) == 0 {
		return 0
	}
	return len(b)<<8 | int(b[len(b)-1])
}

// A shape says how many callers there are, and how many connections a client may open for them; 0: as many as serve it best.
type shape struct {
	callers, limit int
}

// connections is how many a client opens that gives each caller one.
func (s shape) connections() int {
	if s.limit > 0 {
		return min(s.limit, s.callers)
	}
	return s.callers
}

// A session is a client that is connected.
type session interface {
	// call prepares what one caller does again and again; nil when the client has no such way.
	call(j job, caller int) crowd.Call
	close()
}

// A client is one way to use a library.
type client struct {
	name string
	kind versus.Kind
	open func(ctx context.Context, t dial.Target, s shape) (session, error)
}

// contender makes a client do a job. With a recorder its samples are bounded by time.
func (c client) contender(t dial.Target, j job, s shape, rec *crowd.Recorder, cancellable bool) versus.Contender {
	made := versus.Contender{Name: c.name, Kind: c.kind}
	gather := func() (*crowd.Crowd, func(), error) { return c.gather(t, j, s, rec, cancellable) }
	if rec != nil {
		made.SetupTimed = func() (versus.RunFor, func(), error) {
			callers, closeAll, err := gather()
			if err != nil {
				return nil, nil, err
			}
			return callers.RunFor, closeAll, nil
		}
		return made
	}
	made.Setup = func() (versus.Run, func(), error) {
		callers, closeAll, err := gather()
		if err != nil {
			return nil, nil, err
		}
		return callers.Run, closeAll, nil
	}
	return made
}

// gather connects, and lets every caller do a little: what is wrong must not be measured.
func (c client) gather(t dial.Target, j job, s shape, rec *crowd.Recorder, cancellable bool) (*crowd.Crowd, func(), error) {
	opened, err := c.open(context.Background(), t, s)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.Background(), func() {}
	if cancellable {
		ctx, cancel = context.WithCancel(ctx)
	}
	closeAll := func() { cancel(); opened.close() }
	callers, err := newCrowd(ctx, opened, j, s.callers, rec)
	if err == nil {
		err = callers.Run(2 * s.callers)
	}
	if err != nil {
		closeAll()
		return nil, nil, fmt.Errorf("first operations: %w", err)
	}
	return callers, closeAll, nil
}

var errUnable = errors.New("the client cannot do this")

func newCrowd(ctx context.Context, s session, j job, callers int, rec *crowd.Recorder) (*crowd.Crowd, error) {
	calls := make([]crowd.Call, callers)
	for i := range calls {
		if calls[i] = s.call(j, i); calls[i] == nil {
			return nil, errUnable
		}
	}
	return crowd.New(ctx, calls, j.want(), rec), nil
}
