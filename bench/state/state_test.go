package main

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/server"
	"github.com/bwredis/bwredis/bench/versus"
	"github.com/bwredis/bwredis/resp"
)

func handful(c versus.Contender) error {
	if c.SetupTimed == nil {
		run, closeIt, err := c.Setup()
		if err != nil {
			return err
		}
		if closeIt != nil {
			defer closeIt()
		}
		return run(5)
	}
	run, closeIt, err := c.SetupTimed()
	if err != nil {
		return err
	}
	defer closeIt()
	_, err = run(time.Millisecond)
	return err
}

// Every contender gives the right results, or its setup fails.
func TestContenders(t *testing.T) {
	_, s := newFake(t)
	for _, e := range s.experiments() {
		for _, c := range e.Contenders {
			if err := handful(c); err != nil {
				t.Errorf("%s: %s: %v", e.Name, c.Name, err)
			}
		}
	}
	for _, op := range operations() {
		for _, c := range s.work(op).Contenders {
			if err := handful(c); err != nil {
				t.Errorf("%s: %s: %v", op.name, c.Name, err)
			}
		}
	}
}

// What is sent by hand is what ours sends, to the byte, but that go-redis writes the names of commands small.
func TestTheSameBytes(t *testing.T) {
	f, s := newFake(t)
	for _, op := range operations() {
		want := s.recorded[op.name][3]
		for _, c := range byHand(len(want.commands), 2) {
			var sent []byte
			f.Twist = func(args [][]byte, reply []byte) []byte {
				var q resp.Request
				q.Cmd(strings.ToUpper(string(args[0])))
				for _, arg := range args[1:] {
					q.Bytes(arg)
				}
				if !strings.EqualFold(string(args[0]), "PING") {
					sent = append(sent, q.Encoded()...)
				}
				return reply
			}
			session, err := c.Open(t.Context(), s.tcp, clients.Shape{Callers: 2, Limit: connections})
			if err != nil {
				t.Fatal(err)
			}
			_, err = session.Ask(want.commands)(t.Context())
			if err != nil || !bytes.Equal(sent, want.sent) {
				t.Errorf("%s: %s sends\n%q, want\n%q; %v", op.name, c.Name, sent, want.sent, err)
			}
			session.Close()
			f.Twist = nil
		}
	}
}

// A wrong result must not be measured.
func TestWrongResult(t *testing.T) {
	f, s := newFake(t)
	f.Twist = func(args [][]byte, reply []byte) []byte {
		switch strings.ToUpper(string(args[0])) {
		case "PTTL":
			return resp.AppendInt(nil, 5000)
		case "GET", "GETRANGE":
			return resp.AppendBulk(nil, "[\"of somebody else\"]")
		case "EVALSHA":
			return bytes.ReplaceAll(reply, []byte(":"), []byte(":-"))
		}
		return reply
	}
	for _, e := range s.experiments() {
		if e.Name == workloadName(serviceLimit, 1) || strings.HasSuffix(e.Name, "-64") { // of a service's count nothing is known but that it is one
			continue
		}
		for _, c := range e.Contenders {
			if c.Kind == versus.Floor {
				continue
			}
			if err := handful(c); err == nil {
				t.Errorf("%s: %s takes it", e.Name, c.Name)
			}
		}
	}
}

// One round trip each, and what a caller asks is about itself.
func TestRecordings(t *testing.T) {
	_, s := newFake(t)
	for _, op := range operations() {
		first, second := s.recorded[op.name][0], s.recorded[op.name][1]
		if first.roundTrips != 1 || len(first.frames) != len(first.commands) || first.received == 0 {
			t.Errorf("%s: %d round trips, %d commands, %d replies", op.name, first.roundTrips, len(first.commands), len(first.frames))
		}
		if bytes.Equal(first.sent, second.sent) || len(first.sent) != len(second.sent) {
			t.Errorf("%s: two callers send %q and %q", op.name, first.sent, second.sent)
		}
	}
	var names []string
	for _, c := range s.recorded[batched][0].commands {
		names = append(names, c.Name)
	}
	if want := []string{"GETRANGE", "PTTL", "GETRANGE", "PTTL", "EVALSHA", "GETRANGE"}; !slices.Equal(names, want) {
		t.Errorf("a request asks %v, want %v", names, want)
	}
}

// The bare loop opens what it should, and nothing that was changed.
func TestBareVisitor(t *testing.T) {
	_, s := newFake(t)
	if err := openBare(s); err != nil {
		t.Fatal(err)
	}
	value := []byte(s.stored())
	value[10] ^= 1
	if s.bare[0].open(string(value)) == nil {
		t.Error("a changed value is opened")
	}
	if s.bare[1].open(s.stored()) == nil {
		t.Error("another cookie opens it")
	}
	if _, err := newBare("short"); err == nil {
		t.Error("no cookie is one")
	}
}

// A goal speaks of workloads that there are.
func TestGoals(t *testing.T) {
	_, s := newFake(t)
	named := map[string]bool{}
	for _, op := range operations() {
		named[workName(op.name)] = true
	}
	for _, e := range s.experiments() {
		named[e.Name] = true
		if !slices.ContainsFunc(e.Contenders, func(c versus.Contender) bool { return c.Name == e.Reference }) {
			t.Errorf("%s: no contender is %q", e.Name, e.Reference)
		}
	}
	for _, g := range goals() {
		if !named[g.Workload] {
			t.Errorf("there is no workload %s", g.Workload)
		}
	}
}

func brief(only string) options {
	return options{Settings: versus.Settings{Rounds: 1, Sample: 100 * time.Microsecond}, only: only, doc: true}
}

func TestCompare(t *testing.T) {
	_, s := newFake(t)
	var out strings.Builder
	if err := compare(&out, brief("^(ban-1|waf-64|visitor-work|waf-work)$"), s); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"# Shared state, measured", "| `visitor` | open a visitor's session | 1 | 2 / 2 / 5 |", "| `waf` |", "(`ban-1`)", "rate / raw pipe 2x32",
		"| `ban-1` | rate / best peer by hand | ≥ 1 |", "| `waf-64` | p99 / best peer by hand | ≤ 1 |", "| `waf-work` | round trips | ≤ 1 | 1 | met |",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	if _, standings, _ := strings.Cut(out.String(), "#### goals"); strings.Contains(standings, "| - | - |") {
		t.Errorf("a goal has no figure:\n%s", standings)
	}
	for _, pattern := range []string{"^no such$", "("} {
		if err := compare(io.Discard, brief(pattern), s); err == nil {
			t.Errorf("%q is accepted", pattern)
		}
	}
}

// With the server that the program starts everything works that a fake would let pass.
func TestRealServer(t *testing.T) {
	if _, err := server.Find(""); err != nil {
		t.Skip(err)
	}
	started, err := server.Start(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer started.Stop()
	s, err := newSite(t.Context(), started.TCP)
	if err != nil {
		t.Fatal(err)
	}
	if err := compare(io.Discard, brief("-(1|64)$"), s); err != nil {
		t.Error(err)
	}
}
