package main

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/bwredis/bwredis/bench/versus"
)

var stallSection = section{
	name: "stall", title: "the server stops for a while, and goes on", callers: 64,
	bound: func(p pace) time.Duration { return p.stallBound },
	play:  stall,
	columns: []column{
		{"errors", func(r reading) float64 { return r.errors }, versus.FormatCount},
		{"late calls", func(r reading) float64 { return r.late }, versus.FormatCount},
		{"worst lateness", func(r reading) float64 { return r.worst }, versus.FormatMilliseconds},
		{"the machine's own", func(r reading) float64 { return r.own }, versus.FormatMilliseconds},
		{"successes/s afterwards", func(r reading) float64 { return r.rate }, versus.FormatRate},
		{"dialled", func(r reading) float64 { return r.dials }, versus.FormatCount},
		{"goroutines left", func(r reading) float64 { return r.left }, versus.FormatCount},
	},
}

// stall stops the server and lets it go on.
func stall(ctx context.Context, s stage, t *team, p pace) (read, error) {
	froze, dials := t.now(), t.dials.Load()
	if err := s.Freeze(); err != nil {
		return nil, err
	}
	err := rest(ctx, p.frozen)
	thawed := t.now()
	if err := errors.Join(err, s.Thaw()); err != nil {
		return nil, err
	}
	if err := rest(ctx, p.after); err != nil {
		return nil, err
	}
	end := t.now()
	dials = t.dials.Load() - dials
	return func(all [][]record) reading {
		return readStall(all, t.witness.taken(end), froze, thawed, end, float64(dials))
	}, nil
}

func readStall(all [][]record, witness []record, froze, thawed, end time.Duration, dials float64) reading {
	var flat []record
	for _, records := range all {
		flat = append(flat, records...)
	}
	since := ended(flat, froze, math.MaxInt64)
	return reading{
		dials: dials, errors: float64(count(since, failed)), late: float64(late(since)), strayed: float64(count(flat, strayed)),
		worst: float64(worst(since)) / float64(time.Millisecond),
		own:   float64(worst(ended(witness, froze, math.MaxInt64))) / float64(time.Millisecond),
		rate:  float64(count(ended(flat, thawed, end), served)) / (end - thawed).Seconds(),
	}
}
