package main

import (
	"context"
	"slices"

	"github.com/bwredis/bwredis/bench/versus"
)

// A counter is a client that increments.
type counter interface {
	incr(ctx context.Context, key string) (int64, error)
	fate(err error) outcome // of an increment that returned this error
	close()
}

// A contender is a client that follows sentinels, with the settings that it has by itself.
type contender struct {
	name  string
	kind  versus.Kind
	open  func(ctx context.Context, sentinels []string) (counter, error)
	plays []string // scenarios; nil: all
	asks  bool     // whether a replica has what was written
}

func (c contender) isIn(scenario string) bool {
	return c.plays == nil || slices.Contains(c.plays, scenario)
}

// Names of contenders.
const (
	oursName    = "ours"
	durableName = "ours, WAIT"
)

func contenders() []contender {
	return []contender{
		{name: oursName, kind: versus.Ours, open: openOurs},
		{name: durableName, kind: versus.Ours, open: openDurable, asks: true, plays: []string{killName}},
		{name: "go-redis", kind: versus.Peer, open: openGoRedis},
		{name: "rueidis", kind: versus.Peer, open: openRueidis},
		{name: "rueidis, refresh", kind: versus.Peer, open: openRueidisRefresh, plays: []string{missedName}},
		{name: "valkey-go", kind: versus.Peer, open: openValkey},
		{name: "valkey-go, refresh", kind: versus.Peer, open: openValkeyRefresh, plays: []string{missedName}},
		{name: "radix", kind: versus.Peer, open: openRadix},
	}
}
