package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/server"
)

// names lists the scenarios.
func names() string {
	var all []string
	for _, s := range scenarios() {
		all = append(all, s.name)
	}
	return strings.Join(all, ", ")
}

// compare plays what is selected and writes the tables as they come.
func compare(ctx context.Context, w io.Writer, o options) error {
	played, who, err := o.selected()
	if err != nil {
		return err
	}
	binary, err := server.Find(o.server)
	if err != nil {
		return err
	}
	writePreface(w, o, binary)
	var results []result
	for _, s := range played {
		r, err := measure(ctx, binary, s, who, o.rounds)
		if err == nil {
			err = r.writeMarkdown(w)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		results = append(results, r)
	}
	return writeGoals(w, results)
}

// selected are the scenarios and clients that the flags name.
func (o options) selected() (played []scenario, who []contender, err error) {
	only, err := regexp.Compile(o.only)
	if err != nil {
		return nil, nil, err
	}
	named, err := regexp.Compile(o.clients)
	if err != nil {
		return nil, nil, err
	}
	played = slices.DeleteFunc(scenarios(), func(s scenario) bool { return !only.MatchString(s.name) })
	who = slices.DeleteFunc(contenders(clients.All()), func(c contender) bool { return !named.MatchString(c.name) })
	if len(played) == 0 || len(who) == 0 {
		return nil, nil, fmt.Errorf("no scenario matches %q, or no client %q", o.only, o.clients)
	}
	return played, who, nil
}

// measure says on standard error how long it took.
func measure(ctx context.Context, binary string, s scenario, who []contender, rounds int) (result, error) {
	start := time.Now()
	r := result{scenario: s}
	for _, c := range who {
		if c.isIn(s.name) {
			r.rows = append(r.rows, row{contender: c})
		}
	}
	for range rounds {
		got, closed, err := play(ctx, binary, s, who)
		if err != nil {
			return r, err
		}
		r.add(got, closed)
	}
	fmt.Fprintf(os.Stderr, "%s: %.1fs\n", s.name, time.Since(start).Seconds())
	return r, nil
}

// add takes one round.
func (r *result) add(got map[string]reading, closed map[string]error) {
	for i := range r.rows {
		row := &r.rows[i]
		if one, ok := got[row.contender.name]; ok {
			row.rounds = append(row.rounds, one)
		}
		if err := closed[row.contender.name]; err != nil {
			row.closed = append(row.closed, err)
		}
	}
}

const preface = `# Failovers compared

    make bench-failover

prints this anew: medians of %d rounds, with the extremes where they differ, with %s, %s on %d processors. Each round of each scenario has a master, a
replica and three sentinels of its own on loopback (down-after-milliseconds 1000), and all clients go through the same failover side by side, each with keys of its own.
Every client has the settings that it has by itself; of go-redis contexts count as well, and "refresh" is a client that asks sentinels as
often as its documentation recommends (rueidis and valkey-go: a TopologyRefreshInterval of 5 s).

Each client has one caller who increments a counter about %d times a second, the stream, and %d callers who increment another one, with %v of rest after a success and %v after
an error. Every call has a context of %v.

"lost" is what was acknowledged and is not in the counter of the last master; an increment of unknown outcome may hide one. "errors" are those that callers saw; "of these unknown" those after which nobody can tell
whether the increment was made. "excess" is what the counter has beyond: increments that were sent twice, or made after an error that says they were not. The longest stall
is the longest time without a success of the stream, and "first success" the time from the first +switch-master of any sentinel to the first success under the new
master, of any caller. It is below zero where a client had not to be told, and "never" where it did not follow before the scenario was over, at least %v later. What the old
master still accepts meanwhile is no success.

The replica's counters are ahead of the master's by %d, so that a reply tells who gave it. Each client sees the sentinels through relays of its own, which count
attempts to reach a sentinel that is down ("attempts/s"), and which in "missed" withhold everything that is published, until the last sentinel has told of the new master; questions are
answered. In "partition" a relay in front of the master passes nothing, in neither direction, to anybody. In "known" the figures are of both failovers, and the first
success is that after the second. In "partly-dead" one address refuses and one takes connections and never answers. "ours, WAIT" acknowledges an increment when a replica
has it (INCR and WAIT 1 in one request); "not replicated" are those of which it said that none has, among them all that were made when there was no replica any more.

`

func writePreface(w io.Writer, o options, binary string) {
	version := server.Version(binary)
	if o.doc {
		fmt.Fprintf(w, preface, o.rounds, version, clients.Versions(), runtime.GOMAXPROCS(0), int(time.Second/interval), callers, rest, again, callBound, followBound, int64(reign))
		return
	}
	fmt.Fprintf(w, "%d rounds, %s, %s, %d processors\n\n", o.rounds, version, clients.Versions(), runtime.GOMAXPROCS(0))
}
