package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"slices"
	"time"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/versus"
)

// An experiment is a workload, and for how long it is measured.
type experiment struct {
	versus.Workload
	stretch int // its samples last this many times as long; 0: once
}

func (s *site) experiments() []experiment {
	return slices.Concat(checkouts(s.memory), guarded(s.tcp), spreads(s.tcp))
}

// right is the mark of a call whose replies are.
const right = 1

// figures are all that was measured, by the name of the workload.
type figures map[string]versus.Result

// compare measures what is selected and writes the tables as they come.
func compare(w io.Writer, o options, s *site) error {
	only, err := regexp.Compile(o.only)
	if err != nil {
		return err
	}
	writePreface(w, o, s)
	f := figures{}
	for _, e := range s.experiments() {
		if !only.MatchString(e.Name) {
			continue
		}
		result, err := e.measure(o.Settings)
		if err == nil {
			err = result.WriteMarkdown(w)
		}
		if err != nil {
			return err
		}
		f[e.Name] = result
	}
	if len(f) == 0 {
		return fmt.Errorf("no workload matches %q", o.only)
	}
	return writeGoals(w, f)
}

// measure says on standard error how long it took.
func (e experiment) measure(settings versus.Settings) (versus.Result, error) {
	start := time.Now()
	settings.Sample *= time.Duration(max(1, e.stretch))
	result, err := settings.Measure(e.Workload)
	fmt.Fprintf(os.Stderr, "%s: %.1fs\n", e.Name, time.Since(start).Seconds())
	return result, err
}

const preface = `# Pools compared

    make bench-pool

prints this anew: medians of %d interleaved rounds of about %v each, against %s on the same machine, with %s on %d processors. Times hold for the
machine that they were taken on; ratios are within a round.

"checkout" takes a connection and gives it back, and does nothing with it; connections are within memory, so nothing touches the network. "ours, alone" is Pool.With,
bounded to the same number of connections as the others' pools. "ours, shared" is Pool.RoundTrip with a request that holds no command: it takes a connection as plain
requests do, together with others. "channel" is a buffered channel of connections, the least that a pool can do whose callers wait. rueidis and valkey-go take by Dedicated, radix by
WithConn, redigo by Get. go-redis is missing: its Conn takes no connection before the first command.

"wait" holds each connection until the scheduler has been round, so that others come and queue; quantiles are of the time until a caller had one. Whoever shares does not
wait.

"waf" is what a web application firewall asks for each request it sees, for 64 requests at a time on 3 connections: a session (GET of %d bytes), a counter (EVALSHA of
INCR and EXPIRE), and whether the address is banned (GET and PTTL of a key that is not there). In "waf-64" each command is awaited before the next, in "waf-64-batch" the
four are one request, or one pipeline. "ours" is Pool.RoundTrip. "raw pipe 2x32" is two goroutines, each with a connection, that send what 32 callers ask in one write and then read all replies;
in "waf-64" one command of each, four times. rueidis and valkey-go have 2 connections, because they can only double, or one ("1conn"). "autopipe" and "fullduplex" are go-redis's
AutoPipeline, "always" is rueidis's AlwaysPipelining, "flush" is a delay before writing: MaxFlushDelay, or radix's WriteFlushInterval. A time is that of a whole turn.

"spread" is ours only: how many kept connections serve how many callers. With one or two callers nearly all of the time is the operating system waking the other side,
which on virtual machines takes one of two times, by chance.

`

func writePreface(w io.Writer, o options, s *site) {
	if o.doc {
		fmt.Fprintf(w, preface, o.Rounds, o.Sample, s.version, clients.Versions(), runtime.GOMAXPROCS(0), sessionSize)
		return
	}
	fmt.Fprintf(w, "%d rounds of %v, %s, %s, %d processors\n\n", o.Rounds, o.Sample, s.version, clients.Versions(), runtime.GOMAXPROCS(0))
}
