package pool

import "time"

// A Trace is told what a pool does, while [conn.Trace] is told what its connections do. Any function may be nil, and costs nothing then. They run on the
// goroutine of whoever does the work, as each says, several at a time, and so two that happen in the same moment may be told in either order. The pool is
// not locked meanwhile: [Pool.Stats] may be asked. They must return soon, because somebody waits for them, must not panic, and must not call [Pool.Close].
// Nothing of any request is in what they get.
type Trace struct {
	Dial  func(DialTrace)  // a dial ended; on its own goroutine, for which Close waits
	Wait  func(WaitTrace)  // a caller for whom there was no connection has one, or gives up; on his goroutine
	Close func(CloseTrace) // a connection was closed; on the goroutine that took it out: a caller's, a dial's or a timer's
	Reset func(ResetTrace) // every connection was given up; on the goroutine that called Reset, or whose request was refused
	Retry func(RetryTrace) // a request is about to be sent again; on the goroutine of its caller
}

// A DialTrace tells of a call of [Config.Dial].
type DialTrace struct {
	Began time.Time
	Took  time.Duration
	Err   error // nil: there is a connection, which Close is told of even when it came too late to be used
}

// A WaitTrace tells of a caller who had to wait.
type WaitTrace struct {
	Alone bool // for a connection to himself
	Took  time.Duration
	Err   error // nil: he has one
}

// A CloseTrace tells of the end of a connection.
type CloseTrace struct {
	Reason CloseReason
	Age    time.Duration // since its dial ended
	Err    error         // what it died of; nil: it was fine
}

// A CloseReason says why a connection was closed. [Stats] counts them.
type CloseReason string

// The reasons. What is found dead when it is to be closed for another reason has that one.
const (
	ClosedIdle    CloseReason = "idle"    // it sat unused for Config.IdleTimeout
	ClosedDead    CloseReason = "dead"    // it was broken, or With's function failed
	ClosedReset   CloseReason = "reset"   // because of Reset, or because the server is no master
	ClosedSurplus CloseReason = "surplus" // enough were kept already
	ClosedByUs    CloseReason = "by us"   // by Close
)

// A ResetTrace tells that a pool was reset.
type ResetTrace struct {
	Code string // what the server said: READONLY, LOADING or MASTERDOWN; "": it was Pool.Reset
}

// A RetryTrace tells of a second attempt.
type RetryTrace struct {
	First error // how the first one failed
}

func (t *Trace) dial(e DialTrace) {
	if t != nil && t.Dial != nil {
		t.Dial(e)
	}
}

func (t *Trace) wait(e WaitTrace) {
	if t != nil && t.Wait != nil {
		t.Wait(e)
	}
}

func (t *Trace) close(e CloseTrace) {
	if t != nil && t.Close != nil {
		t.Close(e)
	}
}

func (t *Trace) reset(e ResetTrace) {
	if t != nil && t.Reset != nil {
		t.Reset(e)
	}
}

func (t *Trace) retry(e RetryTrace) {
	if t != nil && t.Retry != nil {
		t.Retry(e)
	}
}
