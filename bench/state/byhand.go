package main

import (
	"context"
	"slices"
	"strings"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/versus"
)

const (
	oursOneName = "ours, 1 kept"
	connections = 3 // that each client may have
)

// byHand are those who send the commands of an operation by hand: several of them as a pipeline.
func byHand(commands, callers int) []clients.Client {
	return slices.DeleteFunc(clients.Peers(), func(c clients.Client) bool { return c.Single && commands > 1 || c.Lone && callers == 1 })
}

// hand is a contender that sends what was recorded.
func (s *site) hand(c clients.Client, op operation, rec *crowd.Recorder, callers int) versus.Contender {
	return crowd.Timed(c.Name, c.Kind, right, rec, func(ctx context.Context) ([]crowd.Call, func(), error) {
		session, err := c.Open(ctx, s.tcp, clients.Shape{Callers: callers, Limit: connections})
		if err != nil {
			return nil, nil, err
		}
		calls := make([]crowd.Call, callers)
		for caller := range calls {
			ask := session.Ask(s.recorded[op.name][caller].commands)
			calls[caller] = func(ctx context.Context) (int, error) {
				replies, err := ask(ctx)
				if err != nil {
					return 0, err
				}
				return mark(op.right(s, caller, replies)), nil
			}
		}
		return calls, session.Close, nil
	})
}

func rightBan(_ *site, _ int, r []clients.Reply) bool {
	return len(r) == 4 && r[0].Is("") && r[1].Ints[0] == noKey && r[2].Is("") && r[3].Ints[0] == noKey
}

func rightPath(_ *site, _ int, r []clients.Reply) bool {
	return len(r) == 1 && len(r[0].Ints) == 3 && r[0].Ints[0] > 0
}

func rightService(_ *site, _ int, r []clients.Reply) bool { return len(r) == 1 && len(r[0].Ints) == 1 }

func rightQuota(_ *site, _ int, r []clients.Reply) bool {
	return len(r) == 1 && len(r[0].Ints) == 3 && r[0].Ints[1] > 0
}

func rightBad(_ *site, _ int, r []clients.Reply) bool {
	return len(r) == 1 && len(r[0].Ints) == 2 && r[0].Ints[0] > 0 && r[0].Ints[1] == 0
}

func rightVisitor(s *site, caller int, r []clients.Reply) bool {
	return len(r) == 1 && s.bare[caller].open(r[0].String()) == nil
}

func rightSession(_ *site, caller int, r []clients.Reply) bool {
	return len(r) == 1 && strings.HasSuffix(r[0].String(), sessionData(caller))
}

func rightBatch(s *site, caller int, r []clients.Reply) bool {
	return len(r) == 6 && rightBan(s, caller, r[:4]) && rightPath(s, caller, r[4:5]) && rightSession(s, caller, r[5:])
}
