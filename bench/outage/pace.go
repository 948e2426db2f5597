package main

import (
	"context"
	"time"
)

// A pace is how long everything takes; tests have a shorter one.
type pace struct {
	warm    time.Duration // callers ask in peace, so that every client has its connections
	down    time.Duration // from the kill until the server is started again
	healed  time.Duration // that is watched after it is back, at least
	patient time.Duration // that is waited for the last caller's success
	frozen  time.Duration // of a stall
	after   time.Duration // that is watched after a stall
	storm   time.Duration

	restartBound time.Duration // contexts of callers in a restart, and of those who keep theirs in a storm
	stallBound   time.Duration // contexts of callers in a stall
}

var paced = pace{
	warm: 100 * time.Millisecond, down: time.Second, healed: 700 * time.Millisecond, patient: 3 * time.Second,
	frozen: 500 * time.Millisecond, after: time.Second, storm: time.Second,
	restartBound: time.Second, stallBound: 100 * time.Millisecond,
}

const (
	again     = 5 * time.Millisecond   // of rest for a caller after an error
	grace     = 50 * time.Millisecond  // how late a call may be before it counts as late
	stormMost = 300 * time.Microsecond // the longest that callers of a storm keep their mind
	endBound  = 3 * time.Second        // how long callers, and closing a client, may take in the end
	openBound = 5 * time.Second        // of opening a client
	leftBound = 500 * time.Millisecond // for goroutines to end
)

// rest returns early with an error when ctx ends.
func rest(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
