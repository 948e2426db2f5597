package integration

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/resp"
)

var tableFile = flag.String("table", "", "where the tests of failovers write their figures as a Markdown table, relative to this directory; empty: nowhere")

// figures are what one scenario did to those who wrote.
type figures struct {
	scenario, version string

	acknowledged int // writes of the stream and of the eight callers
	lost         int // of these, missing on the last master
	streamErrors int // what the stream was told
	loopErrors   int // what the eight callers were told
	unknown      int // of all these errors, those that leave open whether the write was executed
	executed     int // of these, on the last master

	durableErrors  int
	replicated     int // writes that a server has called replicated
	replicatedLost int

	lastLost time.Time // when the last of the lost writes was acknowledged; zero: none

	stall   time.Duration // longest between two successes of the same caller
	first   time.Duration // from +switch-master, as the first sentinel said it, to the first success; the longest where there were several switches
	longest time.Duration // call
}

// reckon asserts that everybody was told the truth, as far as it can be known: what was not sent is not there, and nothing was executed twice.
func (l *load) reckon(master *bwstate.State, switches []time.Time) (f figures) {
	l.t.Helper()
	for _, c := range l.plain() {
		f.reckonCaller(l.t, c, c.values(l.t, master))
	}
	f.streamErrors = l.stream.failures()
	for _, c := range l.loop {
		f.loopErrors += c.failures()
	}
	for _, c := range l.durable {
		f.durableErrors += c.failures()
		f.reckonDurable(l.t, c, c.values(l.t, master))
	}
	for _, at := range switches {
		f.first = max(f.first, l.firstSuccess(at))
	}
	return f
}

func (f *figures) reckonCaller(t testing.TB, c *caller, values []int) {
	t.Helper()
	calls := c.history()
	last := calls[0].begun
	for i, call := range calls {
		f.longest = max(f.longest, call.ended.Sub(call.begun))
		requireTruth(t, call, values[i])
		switch {
		case call.err == nil:
			f.acknowledged++
			f.noteLost(call, 1-values[i])
			f.stall = max(f.stall, call.ended.Sub(last))
			last = call.ended
		case !surelyNotExecuted(call.err):
			f.unknown++
			f.executed += values[i]
		}
	}
	f.stall = max(f.stall, calls[len(calls)-1].ended.Sub(last))
}

func (f *figures) noteLost(call writeCall, n int) {
	if f.lost += n; n > 0 && call.ended.After(f.lastLost) {
		f.lastLost = call.ended
	}
}

func (f *figures) reckonDurable(t testing.TB, c *caller, values []int) {
	t.Helper()
	for i, call := range c.history() {
		requireTruth(t, call, values[i])
		if call.replicated {
			f.replicated++
			f.replicatedLost += 1 - values[i]
		}
	}
}

func requireTruth(t testing.TB, call writeCall, value int) {
	t.Helper()
	require.LessOrEqual(t, value, 1, "%s was executed twice: %v", call.key, call.err)
	if call.err != nil && surelyNotExecuted(call.err) {
		require.Zero(t, value, "%s had not been executed: %v", call.key, call.err)
	}
}

// surelyNotExecuted reports whether an error promises that the server has done nothing.
func surelyNotExecuted(err error) bool {
	var refused *resp.Error
	return conn.NotSent(err) || errors.As(err, &refused)
}

// firstSuccess returns how long after a moment somebody was told of a success.
func (l *load) firstSuccess(moment time.Time) time.Duration {
	var first time.Duration
	for _, c := range l.plain() {
		for _, call := range c.history() {
			if call.err == nil && !call.ended.Before(moment) {
				if d := call.ended.Sub(moment); first == 0 || d < first {
					first = d
				}
				break
			}
		}
	}
	return first
}

// complaints lists the first errors of everybody in the order in which they were told, for a test that failed.
func (l *load) complaints() string {
	type complaint struct {
		caller string
		call   writeCall
	}
	var all []complaint
	for _, c := range append(l.plain(), l.durable...) {
		for _, call := range c.history() {
			if call.err != nil {
				all = append(all, complaint{c.name, call})
			}
		}
	}
	slices.SortFunc(all, func(a, b complaint) int { return a.call.ended.Compare(b.call.ended) })
	var text strings.Builder
	fmt.Fprintf(&text, "%d errors", len(all))
	for _, c := range all[:min(len(all), 30)] {
		const clock = "15:04:05.000"
		fmt.Fprintf(&text, "\n%s..%s %-8s %v", c.call.begun.Format(clock), c.call.ended.Format(clock), c.caller, c.call.err)
	}
	return text.String()
}

const tableHead = "| scenario | server | acknowledged | lost | errors | of them unknown | replicated, lost | longest stall | switch to first success |\n" +
	"| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"

// String is a row of a Markdown table.
func (f figures) String() string {
	return fmt.Sprintf("| %s | %s | %d | %d | %d | %d | %d | %v | %v |", f.scenario, f.version, f.acknowledged, f.lost, f.streamErrors+f.loopErrors, f.unknown,
		f.replicatedLost, f.stall.Round(time.Millisecond), f.first.Round(100*time.Microsecond))
}

// table holds the rows of the tests that have run.
var table struct {
	mu   sync.Mutex
	rows []string // guarded by mu
}

// report logs the figures as a row, and writes the table anew where one is wanted.
func report(t testing.TB, f figures) {
	t.Helper()
	t.Logf("failover: %s", f)
	if *tableFile == "" {
		return
	}
	table.mu.Lock()
	defer table.mu.Unlock()
	table.rows = append(table.rows, f.String()+"\n")
	slices.Sort(table.rows)
	require.NoError(t, os.WriteFile(*tableFile, []byte(tableHead+strings.Join(table.rows, "")), 0o644))
}
