package harness

import (
	"errors"
	"fmt"
	"time"
)

// errTimeout is in the error of a wait that ran out of time.
var errTimeout = errors.New("timed out")

// giveUp ends a wait early: what it waits for can not come any more.
type giveUp struct{ error }

func (e giveUp) Unwrap() error { return e.error }

// poll calls check until it returns nil, and waits for interval in between. When the time is over it
// returns check's last error.
func poll(patience, interval time.Duration, check func() error) error {
	for end := time.Now().Add(patience); ; time.Sleep(interval) {
		err := check()
		if err == nil || errors.As(err, new(giveUp)) {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%w after %v: %w", errTimeout, patience, err)
		}
	}
}
