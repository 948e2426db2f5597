package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

// A cell is what so many callers saw with so many kept connections.
type cell struct {
	kept, callers int
	added         time.Duration // latency
	rate          float64       // requests in a second
	p99, longest  time.Duration
}

// sweep measures every combination for about as long as each.
func (p *place) sweep(ctx context.Context, kepts, crowds []int, added []time.Duration, each time.Duration, progress io.Writer) (cells []cell, err error) {
	total := time.Duration(len(kepts)*len(crowds)*len(added)) * each
	fmt.Fprintf(progress, "sweep: about %v\n", total.Round(time.Second))
	for _, a := range added {
		far, proxy, err := p.far(p.way, a)
		if err != nil {
			return nil, err
		}
		for _, kept := range kepts {
			fmt.Fprintf(progress, "%v added, %d kept\n", a, kept)
			more, err := sweepPool(ctx, far, kept, crowds, each)
			if err != nil {
				_ = proxy.Close()
				return nil, fmt.Errorf("%v added, %d kept: %w", a, kept, err)
			}
			for i := range more {
				more[i].added = a
			}
			cells = append(cells, more...)
		}
		if err := proxy.Close(); err != nil {
			return nil, err
		}
	}
	return cells, nil
}

func sweepPool(ctx context.Context, w way, kept int, crowds []int, each time.Duration) (cells []cell, err error) {
	pl, err := openPool(ctx, w, kept, pool.DefaultIdleTimeout)
	if err != nil {
		return nil, err
	}
	defer func() { _ = pl.Close() }()
	for _, callers := range crowds {
		c, err := measure(ctx, pl, callers, each)
		if err != nil {
			return nil, err
		}
		c.kept, c.callers = kept, callers
		cells = append(cells, c)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return cells, nil
}

func openPool(ctx context.Context, w way, kept int, idle time.Duration) (*pool.Pool, error) {
	pl, err := pool.New(pool.Config{Dial: w.dial, Keep: kept, IdleTimeout: idle, DialTimeout: patience})
	if err != nil {
		return nil, err
	}
	if err := pl.Warm(ctx); err != nil {
		_ = pl.Close()
		return nil, err
	}
	return pl, nil
}

// A reader reads the key. It keeps its request, and is the handler of its replies.
type reader struct {
	pool *pool.Pool
	q    resp.Request
	size int
}

func (r *reader) read(ctx context.Context) (size int, err error) {
	r.q.Reset()
	r.q.Cmd("GET").Str(key).MarkReadOnly()
	err = r.pool.RoundTrip(ctx, &r.q, r)
	return r.size, err
}

// HandleReply notes how large the value is.
func (r *reader) HandleReply(_ int, reply *resp.Reply) error {
	r.size = len(reply.Bytes())
	return reply.Err()
}

// measure lets callers read, first a little that is not counted.
func measure(ctx context.Context, pl *pool.Pool, callers int, each time.Duration) (cell, error) {
	rec := crowd.NewRecorder(callers)
	calls := make([]crowd.Call, callers)
	for i := range calls {
		calls[i] = (&reader{pool: pl}).read
	}
	all := crowd.New(ctx, calls, valueSize, rec)
	if _, err := all.RunFor(each / 5); err != nil {
		return cell{}, err
	}
	_ = rec.Reset()
	start := time.Now()
	n, err := all.RunFor(each - each/5)
	c := cell{rate: float64(n) / time.Since(start).Seconds()}
	c.p99, c.longest = read(rec, crowd.P99), read(rec, crowd.Longest)
	return c, err
}

// read takes one figure out of a recorder.
func read(rec *crowd.Recorder, name string) time.Duration {
	for _, g := range append(rec.Gauges(), rec.LongestGauge()) {
		if g.Name == name {
			if ns, err := g.Stop(1); err == nil && !math.IsNaN(ns) {
				return time.Duration(ns)
			}
		}
	}
	return 0
}
