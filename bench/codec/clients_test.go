package main

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/bwredis/bwredis/bench/clients"
)

// Every library is in every table, in which there is nothing to do for one that is added.
func TestPeers(t *testing.T) {
	for _, w := range workloads() {
		var named []string
		for _, c := range w.Contenders {
			named = append(named, c.Name)
		}
		for _, c := range clients.Peers() {
			if got := slices.Contains(named, c.Name+pipelined); got != c.IsPlain() {
				t.Errorf("%s: has %s as a pipeline: %v", w.Name, c.Name, got)
			}
		}
	}
}

var errPrepared = errors.New("a mistake while it asks")

// A session answers with the number of a reply, but knows no way to ask with Into, and fails where it is to.
type session struct {
	prepared []int // lengths of the pipelines
	fails    bool
}

func (s *session) Close() {}

func (s *session) Ask(commands []clients.Command) clients.Ask {
	if commands[0].Want == clients.Into {
		return nil
	}
	s.prepared = append(s.prepared, len(commands))
	replies := make([]clients.Reply, len(commands))
	return func(context.Context) ([]clients.Reply, error) {
		if s.fails {
			return nil, errPrepared
		}
		for i := range replies {
			replies[i].Ints = []int64{int64(i)}
		}
		return replies, nil
	}
}

// Pipelines are prepared once for each length, and what does not go into one is left alone.
func TestPipeline(t *testing.T) {
	j, s := newJob(":1\r\n", int64(1)), &session{}
	whole := len(j.kept)
	p, err := pipeline(j, s, keepNumber, []clients.Command{get(clients.Into), get(clients.Number)})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []int{whole, 3, whole, 3, 2} {
		clear(j.kept)
		if err := p(m); err != nil || j.kept[m-1] != int64(m-1) || m < whole && j.kept[m] != 0 {
			t.Fatalf("a pass of %d: %v, %v", m, j.kept[:4], err)
		}
	}
	if !slices.Equal(s.prepared, []int{whole, 3, 2}) {
		t.Errorf("prepared %v", s.prepared)
	}
	s.fails = true
	if err := p(whole); !errors.Is(err, errPrepared) {
		t.Errorf("got %v", err)
	}
	if _, err := pipeline(j, s, keepNumber, []clients.Command{get(clients.Into)}); err == nil {
		t.Error("a client that has no way to ask is measured")
	}
}
