package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/sentinels"
)

const (
	interval  = 11 * time.Millisecond // of the stream: about ninety a second
	callers   = 8                     // beside the stream
	rest      = 10 * time.Millisecond // of a caller after a success
	again     = 5 * time.Millisecond  // after an error
	callBound = 5 * time.Second       // the context of every call
	openBound = 8 * time.Second       // of opening a client, also by way of addresses that are dead
)

// A team is a client under load: a stream of increments at a fixed rate, which is one caller's, and callers that each make the next call soon after the last.
type team struct {
	contender contender
	session   clients.Session
	watched   *window // its way to the sentinels
	closed    error   // why it could not be opened
	epoch     time.Time
	stream    ledger
	crowd     ledger

	halt chan struct{}
	wg   sync.WaitGroup
}

var errSlow = errors.New("it takes too long")

// open opens the client. One that does not look at its context is left to itself when it takes too long.
func (t *team) open(ctx context.Context, addrs []string) {
	ctx, cancel := context.WithTimeout(ctx, openBound)
	defer cancel()
	type opening struct {
		session clients.Session
		err     error
	}
	done := make(chan opening, 1)
	go func() {
		session, err := t.contender.open(ctx, clients.Sentinels{Addrs: addrs, Master: sentinels.Master, Refresh: t.contender.refresh})
		done <- opening{session, err}
	}()
	select {
	case o := <-done:
		t.session, t.closed = o.session, o.err
	case <-time.After(openBound + time.Second):
		t.closed = errSlow
		go func() {
			if o := <-done; o.err == nil {
				o.session.Close()
			}
		}()
	}
}

// begin starts the load, which halted ends.
func (t *team) begin(epoch time.Time) {
	t.epoch, t.halt = epoch, make(chan struct{})
	t.stream.key, t.crowd.key = "stream:"+t.contender.name, "crowd:"+t.contender.name
	stream := t.session.Ask(incr(t.stream.key))
	t.wg.Go(func() { t.pace(stream) })
	for range callers {
		crowd := t.session.Ask(incr(t.crowd.key))
		t.wg.Go(func() { t.press(crowd) })
	}
}

// pace is one caller at a fixed rate. Where a call takes longer, those that were due meanwhile are left out.
func (t *team) pace(ask clients.Ask) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for !t.isHalted() { // asked apart, for after a long call there is a tick as well
		select {
		case <-t.halt:
		case <-tick.C:
			t.call(ask, &t.stream)
		}
	}
}

func (t *team) isHalted() bool {
	select {
	case <-t.halt:
		return true
	default:
		return false
	}
}

// press is one caller of the crowd.
func (t *team) press(ask clients.Ask) {
	for {
		pause := rest
		if !t.call(ask, &t.crowd).isSuccess() {
			pause = again
		}
		select {
		case <-t.halt:
			return
		case <-time.After(pause):
		}
	}
}

func (t *team) call(ask clients.Ask, l *ledger) outcome {
	ctx, cancel := context.WithTimeout(context.Background(), callBound)
	defer cancel()
	r := record{begin: time.Since(t.epoch)}
	replies, err := ask(ctx)
	r.end = time.Since(t.epoch)
	if r.outcome = t.outcomeOf(err); r.outcome.isSuccess() {
		r.value = replies[0].Ints[0]
	}
	l.add(r)
	return r.outcome
}

func (t *team) outcomeOf(err error) outcome {
	switch {
	case err == nil:
		return acknowledged
	case errors.Is(err, errNotReplicated):
		return unpromised
	case clients.NotExecuted(t.session, err):
		return refused
	}
	return unknown
}

// halted ends the load, and reports false when a call goes on long after its context has ended.
func (t *team) halted() bool {
	close(t.halt)
	done := make(chan struct{})
	go func() { t.wg.Wait(); close(done) }()
	select {
	case <-done:
		return true
	case <-time.After(2 * callBound):
		return false
	}
}
