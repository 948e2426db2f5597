package bwstate

import (
	"context"
	"net/netip"
	"slices"

	"github.com/bwredis/bwredis/resp"
)

// A BadRequest is a bad request of an address, and what is to come of it.
type BadRequest struct {
	IP   netip.Addr
	Rule BadBehavior
}

// maxCounted is how many bad requests share a round trip.
const maxCounted = 500

// IncreaseBadBehaviors counts several bad requests, five hundred in each round trip and in their order, each in a step of its own. There is one result for each.
//
// What the server refuses of one is in its Err alone. When a round trip fails, its error is returned, and is the Err of each request whose reply did not come, unless
// its rule has LocalWhenAway; whether those were counted is not known where the connection broke behind them.
func (s *State) IncreaseBadBehaviors(ctx context.Context, requests []BadRequest) ([]BadBehaviorResult, error) {
	return s.countBadBehaviors(ctx, requests, false)
}

// DecreaseBadBehaviors takes several bad requests back, as IncreaseBadBehaviors counts them.
func (s *State) DecreaseBadBehaviors(ctx context.Context, requests []BadRequest) ([]BadBehaviorResult, error) {
	return s.countBadBehaviors(ctx, requests, true)
}

func (s *State) countBadBehaviors(ctx context.Context, requests []BadRequest, down bool) ([]BadBehaviorResult, error) {
	all := make(badCountList, len(requests))
	for i, r := range requests {
		if err := all[i].set(r.IP, r.Rule, down); err != nil {
			return nil, err
		}
	}
	results := make([]BadBehaviorResult, 0, len(requests))
	var failed error
	var q resp.Request
	for chunk := range slices.Chunk(all, maxCounted) {
		q.Reset()
		err := failed
		if err == nil {
			err = s.run(ctx, &q, &chunk)
		}
		for i := range chunk {
			result, err := s.oneOfMany(ctx, &chunk[i], err)
			if result.Err = err; err != nil && err != chunk[i].refused {
				failed = err
			}
			results = append(results, result)
		}
	}
	return results, failed
}

// oneOfMany returns what came of one count among several, whose round trip ended with err. Its own reply may have come in spite of that.
func (s *State) oneOfMany(ctx context.Context, op *badCount, err error) (BadBehaviorResult, error) {
	if err == nil || op.answered {
		return op.result(false)
	}
	local := s.standIn(ctx, op.rule.WhenAway, err)
	if local == nil {
		return BadBehaviorResult{}, err
	}
	if err := local.run(ctx, &op.q, op); err != nil {
		return BadBehaviorResult{Degraded: true}, err
	}
	return op.result(true)
}

// A badCountList is several counts, with one reply each.
type badCountList []badCount

func (all *badCountList) add(q *resp.Request) {
	for i := range *all {
		(*all)[i].add(q)
	}
}

func (all *badCountList) reads() bool { return false }

func (all *badCountList) HandleReply(i int, r *resp.Reply) error { return (*all)[i].HandleReply(0, r) }
