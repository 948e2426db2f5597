// Command connection compares connections: package conn, other clients and bare loops, on the same server and in one run. It prints a table for each workload, and
// then how the figures stand to the goals.
//
//	cd bench && go run ./connection -only 'get-(1|64)$'
//
// It starts a server of its own on loopback, redis-server or valkey-server from PATH, and stops it at the end.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/bwredis/bwredis/bench/busy"
	"github.com/bwredis/bwredis/bench/server"
	"github.com/bwredis/bwredis/bench/versus"
)

const defaultSample = 120 * time.Millisecond

func main() {
	busy.Main()
	o := options{idle: idleConnections}
	flag.IntVar(&o.Rounds, "rounds", versus.DefaultRounds, "samples of each contender")
	flag.DurationVar(&o.Sample, "time", defaultSample, "how long a sample lasts, about; those of latency last three times as long")
	flag.StringVar(&o.only, "only", "", "regular expression of the workloads to run; empty: all")
	flag.StringVar(&o.server, "server", "", "binary to start, or host:port of a server that runs, which has the plain workloads only; empty: redis-server or valkey-server from PATH")
	flag.BoolVar(&o.doc, "doc", false, "print the document, docs/connection.md")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "connection:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	versus.Settings
	only, server string
	doc          bool
	idle         int // connections that are opened to see what they hold
}

func run(o options) error {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	defer cancel()
	s, err := openSite(ctx, o.server)
	if err != nil {
		return err
	}
	defer s.stop()
	defer server.StopOnInterrupt(ctx, s.stop)()
	if err := compare(ctx, os.Stdout, o, s); err != nil {
		return err
	}
	return s.close()
}
