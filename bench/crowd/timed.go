package crowd

import (
	"context"
	"fmt"

	"github.com/bwredis/bwredis/bench/versus"
)

// Timed is a contender whose samples are bounded by time: open prepares a call for each caller, and returns what closes them. Every caller does a little before: what is wrong
// must not be measured. want and rec are those of [New]; rec is needed.
func Timed(name string, kind versus.Kind, want int, rec *Recorder, open func(ctx context.Context) ([]Call, func(), error)) versus.Contender {
	return versus.Contender{Name: name, Kind: kind, SetupTimed: func() (versus.RunFor, func(), error) {
		ctx := context.Background()
		calls, closeAll, err := open(ctx)
		if err != nil {
			return nil, nil, err
		}
		all := New(ctx, calls, want, rec)
		if err := all.Run(2 * len(calls)); err != nil {
			closeAll()
			return nil, nil, fmt.Errorf("first operations: %w", err)
		}
		return all.RunFor, closeAll, nil
	}}
}
