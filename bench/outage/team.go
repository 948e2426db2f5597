package main

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/dial"
)

// A team is a client under load: callers that each make the next call after the last, and after an error a rest.
type team struct {
	session  clients.Session
	callers  []*caller
	witness  *caller       // asks nobody, and waits for the end of its contexts: how late it is, is the machine's doing
	bound    time.Duration // of contexts
	epoch    time.Time
	dials    *atomic.Int64
	storming atomic.Bool

	halt chan struct{}
	wg   sync.WaitGroup
}

var (
	errSlow  = errors.New("it takes too long")
	errNoWay = errors.New("it has no way to ask for one key")
)

// openTeam connects the client.
func openTeam(ctx context.Context, c clients.Client, t dial.Target, n int, bound time.Duration) (*team, error) {
	ctx, cancel := context.WithTimeout(ctx, openBound)
	defer cancel()
	team := &team{bound: bound, dials: new(atomic.Int64), halt: make(chan struct{}), witness: &caller{ask: abide}}
	t.Patient, t.Attempt = true, func() { team.dials.Add(1) }
	session, err := c.Open(ctx, t, clients.Shape{Callers: n})
	if err != nil {
		return nil, err
	}
	team.session = session
	for i := range n {
		get := clients.Get(keyOf(i))
		get.Nullable = true
		ask := session.Ask([]clients.Command{get})
		if ask == nil {
			session.Close()
			return nil, errNoWay
		}
		team.callers = append(team.callers, &caller{ask: ask, value: valueOf(i)})
	}
	return team, nil
}

// abide is what a witness asks.
func abide(ctx context.Context) ([]clients.Reply, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (t *team) now() time.Duration { return time.Since(t.epoch) }

// begin starts the load, which halted ends.
func (t *team) begin() {
	t.epoch = time.Now()
	for _, c := range append([]*caller{t.witness}, t.callers...) {
		t.wg.Go(func() { t.press(c) })
	}
}

func (t *team) press(c *caller) {
	for {
		select {
		case <-t.halt:
			return
		default:
		}
		if c.call(t.epoch, t.bound, t.storming.Load()) {
			continue
		}
		select {
		case <-t.halt:
			return
		case <-time.After(again):
		}
	}
}

// halted ends the load. It returns the records of each caller, and does not wait for ever for calls that go on after their contexts have ended.
func (t *team) halted() (all [][]record) {
	close(t.halt)
	within(endBound, t.wg.Wait)
	now := t.now()
	for _, c := range t.callers {
		all = append(all, c.taken(now))
	}
	return all
}

// close reports an error when the client does not come to an end. It is then left to itself.
func (t *team) close() error {
	if !within(endBound, t.session.Close) {
		return errSlow
	}
	return nil
}

// within reports whether do returned in time.
func within(bound time.Duration, do func()) bool {
	done := make(chan struct{})
	go func() { do(); close(done) }()
	select {
	case <-done:
		return true
	case <-time.After(bound):
		return false
	}
}
