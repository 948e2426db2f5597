package main

import (
	"context"
	"math"
	"time"

	"github.com/bwredis/bwredis/bench/versus"
)

var restartSection = section{
	name: "restart", title: "the server is killed, and started again on the same port", callers: 8,
	bound: func(p pace) time.Duration { return p.restartBound },
	play:  restart,
	columns: []column{
		{"errors", func(r reading) float64 { return r.errors }, versus.FormatCount},
		{"late calls", func(r reading) float64 { return r.late }, versus.FormatCount},
		{"first success", func(r reading) float64 { return r.first }, versus.FormatMilliseconds},
		{"all callers served", func(r reading) float64 { return r.all }, versus.FormatMilliseconds},
		{"dialled meanwhile", func(r reading) float64 { return r.dials }, versus.FormatCount},
		{"goroutines left", func(r reading) float64 { return r.left }, versus.FormatCount},
	},
}

// restart kills the server and starts it again.
func restart(ctx context.Context, s stage, t *team, p pace) (read, error) {
	killed, dials := t.now(), t.dials.Load()
	s.Kill()
	if err := rest(ctx, p.down); err != nil {
		return nil, err
	}
	revived := t.now()
	if err := s.Revive(); err != nil {
		return nil, err
	}
	accepts, err := accepting(ctx, s.target())
	if err != nil {
		return nil, err
	}
	back, dials := accepts.Sub(t.epoch), t.dials.Load()-dials
	if err := t.recover(ctx, revived, p); err != nil {
		return nil, err
	}
	return func(all [][]record) reading { return readRestart(all, killed, revived, back, float64(dials)) }, nil
}

// recover waits for all callers to be served, and at least as long as is watched in any case.
func (t *team) recover(ctx context.Context, since time.Duration, p pace) error {
	start := time.Now()
	if err := rest(ctx, p.healed); err != nil {
		return err
	}
	for !t.allServed(since) && time.Since(start) < p.patient {
		if err := rest(ctx, again); err != nil {
			return err
		}
	}
	return nil
}

func (t *team) allServed(since time.Duration) bool {
	for _, c := range t.callers {
		if !c.servedSince(since) {
			return false
		}
	}
	return true
}

// readRestart reads what callers noted. Nobody can be served between the kill and the start.
func readRestart(all [][]record, killed, revived, back time.Duration, dials float64) reading {
	r := reading{dials: dials, first: math.Inf(1)}
	var flat []record
	for _, records := range all {
		flat = append(flat, records...)
		since := max(0, firstServed(records, revived)-float64(back)) / float64(time.Millisecond)
		r.first, r.all = min(r.first, since), max(r.all, since)
	}
	after := ended(flat, killed, math.MaxInt64)
	r.errors, r.late, r.strayed = float64(count(after, failed)), float64(late(after)), float64(count(flat, strayed))
	end := killed
	for _, record := range flat {
		end = max(end, record.end)
	}
	r.line = timelineOf(flat, killed, end)
	return r
}
