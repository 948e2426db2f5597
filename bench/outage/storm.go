package main

import (
	"context"
	"time"

	"github.com/bwredis/bwredis/bench/versus"
)

var stormSection = section{
	name: "storm", title: "half of 64 callers give up within 300 µs", callers: 64,
	bound: func(p pace) time.Duration { return p.restartBound },
	play:  storm,
	columns: []column{
		{"given up/s", func(r reading) float64 { return r.gaveUp }, versus.FormatRate},
		{"successes/s of the others", func(r reading) float64 { return r.rate }, versus.FormatRate},
		{"p99 of the others", func(r reading) float64 { return r.p99 }, versus.FormatNanoseconds},
		{"errors of the others", func(r reading) float64 { return r.errors }, versus.FormatCount},
		{"wrong replies", func(r reading) float64 { return r.strayed }, versus.FormatCount},
		{"dialled", func(r reading) float64 { return r.dials }, versus.FormatCount},
		{"goroutines left", func(r reading) float64 { return r.left }, versus.FormatCount},
	},
}

// minds are those of the callers in a storm: every other one is steady.
func minds(callers []*caller) {
	for i, c := range callers {
		c.mind = []mind{cancels, steady, outOfTime, steady}[i%4]
	}
}

// storm lets half of the callers change their mind.
func storm(ctx context.Context, _ stage, t *team, p pace) (read, error) {
	from, dials := t.now(), t.dials.Load()
	t.storming.Store(true)
	defer t.storming.Store(false)
	if err := rest(ctx, p.storm); err != nil {
		return nil, err
	}
	to := t.now()
	dials = t.dials.Load() - dials
	return func(all [][]record) reading { return readStorm(all, t.callers, from, to, float64(dials)) }, nil
}

func readStorm(all [][]record, callers []*caller, from, to time.Duration, dials float64) reading {
	r := reading{dials: dials}
	var others []record
	gaveUp := 0
	for i, records := range all {
		r.strayed += float64(count(records, strayed))
		if in := ended(records, from, to); callers[i].mind == steady {
			others = append(others, in...)
		} else {
			gaveUp += count(in, failed)
		}
	}
	seconds := (to - from).Seconds()
	r.gaveUp, r.rate = float64(gaveUp)/seconds, float64(count(others, served))/seconds
	r.errors, r.p99 = float64(count(others, failed)), quantile(others, 0.99)
	return r
}
