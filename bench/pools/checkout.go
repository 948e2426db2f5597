package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/versus"
)

// A turn takes a connection and gives it back.
type turn func() error

// A stand is an open pool.
type stand struct {
	prepare func(held func()) turn // for one caller; held is called while there is a connection
	close   func()
}

// A lender is a way to have connections lent.
type lender struct {
	name string
	kind versus.Kind
	open func(ctx context.Context, t dial.Target, connections int) (stand, error)
}

// poolSizes are how many connections there are to take.
var poolSizes = []int{3, 10}

// checkoutCallers are how many take them.
var checkoutCallers = []int{1, 8, 64, 512}

func checkoutName(callers, size int) string { return fmt.Sprintf("checkout-%d-of-%d", callers, size) }
func waitName(callers, size int) string     { return fmt.Sprintf("wait-%d-of-%d", callers, size) }

func checkouts(t dial.Target) (all []experiment) {
	for _, callers := range checkoutCallers {
		for _, size := range poolSizes {
			all = append(all, experiment{Workload: checkout(t, callers, size)})
		}
	}
	for _, size := range poolSizes {
		for _, callers := range checkoutCallers {
			if callers > size {
				all = append(all, experiment{Workload: wait(t, callers, size)})
			}
		}
	}
	return all
}

func checkout(t dial.Target, callers, size int) versus.Workload {
	w := versus.Workload{
		Name: checkoutName(callers, size), Title: fmt.Sprintf("take and give back, %s, %d connections", plural(callers), size),
		Unit: "turns", Reference: channelName,
	}
	for _, l := range append(lenders(), oursShared()) {
		w.Contenders = append(w.Contenders, l.contender(t, callers, size, checkoutCall))
	}
	return w
}

func plural(callers int) string {
	if callers == 1 {
		return "1 caller"
	}
	return fmt.Sprintf("%d callers", callers)
}

// perCall is how many turns are one call of the crowd: a turn is so little that to deal them out one by one would take as long.
const perCall = 64

func checkoutCall(s stand, _ int) (call crowd.Call, turns int) {
	once := s.prepare(func() {})
	return func(context.Context) (int, error) {
		for range perCall {
			if err := once(); err != nil {
				return 0, err
			}
		}
		return 1, nil
	}, perCall
}

// wait has connections held until the scheduler has been round, so that others come meanwhile. What is recorded is how long it took to get one.
func wait(t dial.Target, callers, size int) versus.Workload {
	rec := crowd.NewRecorder(callers)
	w := versus.Workload{
		Name: waitName(callers, size), Title: fmt.Sprintf("waiting for one that is held for a while, %s, %d connections", plural(callers), size),
		Unit: "turns", Reference: channelName, Gauges: append(rec.Gauges(), rec.LongestGauge()),
	}
	for _, l := range lenders() {
		w.Contenders = append(w.Contenders, l.contender(t, callers, size, func(s stand, caller int) (crowd.Call, int) { return waitCall(s, rec.Caller(caller)), 1 }))
	}
	return w
}

func waitCall(s stand, hist *crowd.Histogram) crowd.Call {
	var start time.Time
	once := s.prepare(func() {
		hist.Add(time.Since(start))
		runtime.Gosched()
	})
	return func(context.Context) (int, error) {
		start = time.Now()
		return 1, once()
	}
}

// contender opens the pool, and lets every caller have a turn. callOf returns how many turns its call has.
func (l lender) contender(t dial.Target, callers, size int, callOf func(s stand, caller int) (crowd.Call, int)) versus.Contender {
	return versus.Contender{Name: l.name, Kind: l.kind, Setup: func() (versus.Run, func(), error) {
		ctx := context.Background()
		s, err := l.open(ctx, t, size)
		if err != nil {
			return nil, nil, err
		}
		var turns int
		calls := make([]crowd.Call, callers)
		for i := range calls {
			calls[i], turns = callOf(s, i)
		}
		all := crowd.New(ctx, calls, 0, nil)
		if err := all.Run(callers); err != nil {
			s.close()
			return nil, nil, err
		}
		return func(n int) error { return all.Run((n + turns - 1) / turns) }, s.close, nil
	}}
}
