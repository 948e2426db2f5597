package main

import (
	"context"
	"errors"
	"sync"
	"time"
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
	client    counter
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
func (t *team) open(ctx context.Context, sentinels []string) {
	ctx, cancel := context.WithTimeout(ctx, openBound)
	defer cancel()
	type opening struct {
		client counter
		err    error
	}
	done := make(chan opening, 1)
	go func() {
		client, err := t.contender.open(ctx, sentinels)
		done <- opening{client, err}
	}()
	select {
	case o := <-done:
		t.client, t.closed = o.client, o.err
	case <-time.After(openBound + time.Second):
		t.closed = errSlow
		go func() {
			if o := <-done; o.err == nil {
				o.client.close()
			}
		}()
	}
}

// begin starts the load, which halted ends.
func (t *team) begin(epoch time.Time) {
	t.epoch, t.halt = epoch, make(chan struct{})
	t.stream.key, t.crowd.key = "stream:"+t.contender.name, "crowd:"+t.contender.name
	t.wg.Go(t.pace)
	for range callers {
		t.wg.Go(t.press)
	}
}

// pace is one caller at a fixed rate. Where a call takes longer, those that were due meanwhile are left out.
func (t *team) pace() {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for !t.isHalted() { // asked apart, for after a long call there is a tick as well
		select {
		case <-t.halt:
		case <-tick.C:
			t.call(&t.stream)
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
func (t *team) press() {
	for {
		pause := rest
		if !t.call(&t.crowd).isSuccess() {
			pause = again
		}
		select {
		case <-t.halt:
			return
		case <-time.After(pause):
		}
	}
}

func (t *team) call(l *ledger) outcome {
	ctx, cancel := context.WithTimeout(context.Background(), callBound)
	defer cancel()
	r := record{begin: time.Since(t.epoch)}
	value, err := t.client.incr(ctx, l.key)
	r.end = time.Since(t.epoch)
	if err == nil {
		r.value = value
	} else if r.outcome = t.client.fate(err); r.outcome == unpromised {
		r.value = value
	}
	l.add(r)
	return r.outcome
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
