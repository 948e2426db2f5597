package nodeapi

import (
	"context"
	"errors"
	"net/netip"

	"github.com/bwredis/bwredis/bwstate"
)

// A Report says what became of an address in Redis and on every node.
type Report struct {
	Lifted bwstate.Lifted // in Redis
	Redis  error          // why not, or not all of it
	Nodes  []NodeReport   // one for each node, in the order of [Client.Nodes]
}

// A NodeReport says whether a node lifted what it had. It does not say whether it had anything.
type NodeReport struct {
	Node string
	Err  error // an *Error
}

// UnbanEverywhere lifts all bans of an address: in Redis, with the counts of bad behaviour, as [bwstate.State.UnbanEverywhere] does, and then in the memory of every node. In
// that order, because a node would read from Redis again what is still there. Nodes are told even when Redis fails, and the others when one fails; the error
// has all that went wrong, and doing it again is harmless.
//
// Bad requests that a node has seen and not counted yet, for five seconds at most, are counted after that, from the beginning.
func (c *Client) UnbanEverywhere(ctx context.Context, state *bwstate.State, ip netip.Addr, where bwstate.Everywhere) (Report, error) {
	if err := checkTarget(ip, "", false); err != nil {
		return Report{}, err
	}
	var report Report
	report.Lifted, report.Redis = state.UnbanEverywhere(ctx, ip, where)
	var bad *bwstate.ArgumentError
	if errors.As(report.Redis, &bad) {
		return Report{}, report.Redis
	}
	errs, _ := c.unbanEach(ctx, ip, "")
	for i, err := range errs {
		report.Nodes = append(report.Nodes, NodeReport{Node: c.nodes[i], Err: err})
	}
	return report, errors.Join(append([]error{report.Redis}, errs...)...)
}
