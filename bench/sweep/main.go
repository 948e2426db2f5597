// Command sweep puts clients side by side: how much each gets through with one caller and with many, and how long callers wait. It prints tables, and then one in which ours
// stands beside the best of the others in each workload.
//
//	cd bench && go run ./sweep
//	cd bench && go run ./sweep -full -svg /tmp/plots
//
// It measures the server that the REDIS_* settings name when USE_REDIS=yes: keys there begin with bwredis-sweep: and are deleted at the end. Otherwise it starts redis-server or
// valkey-server from PATH, or a container of one where a Docker daemon answers; and where there is none of these, it measures a responder in its own process, which executes nothing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/bwredis/bwredis/bench/busy"
	"github.com/bwredis/bwredis/bench/server"
	"github.com/bwredis/bwredis/bench/versus"
)

// How long is measured: two minutes, or twelve, on two processors.
const (
	quickRounds, quickSample = 5, 95 * time.Millisecond
	fullRounds, fullSample   = 3, 150 * time.Millisecond
)

func main() {
	busy.Main()
	var o options
	flag.BoolVar(&o.full, "full", false, "measure everything, and each library with its defaults too: twelve minutes")
	flag.IntVar(&o.Rounds, "rounds", 0, fmt.Sprintf("samples of each contender; 0: %d, with -full %d", quickRounds, fullRounds))
	flag.DurationVar(&o.Sample, "time", 0, fmt.Sprintf("how long a sample lasts, about; 0: %v, with -full %v", quickSample, fullSample))
	flag.StringVar(&o.only, "only", "", "regular expression of the workloads to run; empty: all")
	flag.StringVar(&o.server, "server", "", `binary to start, host:port of a server that runs, "docker" or "responder"; empty: whatever there is`)
	flag.StringVar(&o.svg, "svg", "", "directory to write plots to; with -full")
	flag.Parse()
	if err := run(o.orDefault()); err != nil {
		fmt.Fprintln(os.Stderr, "sweep:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	versus.Settings
	full              bool
	only, server, svg string
}

func (o options) orDefault() options {
	rounds, sample := quickRounds, quickSample
	if o.full {
		rounds, sample = fullRounds, fullSample
	}
	if o.Rounds <= 0 {
		o.Rounds = rounds
	}
	if o.Sample <= 0 {
		o.Sample = sample
	}
	return o
}

func run(o options) error {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	defer cancel()
	s, err := fromHere().open(ctx, o.server)
	if err != nil {
		return err
	}
	// What has been started and stored is gone in the end, whichever end that is.
	defer server.StopOnInterrupt(ctx, func() { _ = s.close() })()
	err = sweep(ctx, o, s, os.Stdout, os.Stderr)
	return errors.Join(err, s.close())
}

// sweep measures, and writes what there is to say.
func sweep(ctx context.Context, o options, s *site, out, progress io.Writer) error {
	all, err := s.selected(o)
	if err != nil {
		return err
	}
	if err := writeHead(out, o, s); err != nil {
		return err
	}
	results, err := measureAll(o, all, out, progress)
	if err != nil {
		return err
	}
	if o.full {
		if err := s.writeYardstick(ctx, out, results); err != nil {
			return err
		}
	}
	if err := writeSummary(out, results); err != nil || o.svg == "" {
		return err
	}
	return writePlots(o.svg, results)
}
