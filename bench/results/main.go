// Command results runs the programs of bench one after the other, and makes one document of them, RESULTS.md: what the goals ask for and what was measured, the tables
// and plots of the sweep and of the outages, and where we are not ahead. The tables of the others go where each is read, into docs.
//
//	cd bench && go run ./results -rounds 3
//
// It takes about three quarters of an hour on an idle machine, needs redis-server or valkey-server in PATH, and talks to loopback only. A program that fails is named in the document, and
// makes this one fail at the end.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"

	"github.com/bwredis/bwredis/bench"
)

// options are the flags.
type options struct {
	rounds int
	only   string
	keep   string // folder; empty: none
	root   string // of the repository, which the document and docs are in
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 3, "samples of each contender")
	flag.StringVar(&o.only, "only", "", "regular expression of the programs to run; empty: all. The document tells of those only")
	flag.StringVar(&o.keep, "keep", "", "folder for what the programs print, so that a run that ends early can go on: what is there already is not measured again")
	flag.StringVar(&o.root, "root", "..", "where docs and bench/RESULTS.md are written")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, o, parts(o), os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "results:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, all []part, progress io.Writer) error {
	only, err := regexp.Compile(o.only)
	if err != nil {
		return err
	}
	var selected, absent []part
	for _, p := range all {
		if only.MatchString(p.name) {
			selected = append(selected, p)
		} else {
			absent = append(absent, p)
		}
	}
	if len(selected) == 0 {
		return fmt.Errorf("no program matches %q", o.only)
	}
	b := book{root: o.root, absent: absent, machine: machine(), when: time.Now(), load: bench.Load()}
	var failed error
	for i, p := range selected {
		if c, ok := kept(o.keep, p); ok {
			b.chapters, b.load = append(b.chapters, c), 0
			continue
		}
		fmt.Fprintf(progress, "%d of %d: %s; %v to go, about\n", i+1, len(selected), p.command(), remaining(selected[i:]))
		start := time.Now()
		text, err := p.run(ctx, o, progress)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c := chapter{part: p, text: text, took: time.Since(start), err: err}
		if err == nil {
			err = c.save(o.keep)
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", p.name, err))
		}
		b.chapters = append(b.chapters, c)
	}
	return errors.Join(failed, b.write())
}

func remaining(left []part) (total time.Duration) {
	for _, p := range left {
		total += p.lasts
	}
	return total
}
