package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bwstate"
)

// A transcript tells what happened, with round trips and time for each step.
type transcript struct {
	out        io.Writer
	pace       time.Duration
	roundTrips uint64
	took       time.Duration
}

// introduce says which server the state is on.
func (t *transcript) introduce(ctx context.Context, s *bwstate.State, settings bwstate.Settings) error {
	server, err := s.Server(ctx)
	if err != nil {
		return err
	}
	where := "in this process"
	switch {
	case !settings.UseRedis:
	case len(settings.SentinelHosts) > 0:
		where = "master " + settings.SentinelMaster + " of sentinels " + strings.Join(settings.SentinelHosts, " ")
	default:
		where = settings.Addr()
	}
	if settings.UseRedis && settings.SSL {
		where += ", TLS"
	}
	_, err = fmt.Fprintf(t.out, "server  %s %s, %s, RESP%d\n\n", server.Name, server.Version, where, server.Protocol)
	return err
}

// step runs one action of a node and tells of it. The action returns what is to be said.
func (t *transcript) step(ctx context.Context, node string, s *bwstate.State, action func() (string, error)) error {
	select {
	case <-time.After(t.pace):
	case <-ctx.Done():
		return ctx.Err()
	}
	before, start := s.RoundTrips(), time.Now()
	said, err := action()
	took, trips := time.Since(start), s.RoundTrips()-before
	t.roundTrips += trips
	t.took += took
	if err != nil {
		return fmt.Errorf("%s: %w", node, err)
	}
	_, err = fmt.Fprintf(t.out, "%-7s %-64s %s  %s\n", node, said, count(trips, "round trip"), milliseconds(took))
	return err
}

// conclude sums up.
func (t *transcript) conclude() {
	fmt.Fprintf(t.out, "\ndone    %s, %s in all\n", count(t.roundTrips, "round trip"), milliseconds(t.took))
}

func count(n uint64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}
