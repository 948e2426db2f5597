package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"time"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/versus"
)

// figures are all that was measured.
type figures struct {
	results map[string]versus.Result // by the name of the workload
	idle    []idleRow
}

// compare measures what is selected and writes the tables as they come.
func compare(ctx context.Context, w io.Writer, o options, s *site) error {
	only, err := regexp.Compile(o.only)
	if err != nil {
		return err
	}
	m, err := newMeter(ctx, s.tcp)
	if err != nil {
		return err
	}
	defer m.close()
	writePreface(w, o, s)
	f := figures{results: map[string]versus.Result{}}
	for _, e := range s.experiments(m) {
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
		f.results[e.Name] = result
	}
	if only.MatchString(idleName) {
		if err := f.addIdle(w, s, o.idle); err != nil {
			return err
		}
	}
	if len(f.results) == 0 && f.idle == nil {
		return fmt.Errorf("no workload matches %q", o.only)
	}
	return writeGoals(w, f)
}

func (f *figures) addIdle(w io.Writer, s *site, connections int) (err error) {
	if f.idle, err = measureIdle(s.tcp, connections); err != nil {
		return err
	}
	return writeIdle(w, f.idle, connections)
}

// measure runs the workload amid its load, and says on standard error how long that took.
func (e experiment) measure(settings versus.Settings) (versus.Result, error) {
	start := time.Now()
	settings.Sample *= time.Duration(max(1, e.stretch))
	if e.load != nil {
		stop, err := e.load()
		if err != nil {
			return versus.Result{}, fmt.Errorf("%s: %w", e.Name, err)
		}
		defer stop()
	}
	result, err := settings.Measure(e.Workload)
	fmt.Fprintf(os.Stderr, "%s: %.1fs\n", e.Name, time.Since(start).Seconds())
	return result, err
}

const preface = `# Connections compared

    make bench-connection

prints this anew: medians of %d interleaved rounds of about %v each, against %s on the same machine, with %s on %d processors. Times hold for the
machine that they were taken on; ratios are within a round. GET and SET are of 64 bytes, over TCP on loopback unless said.

With one or two callers nearly all of the time is the operating system waking the other side, which on virtual machines takes one of two times, by chance: look at
the range beside a ratio. A lone caller's own share is "client work alone".

"raw" is a bare write and exact read on one connection. "raw pipe 2xN" is two goroutines, each with a connection, that send N requests in one write and then read all
replies: it is what callers would have who never had to be told apart. "callers parked, nothing decoded" is the least that a client does whose callers are goroutines
that wait: they queue bytes, one writes for all, another goroutine reads and wakes one for each reply's worth of bytes. "ours/Nconn" deals callers out to N connections in turn. go-redis and redigo have a connection for
each caller, radix, rueidis and valkey-go four, or one for one caller; "1conn" has one. "autopipe" and "fullduplex" are go-redis's AutoPipeline, "always" is rueidis's AlwaysPipelining, and "flush" a delay before
writing: MaxFlushDelay, or radix's WriteFlushInterval. Where a workload has at most 3 connections, rueidis and valkey-go have 2, because they can only double.

`

func writePreface(w io.Writer, o options, s *site) {
	if o.doc {
		fmt.Fprintf(w, preface, o.Rounds, o.Sample, s.version, clients.Versions(), runtime.GOMAXPROCS(0))
		return
	}
	fmt.Fprintf(w, "%d rounds of %v, %s, %s, %d processors\n\n", o.Rounds, o.Sample, s.version, clients.Versions(), runtime.GOMAXPROCS(0))
}
