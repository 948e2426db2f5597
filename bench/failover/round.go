package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"time"

	"github.com/bwredis/bwredis/bench/sentinels"
)

const (
	roundBound = time.Minute // of one round, whatever happens
	attempts   = 3           // of a round: the vote of sentinels may fail, or the machine be too busy, and neither is what is measured
)

// A reading is what one round showed of one client. Durations are in milliseconds.
type reading struct {
	stream, crowd account
	weak          float64 // successes of which the caller was told that no replica has them; NaN: the client does not ask
	stall         float64 // of the stream
	first         float64 // from +switch-master to the first success under the new master; infinite: there was none
	inVain        float64 // attempts to reach a sentinel, each second in which there was none; NaN: there was one
}

// play runs a scenario once, again with a fresh set where that came to nothing.
func play(ctx context.Context, binary string, s scenario, who []contender) (got map[string]reading, closed map[string]error, err error) {
	for range attempts {
		if got, closed, err = playOnce(ctx, binary, s, who); err == nil || ctx.Err() != nil {
			break
		}
		fmt.Fprintf(os.Stderr, "%s: %v; once more\n", s.name, err)
	}
	return got, closed, err
}

func playOnce(ctx context.Context, binary string, s scenario, who []contender) (got map[string]reading, closed map[string]error, err error) {
	ctx, cancel := context.WithTimeout(ctx, roundBound)
	defer cancel()
	g, err := prepare(ctx, binary, s, who)
	defer g.tearDown()
	if err != nil {
		return nil, nil, err
	}
	if err := g.perform(ctx, s); err != nil {
		return nil, nil, err
	}
	got, err = g.read(ctx)
	return got, g.closed, err
}

// perform returns when the load has ended, also where something failed.
func (g *stage) perform(ctx context.Context, s scenario) error {
	err := g.begin(ctx)
	if err == nil {
		err = g.mark(ctx, g.other())
	}
	g.begun = g.since()
	if err == nil {
		err = s.act(g, ctx)
	}
	return errors.Join(err, g.end())
}

// read compares what callers were told with the counters of the last master.
func (g *stage) read(ctx context.Context) (map[string]reading, error) {
	all := map[string]reading{}
	for _, t := range g.teams {
		r := reading{weak: math.NaN(), inVain: math.NaN()}
		var err error
		if r.stream, err = settleOn(ctx, g.master, &t.stream); err != nil {
			return nil, err
		}
		if r.crowd, err = settleOn(ctx, g.master, &t.crowd); err != nil {
			return nil, err
		}
		r.stall = milliseconds(stall(t.stream.taken(), g.begun, g.over))
		r.first = firstAfter(g.last.at.Sub(g.epoch), g.reigns, t.stream.taken(), t.crowd.taken())
		if t.contender.asks {
			r.weak = float64(r.stream.unpromised + r.crowd.unpromised)
		}
		if g.silence > 0 {
			r.inVain = float64(g.inVain[t.contender.name]) / g.silence.Seconds()
		}
		all[t.contender.name] = r
	}
	return all, nil
}

// settleOn reads the counter of a ledger.
func settleOn(ctx context.Context, master *sentinels.Node, l *ledger) (account, error) {
	v, err := master.Do(ctx, "GET", l.key)
	if err != nil {
		return account{}, err
	}
	text, err := v.Text()
	if err != nil {
		return account{}, err
	}
	final, err := strconv.ParseInt(text, 10, 64)
	return settle(l.taken(), final), err
}

// firstAfter is from a switch to the first success of any caller under the new master. It is below 0 where a client needed not be told.
func firstAfter(at time.Duration, master int, ledgers ...[]record) float64 {
	first := math.Inf(1)
	for _, records := range ledgers {
		if end := firstUnder(records, master); end < first {
			first = end
		}
	}
	return (first - float64(at)) / float64(time.Millisecond)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
