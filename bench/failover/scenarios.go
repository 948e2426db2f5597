package main

import (
	"context"
	"time"

	"github.com/bwredis/bwredis/bench/sentinels"
)

// Names of scenarios.
const (
	plannedName   = "planned"
	killName      = "kill"
	stopName      = "stop"
	partitionName = "partition"
	missedName    = "missed"
	knownName     = "known"
	downName      = "sentinels-down"
	deadName      = "partly-dead"
)

// A scenario is what happens to a set. The replica is marked before.
type scenario struct {
	name, title string
	act         func(g *stage, ctx context.Context) error
	options     sentinels.Options
	partlyDead  bool // two addresses that lead nowhere come first in the list of sentinels
}

func scenarios() []scenario {
	return []scenario{
		{name: plannedName, title: "SENTINEL FAILOVER", act: (*stage).planned},
		{name: killName, title: "SIGKILL of the master", act: (*stage).kill},
		{name: stopName, title: "SIGSTOP of the master, SIGCONT in the end", act: (*stage).stop},
		{name: partitionName, title: "partition of the master, which heals in the end", act: (*stage).partition, options: sentinels.Options{Network: true}},
		{name: missedName, title: "SENTINEL FAILOVER of which no client hears", act: (*stage).missed},
		{name: knownName, title: "SENTINEL FAILOVER there and back", act: (*stage).known},
		{name: downName, title: "all sentinels down, SIGKILL of the master, sentinels up", act: (*stage).sentinelsDown},
		{name: deadName, title: "SENTINEL FAILOVER, two dead addresses first in the list of sentinels", act: (*stage).planned, partlyDead: true},
	}
}

func (g *stage) planned(ctx context.Context) error {
	if err := g.failOver(ctx); err != nil {
		return err
	}
	g.followed(ctx, followBound)
	return nil
}

// calm is for those who want to know whether a replica has what they wrote: when one of two servers is dead, none has.
const calm = time.Second

func (g *stage) kill(ctx context.Context) error {
	pause(ctx, calm)
	g.master.Kill()
	if err := g.switched(ctx, switchBound); err != nil {
		return err
	}
	g.followed(ctx, followBound)
	return nil
}

func (g *stage) stop(ctx context.Context) error {
	old := g.master
	if err := old.Freeze(); err != nil {
		return err
	}
	if err := g.switched(ctx, switchBound); err != nil {
		return err
	}
	g.followed(ctx, followBound)
	if err := old.Thaw(); err != nil {
		return err
	}
	return g.demoted(ctx, old)
}

func (g *stage) partition(ctx context.Context) error {
	old := g.master
	g.set.Network.Stall()
	if err := g.switched(ctx, switchBound); err != nil {
		return err
	}
	g.followed(ctx, followBound)
	g.set.Network.Heal()
	return g.demoted(ctx, old)
}

const (
	deafness    = 2500 * time.Millisecond // after +switch-master: the last sentinel tells of it up to two seconds after the first
	missedBound = 14 * time.Second        // the old master is demoted within ten seconds
)

// missed withholds from the clients what is published. Their questions are answered.
func (g *stage) missed(ctx context.Context) error {
	g.deafen(true)
	if err := g.failOver(ctx); err != nil {
		return err
	}
	pause(ctx, deafness)
	g.deafen(false)
	g.followed(ctx, missedBound-deafness)
	return nil
}

func (g *stage) deafen(on bool) {
	for _, t := range g.teams {
		t.watched.deaf.Store(on)
	}
}

// known fails over twice: who is promoted then was the master before, and is known to every client.
func (g *stage) known(ctx context.Context) error {
	old := g.master
	if err := g.planned(ctx); err != nil {
		return err
	}
	if err := g.demote(ctx, old); err != nil {
		return err
	}
	if err := g.mark(ctx, old); err != nil {
		return err
	}
	return g.planned(ctx)
}

const (
	quiet    = 2 * time.Second // without sentinels, and with a master
	headless = 3 * time.Second // without either
)

func (g *stage) sentinelsDown(ctx context.Context) error {
	for _, n := range g.set.Sentinels {
		n.Kill()
	}
	start := time.Now()
	pause(ctx, quiet)
	g.master.Kill()
	pause(ctx, headless)
	g.silence = time.Since(start)
	for _, t := range g.teams {
		g.inVain[t.contender.name] = t.watched.inVain()
	}
	if err := g.sentinelsUp(ctx); err != nil {
		return err
	}
	if err := g.switched(ctx, switchBound); err != nil {
		return err
	}
	g.followed(ctx, followBound)
	return nil
}

// sentinelsUp starts them again, and listens to them anew: a subscription that comes back by itself may come too late.
func (g *stage) sentinelsUp(ctx context.Context) (err error) {
	g.watcher.close()
	for _, n := range g.set.Sentinels {
		if err := n.Start(ctx); err != nil {
			return err
		}
	}
	g.watcher, err = watch(ctx, g.set, g.master.Announced)
	return err
}
