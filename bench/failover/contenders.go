package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/versus"
)

// A contender is a client that follows sentinels, with the settings that it has by itself.
type contender struct {
	name    string
	kind    versus.Kind
	open    opener
	refresh time.Duration // how often it is told to ask sentinels; 0: it is not
	plays   []string      // scenarios; nil: all
	asks    bool          // whether a replica has what was written
}

// An opener opens a client by way of sentinels.
type opener func(ctx context.Context, s clients.Sentinels) (clients.Session, error)

func (c contender) isIn(scenario string) bool {
	return c.plays == nil || slices.Contains(c.plays, scenario)
}

// Names of contenders of ours.
const (
	oursName    = clients.OursName
	durableName = "ours, WAIT"
)

// contenders are those of the clients that can follow sentinels. Where one may be told to ask again and again, it is told so beside itself when events are missed.
func contenders(all []clients.Client) (list []contender) {
	for _, c := range all {
		if c.Follow == nil {
			continue
		}
		open := proved(c.Follow)
		list = append(list, contender{name: c.Name, kind: c.Kind, open: open})
		if c.Name == oursName {
			list = append(list, contender{name: durableName, kind: c.Kind, open: durably(open), asks: true, plays: []string{killName}})
		}
		if c.Refresh > 0 {
			list = append(list, contender{name: c.Name + ", refresh", kind: c.Kind, open: open, refresh: c.Refresh, plays: []string{missedName}})
		}
	}
	return list
}

// incr is what every caller asks.
func incr(key string) []clients.Command {
	return []clients.Command{{Name: "INCR", Args: []string{key}, Want: clients.Number}}
}

var errNoWay = errors.New("it has no way to increment")

// proved opens a client that answers: many connect only when they are asked.
func proved(open opener) opener {
	return func(ctx context.Context, s clients.Sentinels) (clients.Session, error) {
		session, err := open(ctx, s)
		if err != nil {
			return nil, err
		}
		if err := prove(ctx, session); err != nil {
			session.Close()
			return nil, err
		}
		return session, nil
	}
}

func prove(ctx context.Context, s clients.Session) error {
	if s.Ask(incr("key")) == nil {
		return errNoWay
	}
	_, err := s.Ask([]clients.Command{clients.Ping()})(ctx)
	return err
}
