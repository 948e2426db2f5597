package pool

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTraceIsToldEachEventOnce(t *testing.T) {
	var told []any
	trace := &Trace{
		Dial:  func(e DialTrace) { told = append(told, e) },
		Wait:  func(e WaitTrace) { told = append(told, e) },
		Close: func(e CloseTrace) { told = append(told, e) },
		Reset: func(e ResetTrace) { told = append(told, e) },
		Retry: func(e RetryTrace) { told = append(told, e) },
	}
	events := tellAll(trace)
	require.Equal(t, events, told)
}

func TestTraceMayBeNilInWholeAndInPart(t *testing.T) {
	tellAll(nil)
	tellAll(&Trace{})
	calls := 0
	tellAll(&Trace{Reset: func(ResetTrace) { calls++ }})
	require.Equal(t, 1, calls)
	var nobody *Trace
	require.Zero(t, testing.AllocsPerRun(100, func() { nobody.wait(WaitTrace{Alone: true, Took: time.Second}) }))
}

// tellAll tells a trace one event of each sort, and returns them.
func tellAll(trace *Trace) []any {
	failure := errors.New("no")
	dial := DialTrace{Began: time.Now(), Took: time.Second, Err: failure}
	wait := WaitTrace{Alone: true, Took: time.Minute, Err: failure}
	closed := CloseTrace{Reason: ClosedSurplus, Age: time.Hour, Err: failure}
	reset := ResetTrace{Code: "READONLY"}
	retry := RetryTrace{First: failure}
	trace.dial(dial)
	trace.wait(wait)
	trace.close(closed)
	trace.reset(reset)
	trace.retry(retry)
	return []any{dial, wait, closed, reset, retry}
}
