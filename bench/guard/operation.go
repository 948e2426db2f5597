package main

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/bwredis/bwredis/bench/versus"
)

// An operation is something of ours, and the least that does the same with the same bytes.
type operation struct {
	name, title string
	floor       string // what bare is
	ours, bare  setup
	wire        *wire // what passes; nil: nothing does, or rawpipe has checked it
}

// A setup prepares work, as for [versus.Contender], and fails if it would give wrong results. close may be nil.
type setup func() (run versus.Run, close func(), err error)

// A wire is what one operation sends.
type wire struct{ sent, roundTrips int }

// operations returns all that is guarded.
func operations() ([]operation, error) {
	state, err := stateOperations()
	return slices.Concat(codecOperations(), connOperations(), poolOperations(), state), err
}

// looped is work that makes a value, again and again. The first must be the one that is wanted.
func looped[T any](want T, once func() (T, error)) setup {
	return func() (versus.Run, func(), error) {
		var kept T
		run := func(n int) (err error) {
			for range n {
				if kept, err = once(); err != nil {
					return err
				}
			}
			return nil
		}
		if err := run(1); err != nil {
			return nil, nil, err
		}
		if !reflect.DeepEqual(kept, want) {
			return nil, nil, fmt.Errorf("makes %v, want %v", kept, want)
		}
		return run, nil, nil
	}
}
