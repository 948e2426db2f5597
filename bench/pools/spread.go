package main

import (
	"context"
	"fmt"

	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/versus"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

var (
	spreadCallers = []int{1, 2, 8, 64, 512, 1024}
	spreadKept    = []int{1, 2, 3}
)

// spreads are ours only: how many connections serve how many callers, and values of which size.
func spreads(t dial.Target) (all []experiment) {
	for _, size := range valueSizes {
		for _, callers := range spreadCallers {
			all = append(all, experiment{Workload: spread(t, callers, size)})
		}
	}
	return all
}

func spread(t dial.Target, callers, size int) versus.Workload {
	rec := crowd.NewRecorder(callers)
	w := versus.Workload{
		Name: fmt.Sprintf("spread-%d-%s", callers, bytesText(size)), Title: fmt.Sprintf("GET of %s, %s", bytesText(size), plural(callers)),
		Unit: "commands", Bytes: size, Reference: keptName(spreadKept[0]), AsRate: true, Gauges: rec.Gauges(),
	}
	for _, kept := range spreadKept {
		w.Contenders = append(w.Contenders, spreadContender(t, kept, callers, size, rec))
	}
	return w
}

func keptName(kept int) string { return fmt.Sprintf("ours, %d kept", kept) }

func bytesText(size int) string {
	if size < 1000 {
		return fmt.Sprintf("%dB", size)
	}
	return fmt.Sprintf("%dKB", size/1000)
}

func spreadContender(t dial.Target, kept, callers, size int, rec *crowd.Recorder) versus.Contender {
	return crowd.Timed(keptName(kept), versus.Ours, right, rec, func(ctx context.Context) ([]crowd.Call, func(), error) {
		p, err := openPool(ctx, t, pool.Config{Keep: kept})
		if err != nil {
			return nil, nil, err
		}
		calls := make([]crowd.Call, callers)
		for i := range calls {
			g := &getter{pool: p, key: valueKey(size), size: size}
			calls[i] = g.get
		}
		return calls, func() { _ = p.Close() }, nil
	})
}

// A getter looks at a value where it lies.
type getter struct {
	pool  *pool.Pool
	key   string
	size  int
	q     resp.Request
	right int
}

func (g *getter) get(ctx context.Context) (int, error) {
	g.q.Reset()
	g.q.Cmd("GET").Str(g.key).MarkReadOnly()
	err := g.pool.RoundTrip(ctx, &g.q, g)
	return g.right, err
}

func (g *getter) HandleReply(_ int, r *resp.Reply) error {
	b := r.Bytes()
	g.right = 0
	if len(b) == g.size && b[len(b)-1] == '.' {
		g.right = right
	}
	return r.Err()
}
