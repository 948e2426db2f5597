// Command tune measures how many kept connections serve how many callers, near the server and farther away, and what a connection costs that was idle for too long; and
// says what to set REDIS_KEEPALIVE_POOL, REDIS_KEEPALIVE_IDLE and REDIS_TIMEOUT to, with the figures behind each.
//
//	cd bench && USE_REDIS=yes REDIS_HOST=redis.example.com go run ./tune -svg /tmp/plots
//
// It measures the server that the REDIS_* settings name when USE_REDIS=yes: it writes one key there, reads it again and again, and deletes it at the end. Otherwise it starts
// redis-server or valkey-server from PATH; and where there is none, it measures a responder in its own process, which executes nothing.
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
)

// How long a sweep takes, about.
const (
	fullTime  = 2 * time.Minute
	quickTime = 20 * time.Second
)

func main() {
	o := options{total: fullTime}
	quick := flag.Bool("quick", false, "take 20 seconds rather than two minutes; figures are coarser")
	flag.StringVar(&o.svg, "svg", "", "directory to write plots to")
	flag.StringVar(&o.server, "server", "", "binary to start when USE_REDIS is not yes; empty: redis-server or valkey-server from PATH")
	flag.Parse()
	if *quick {
		o.total = quickTime
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, o, os.Getenv, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "tune:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	total       time.Duration
	svg, server string
}

func run(ctx context.Context, o options, getenv func(string) string, out, progress io.Writer) (err error) {
	p, err := findPlace(ctx, getenv, o.server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.leave()) }()
	fmt.Fprintln(progress, "measured against", p.name)
	f := figures{now: current{p.settings.KeepalivePool, p.settings.KeepaliveIdle, p.settings.Timeout, p.settings.Unit}}
	f.serverTimeout, f.timeoutKnown = p.serverTimeout(ctx)
	if f.idles, err = p.idles(ctx, added, progress); err != nil {
		return err
	}
	each := max(o.total-idleTime, 0) / time.Duration(len(kepts)*len(crowds)*len(added))
	if f.cells, err = p.sweep(ctx, kepts, crowds, added, each, progress); err != nil {
		return err
	}
	if err := writeReport(out, p, f); err != nil || o.svg == "" {
		return err
	}
	return writePlots(o.svg, f.cells)
}

// What is swept.
var (
	kepts  = []int{1, 2, 3, 5, 10}
	crowds = []int{1, 8, 64, 512}
	added  = []time.Duration{0, time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond}
)
