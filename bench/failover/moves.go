package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/bwredis/bwredis/bench/sentinels"
)

// What scenarios are made of.

const (
	switchBound  = 10 * time.Second // from a cause to +switch-master; a vote that failed is repeated much later
	plannedBound = 5 * time.Second  // from OK to +switch-master, for OK is no promise
	plannedTries = 4
	followBound  = 8 * time.Second  // until a client has followed
	demoteBound  = 15 * time.Second // until a master that is back is a replica: sentinels wait for eight seconds, and then some
	followers    = 15 * time.Second // until a replica has everything
	linger       = 500 * time.Millisecond
)

// mark prepares a replica for its reign, for the replies to tell it from the master.
func (g *stage) mark(ctx context.Context, n *sentinels.Node) error {
	if _, err := n.Do(ctx, "CONFIG", "SET", "replica-read-only", "no"); err != nil {
		return err
	}
	for _, t := range g.teams {
		for _, key := range []string{t.stream.key, t.crowd.key} {
			if _, err := n.Do(ctx, "INCRBY", key, strconv.Itoa(reign)); err != nil {
				return err
			}
		}
	}
	g.reigns++
	_, err := n.Do(ctx, "CONFIG", "SET", "replica-read-only", "yes")
	return err
}

// other is the server that is not the master.
func (g *stage) other() *sentinels.Node {
	if g.master == g.set.Data[0] {
		return g.set.Data[1]
	}
	return g.set.Data[0]
}

// switched waits until the sentinels have made the marked replica the master.
func (g *stage) switched(ctx context.Context, bound time.Duration) error {
	heard, err := g.watcher.await(ctx, g.told, bound)
	if err != nil {
		return err
	}
	g.told++
	g.last = heard
	if g.master = g.set.Node(heard.to); g.master == nil {
		return fmt.Errorf("%s, which is announced as the master, is nobody of the set", heard.to)
	}
	return nil
}

// failOver asks the sentinels for it, and makes sure that it happens.
func (g *stage) failOver(ctx context.Context) (err error) {
	for range plannedTries {
		for _, n := range g.set.Sentinels {
			if _, err = n.Do(ctx, "SENTINEL", "FAILOVER", sentinels.Master); err == nil {
				break
			}
		}
		if err == nil {
			if err = g.switched(ctx, plannedBound); err == nil {
				return nil
			}
		}
		pause(ctx, 500*time.Millisecond)
	}
	return err
}

// followed waits until all clients write to the new master, or until that has taken too long.
func (g *stage) followed(ctx context.Context, bound time.Duration) {
	g.until(ctx, bound, g.everyStream(g.reigns, settled))
	pause(ctx, linger)
}

// demoted waits until a server that is back is a replica.
func (g *stage) demoted(ctx context.Context, n *sentinels.Node) error {
	ctx, cancel := context.WithTimeout(ctx, demoteBound)
	defer cancel()
	err := sentinels.Await(ctx, func(ctx context.Context) error {
		role, err := n.Role(ctx)
		if err == nil && role == "master" {
			err = fmt.Errorf("%s is still a master", n.Addr)
		}
		return err
	})
	pause(ctx, linger)
	return err
}

// demote makes a server a replica of the master at once. Sentinels do the same ten seconds later.
func (g *stage) demote(ctx context.Context, n *sentinels.Node) error {
	host, port, _ := net.SplitHostPort(g.master.Announced)
	if _, err := n.Do(ctx, "REPLICAOF", host, port); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, followers)
	defer cancel()
	return sentinels.Await(ctx, n.Following)
}
