package main

import (
	"context"
	"runtime"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bench/clients"
)

// A section is one thing that goes wrong.
type section struct {
	name, title string
	callers     int
	bound       func(pace) time.Duration // of callers' contexts
	play        func(context.Context, stage, *team, pace) (read, error)
	columns     []column
}

// A read makes figures of what each caller noted, when all have come to an end.
type read func(all [][]record) reading

// A reading is the figures of one round.
type reading struct {
	errors, late, strayed, dials, left float64
	first, all, worst, own             float64 // milliseconds
	rate, gaveUp                       float64 // in a second
	p99                                float64 // nanoseconds
	line                               timeline
}

func sections() []section { return []section{restartSection, stallSection, stormSection} }

// names lists the sections.
func names() string {
	var all []string
	for _, s := range sections() {
		all = append(all, s.name)
	}
	return strings.Join(all, ", ")
}

// round takes one client through a section. The server is there before and afterwards.
func (s section) round(ctx context.Context, st stage, c clients.Client, p pace) (r reading, err error) {
	if err := fill(ctx, st, s.callers); err != nil {
		return r, unfit{err}
	}
	goroutines := runtime.NumGoroutine()
	t, err := openTeam(ctx, c, st.target(), s.callers, s.bound(p))
	if err != nil {
		return r, err
	}
	if s.name == stormSection.name {
		minds(t.callers)
	}
	t.begin()
	var figures read
	if err = rest(ctx, p.warm); err == nil {
		figures, err = s.play(ctx, st, t, p)
	}
	all := t.halted()
	closed := t.close()
	switch {
	case err != nil:
		return r, unfit{err}
	case closed != nil:
		return r, closed
	}
	r = figures(all)
	r.left = float64(leftOver(goroutines))
	return r, nil
}

// An unfit error is not the client's, and ends the program.
type unfit struct{ error }

func (e unfit) Unwrap() error { return e.error }

// leftOver is how many goroutines there are more than before, after a moment for those that are about to end.
func leftOver(before int) (n int) {
	for start := time.Now(); ; time.Sleep(again) {
		if n = runtime.NumGoroutine() - before; n <= 0 || time.Since(start) > leftBound {
			return max(0, n)
		}
	}
}
