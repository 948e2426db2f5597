package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/server"
)

// run starts a server and measures what is selected.
func run(ctx context.Context, o options, out, progress io.Writer) error {
	binary, err := server.Find(o.server)
	if err != nil {
		return err
	}
	s, err := server.Start(ctx, binary)
	if err != nil {
		return err
	}
	defer s.Stop()
	return compare(ctx, real{s}, server.Version(binary), o, out, progress)
}

// compare writes the tables as they come.
func compare(ctx context.Context, st stage, version string, o options, out, progress io.Writer) error {
	measured, who, err := o.selected()
	if err != nil {
		return err
	}
	writePreface(out, o, version)
	var results []result
	for _, s := range measured {
		r, err := measure(ctx, st, s, who, o, progress)
		if err == nil {
			err = r.writeMarkdown(out)
		}
		if err == nil && o.svg != "" && s.name == restartSection.name {
			err = r.writePlot(filepath.Join(o.svg, "restart.svg"))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		results = append(results, r)
	}
	return writeGoals(out, results)
}

// selected are the sections and clients that the flags name.
func (o options) selected() (measured []section, who []clients.Client, err error) {
	only, err := regexp.Compile(o.only)
	if err != nil {
		return nil, nil, err
	}
	named, err := regexp.Compile(o.clients)
	if err != nil {
		return nil, nil, err
	}
	measured = slices.DeleteFunc(sections(), func(s section) bool { return !only.MatchString(s.name) })
	who = slices.DeleteFunc(clients.All(), func(c clients.Client) bool { return !named.MatchString(c.Name) })
	if len(measured) == 0 || len(who) == 0 {
		return nil, nil, fmt.Errorf("no section matches %q, or no client %q", o.only, o.clients)
	}
	return measured, who, nil
}

// measure takes all clients through a section, one after the other, and once more in each round, so that what the machine does meanwhile meets all of them.
func measure(ctx context.Context, st stage, s section, who []clients.Client, o options, progress io.Writer) (result, error) {
	r := newResult(s, who)
	for n := range o.rounds {
		for i := range who {
			row := &r.rows[(i+n)%len(who)]
			start := time.Now()
			one, err := s.round(ctx, st, row.client, o.pace)
			fmt.Fprintf(progress, "%s %d/%d %s: %.1fs\n", s.name, n+1, o.rounds, row.client.Name, time.Since(start).Seconds())
			var severe unfit
			switch {
			case errors.As(err, &severe):
				return r, err
			case err != nil:
				row.broken = append(row.broken, err)
			default:
				row.rounds = append(row.rounds, one)
			}
		}
	}
	return r, nil
}
