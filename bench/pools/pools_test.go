package main

import (
	"io"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/server"
	"github.com/bwredis/bwredis/bench/versus"
)

// Every contender gives the right results, or its setup fails. Workloads that differ only in how many callers they have stand for one another.
func TestContenders(t *testing.T) {
	alike := regexp.MustCompile("^(spread-(2|64|512|1024)-.*|checkout-.*-of-10)$")
	for _, e := range newFake().site(t).experiments() {
		if alike.MatchString(e.Name) {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			for _, c := range e.Contenders {
				if err := handful(c); err != nil {
					t.Errorf("%s: %v", c.Name, err)
				}
			}
		})
	}
}

func handful(c versus.Contender) error {
	if c.SetupTimed == nil {
		run, closeIt, err := c.Setup()
		if err != nil {
			return err
		}
		defer closeIt()
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

// A wrong result must not be measured.
func TestWrongResult(t *testing.T) {
	f := newFake()
	s := f.site(t)
	for i := range guardedCallers {
		f.values[visitorOf(i).session] = f.values[visitorOf(i+1).session] // the neighbour's
	}
	for _, size := range valueSizes {
		f.values[valueKey(size)] = valueOf(size + 1)
	}
	for _, e := range append(guarded(s.tcp), spreads(s.tcp)[0]) {
		for _, c := range e.Contenders {
			if err := handful(c); err == nil || !strings.Contains(err.Error(), "mark") && !strings.Contains(err.Error(), "wrong reply") {
				t.Errorf("%s: %s: %v", e.Name, c.Name, err)
			}
		}
	}
}

func TestAnswersThatAreWrong(t *testing.T) {
	v := visitorOf(0)
	text := func(s string) *clients.Reply { return &clients.Reply{Text: s} }
	number := func(n int64) *clients.Reply { return &clients.Reply{Ints: []int64{n}} }
	null := &clients.Reply{Null: true}
	if v.mark(text(v.data), number(1), null, number(noKey)) != right {
		t.Error("the right answers are not")
	}
	for _, wrong := range [][4]*clients.Reply{
		{text(""), number(1), null, number(noKey)},
		{text(v.data), number(0), null, number(noKey)},
		{text(v.data), number(1), text(""), number(noKey)},
		{text(v.data), number(1), null, number(5)},
	} {
		if v.mark(wrong[0], wrong[1], wrong[2], wrong[3]) == right {
			t.Errorf("right are %+v", wrong)
		}
	}
}

// Taking and giving back touches no connection, and there are not more than the pool may have.
func TestCheckoutIsNoIO(t *testing.T) {
	const callers, size = 8, 3
	for _, l := range append(lenders(), oursShared()) {
		var opened, transfers atomic.Int64
		run, closeIt, err := l.contender(countedMemory(&opened, &transfers), callers, size, checkoutCall).Setup()
		if err != nil {
			t.Fatalf("%s: %v", l.name, err)
		}
		if got := transfersOf(t, run, &opened, &transfers); got != 0 {
			t.Errorf("%s: %d transfers", l.name, got)
		}
		limit := int64(size)
		if l.name == "rueidis" || l.name == "valkey-go" {
			limit++ // the shared one
		}
		if opened.Load() > limit {
			t.Errorf("%s: %d connections", l.name, opened.Load())
		}
		closeIt()
	}
}

// transfersOf returns how many there are in a run in which no connection is opened.
func transfersOf(t *testing.T, run versus.Run, opened, transfers *atomic.Int64) int64 {
	t.Helper()
	for {
		open, before := opened.Load(), transfers.Load()
		if err := run(20_000); err != nil {
			t.Fatal(err)
		}
		if opened.Load() == open {
			return transfers.Load() - before
		}
	}
}

// No client has more connections than it may.
func TestConnections(t *testing.T) {
	f := newFake()
	s := f.site(t)
	for _, e := range guarded(s.tcp) {
		for _, c := range e.Contenders {
			before := f.accepted.Load()
			if err := handful(c); err != nil {
				t.Errorf("%s: %s: %v", e.Name, c.Name, err)
			}
			if got := f.accepted.Load() - before; got > guardedConnections {
				t.Errorf("%s: %s: %d connections", e.Name, c.Name, got)
			}
		}
	}
}

// A goal speaks of contenders that there are.
func TestGoals(t *testing.T) {
	named := map[string][]versus.Contender{}
	for _, e := range newFake().site(t).experiments() {
		if named[e.Name] != nil {
			t.Errorf("two workloads are %s", e.Name)
		}
		named[e.Name] = e.Contenders
		if !slices.ContainsFunc(e.Contenders, func(c versus.Contender) bool { return c.Name == e.Reference }) {
			t.Errorf("%s: no contender is %q", e.Name, e.Reference)
		}
	}
	for _, g := range goals() {
		if named[g.Workload] == nil {
			t.Errorf("there is no workload %s", g.Workload)
		}
		if got := g.value(versus.Result{}); g.Standing(got.Value) != "-" {
			t.Errorf("%s, %s: says %q of nothing", g.Workload, g.Figure, g.Standing(got.Value))
		}
	}
}

func brief(only string) options {
	return options{Settings: versus.Settings{Rounds: 1, Sample: 100 * time.Microsecond}, only: only, doc: true}
}

func TestCompare(t *testing.T) {
	s := newFake().site(t)
	var out strings.Builder
	if err := compare(&out, brief("^(checkout-(1|8)-of-3|wait-8-of-3|waf-64.*|spread-8-64B)$"), s); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"# Pools compared", "(`checkout-1-of-3`)", "| **ours, alone** |", "| puddle |", "time / channel", "| slowest caller's share | longest |",
		"rate / raw pipe 2x32", "(`spread-8-64B`)", "| `checkout-8-of-3` | ours, alone: rate / best peer | ≥ 1.3 |",
		"| `waf-64` | p99 / best peer | ≤ 1 |", "| `waf-64-batch` | rate / raw pipe | ≥ 0.6 |",
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
	o := brief("^waf-64")
	started, err := server.Start(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer started.Stop()
	s, err := newSite(t.Context(), started.TCP)
	if err != nil {
		t.Fatal(err)
	}
	if err := compare(io.Discard, o, s); err != nil {
		t.Error(err)
	}
}
