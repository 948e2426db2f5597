package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// An idle is what one request costs after a pause, by one way, at one distance.
type idle struct {
	way         string
	added       time.Duration
	warm        time.Duration // there was no pause
	probed      time.Duration // the connection was idle, and asked before whether it lives
	redialled   time.Duration // the connection was idle for too long, and another one is dialled
	slowestDial time.Duration // to the first reply
}

const (
	pause      = 700 * time.Millisecond // longer than connections are trusted without a probe
	shortPause = 200 * time.Millisecond // after this a connection is too old, where that is what is measured
	pauses     = 3
	dials      = 5
	warmCalls  = 20
	idleTime   = 3 * time.Second // that all of this takes, about
)

// idles measures all ways at all distances at the same time: they mostly wait.
func (p *place) idles(ctx context.Context, added []time.Duration, progress io.Writer) ([]idle, error) {
	fmt.Fprintf(progress, "pauses and redials: about %v\n", idleTime)
	ways := append([]way{p.way}, p.others...)
	all := make([]idle, len(ways)*len(added))
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, w := range ways {
		for j, a := range added {
			wg.Go(func() {
				at := i*len(added) + j
				all[at], errs[at] = p.idle(ctx, w, a)
			})
		}
	}
	wg.Wait()
	return all, errors.Join(errs...)
}

func (p *place) idle(ctx context.Context, w way, added time.Duration) (i idle, err error) {
	far, proxy, err := p.far(w, added)
	if err != nil {
		return idle{}, err
	}
	defer func() { err = errors.Join(err, proxy.Close()) }()
	i = idle{way: w.name, added: added}
	if i.slowestDial, err = slowestDial(ctx, far); err != nil {
		return i, err
	}
	var wg sync.WaitGroup
	var errProbed, errRedialled error
	wg.Go(func() { i.warm, i.probed, errProbed = afterPauses(ctx, far, time.Minute) })
	wg.Go(func() { _, i.redialled, errRedialled = afterPauses(ctx, far, shortPause) })
	wg.Wait()
	return i, errors.Join(errProbed, errRedialled)
}

func slowestDial(ctx context.Context, w way) (slowest time.Duration, err error) {
	for range dials {
		start := time.Now()
		c, err := w.dial(ctx)
		if err != nil {
			return 0, err
		}
		_, err = c.Do(ctx, "PING")
		slowest = max(slowest, time.Since(start))
		if err = errors.Join(err, c.Close()); err != nil {
			return 0, err
		}
	}
	return slowest, nil
}

// afterPauses returns the medians of requests without a pause before, and with one, where connections may be idle for so long.
func afterPauses(ctx context.Context, w way, mayBeIdle time.Duration) (warm, paused time.Duration, err error) {
	pl, err := openPool(ctx, w, 1, mayBeIdle)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = pl.Close() }()
	r := reader{pool: pl}
	timed := func() time.Duration {
		start := time.Now()
		_, failed := r.read(ctx)
		err = errors.Join(err, failed)
		return time.Since(start)
	}
	var warms, pausedTimes []time.Duration
	for range warmCalls {
		warms = append(warms, timed())
	}
	for range pauses {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return 0, 0, ctx.Err()
		}
		pausedTimes = append(pausedTimes, timed())
	}
	return median(warms), median(pausedTimes), err
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
