// Command state measures operations of package bwstate: how many round trips and bytes each takes, what the client itself does for it, and how fast it is beside other
// clients that send the same commands by hand. It prints tables, and then how the figures stand to the goals.
//
//	cd bench && go run ./state -only 'waf'
//
// It starts a server of its own on loopback, redis-server or valkey-server from PATH, and stops it at the end.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
	"time"

	"github.com/bwredis/bwredis/bench/server"
	"github.com/bwredis/bwredis/bench/versus"
)

const defaultSample = 120 * time.Millisecond

func main() {
	var o options
	flag.IntVar(&o.Rounds, "rounds", versus.DefaultRounds, "samples of each contender")
	flag.DurationVar(&o.Sample, "time", defaultSample, "how long a sample lasts, about; those of the batch last three times as long")
	flag.StringVar(&o.only, "only", "", "regular expression of the workloads to run; empty: all")
	flag.StringVar(&o.server, "server", "", "binary to start; empty: redis-server or valkey-server from PATH")
	flag.StringVar(&o.cpu, "cpuprofile", "", "file for a profile of the processor")
	flag.BoolVar(&o.doc, "doc", false, "print the document, docs/state.md")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "state:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	versus.Settings
	only, server, cpu string
	doc               bool
}

func run(o options) error {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	defer cancel()
	started, err := server.Start(ctx, o.server)
	if err != nil {
		return err
	}
	defer started.Stop()
	defer server.StopOnInterrupt(ctx, started.Stop)()
	s, err := newSite(ctx, started.TCP)
	if err != nil {
		return err
	}
	if o.cpu != "" {
		f, err := os.Create(o.cpu)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	return compare(os.Stdout, o, s)
}
