package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/bwredis/bwredis/bench/relay"
	"github.com/bwredis/bwredis/bench/sentinels"
	"github.com/bwredis/bwredis/bench/server"
)

const (
	warm      = 20 // successes of each stream before anything happens
	warmBound = 5 * time.Second
	settled   = 5 // successes of each stream under a new master, until the client is taken to have followed
)

// A stage is a set with all clients under load, for one round of one scenario.
type stage struct {
	set     *sentinels.Set
	teams   []*team
	closed  map[string]error // clients that could not be opened, and why
	watcher *watcher
	told    int        // switchovers that the watcher was asked for
	last    switchover // the latest of them
	master  *sentinels.Node
	reigns  int // masters that were marked
	epoch   time.Time
	dead    []*relay.Relay

	begun, over time.Duration // when the scenario began to do something, and when it was over
	silence     time.Duration // how long all sentinels were down; 0: never
	inVain      map[string]int
}

// prepare starts everything but the load. The caller must tear the stage down, whatever it returns.
func prepare(ctx context.Context, binary string, s scenario, who []contender) (g *stage, err error) {
	g = &stage{closed: map[string]error{}, inVain: map[string]int{}}
	if g.set, err = sentinels.Start(ctx, binary, s.options); err != nil {
		return g, err
	}
	g.master = g.set.Data[0]
	if g.watcher, err = watch(ctx, g.set, g.master.Announced); err != nil {
		return g, err
	}
	var dead []string
	if s.partlyDead {
		if dead, err = g.deadAddrs(); err != nil {
			return g, err
		}
	}
	return g, g.open(ctx, s, who, dead)
}

// deadAddrs are one that refuses and one that takes connections and never answers.
func (g *stage) deadAddrs() ([]string, error) {
	port, err := server.FreePort()
	if err != nil {
		return nil, err
	}
	silent, err := relay.Listen(g.set.Sentinels[0].Addr, nil)
	if err != nil {
		return nil, err
	}
	silent.Stall()
	g.dead = append(g.dead, silent)
	return []string{fmt.Sprintf("%s:%d", server.Loopback, port), silent.Addr()}, nil
}

// open opens all clients at the same time.
func (g *stage) open(ctx context.Context, s scenario, who []contender, dead []string) error {
	for _, c := range who {
		if !c.isIn(s.name) {
			continue
		}
		w, err := openWindow(g.set)
		g.teams = append(g.teams, &team{contender: c, watched: w})
		if err != nil {
			return err
		}
	}
	var wg sync.WaitGroup
	for _, t := range g.teams {
		wg.Go(func() { t.open(ctx, append(dead[:len(dead):len(dead)], t.watched.addrs()...)) })
	}
	wg.Wait()
	g.dismiss()
	return ctx.Err()
}

// dismiss takes out the teams whose client could not be opened.
func (g *stage) dismiss() {
	g.teams = slices.DeleteFunc(g.teams, func(t *team) bool {
		if t.session != nil {
			return false
		}
		g.closed[t.contender.name] = t.closed
		t.watched.close()
		return true
	})
}

// begin starts the load, and returns when every client is at work.
func (g *stage) begin(ctx context.Context) error {
	g.epoch = time.Now()
	for _, t := range g.teams {
		t.begin(g.epoch)
	}
	if !g.until(ctx, warmBound, g.everyStream(0, warm)) {
		return fmt.Errorf("not every client works before the scenario begins")
	}
	return nil
}

func (g *stage) since() time.Duration { return time.Since(g.epoch) }

// everyStream asks whether every client has so many successes under a master.
func (g *stage) everyStream(master, successes int) func() bool {
	return func() bool {
		for _, t := range g.teams {
			if t.stream.under(master) < successes {
				return false
			}
		}
		return true
	}
}

// until waits for a condition, and reports whether it came true within the bound.
func (g *stage) until(ctx context.Context, bound time.Duration, condition func() bool) bool {
	deadline := time.Now().Add(bound)
	for !condition() {
		if ctx.Err() != nil || time.Now().After(deadline) {
			return false
		}
		pause(ctx, 20*time.Millisecond)
	}
	return true
}

// pause waits, for less when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// end ends the load. It returns an error when a call hangs, for then nothing can be counted.
func (g *stage) end() error {
	g.over = g.since()
	hang := make([]bool, len(g.teams))
	var wg sync.WaitGroup
	for i, t := range g.teams {
		wg.Go(func() { hang[i] = !t.halted() })
	}
	wg.Wait()
	for i, t := range g.teams {
		if hang[i] {
			return fmt.Errorf("%s: a call goes on long after its context has ended", t.contender.name)
		}
	}
	return nil
}

// closeBound is how long a client may take to close before it is left to itself.
const closeBound = 3 * time.Second

// tearDown leaves no process and no connection.
func (g *stage) tearDown() {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		for _, t := range g.teams {
			if t.session != nil {
				t.session.Close()
			}
		}
	}()
	select {
	case <-closed:
	case <-time.After(closeBound):
	}
	for _, t := range g.teams {
		t.watched.close()
	}
	for _, r := range g.dead {
		r.Close()
	}
	if g.watcher != nil {
		g.watcher.close()
	}
	if g.set != nil {
		g.set.Stop()
	}
}
