package main

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/bwredis/bwredis/bench/versus"
)

// Every contender gives the right results, or its setup fails.
func TestContenders(t *testing.T) {
	for _, w := range workloads() {
		for _, c := range w.Contenders {
			t.Run(w.Name+"/"+c.Name, func(t *testing.T) {
				run, closeIt, err := c.Setup()
				if err != nil {
					t.Fatal(err)
				}
				if closeIt != nil {
					defer closeIt()
				}
				if err := run(3); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// A wrong result must not be measured.
func TestWrongResult(t *testing.T) {
	j := newJob(":123\r\n", int64(124))
	_, _, err := j.loop(ours, versus.Ours, oursInts).Setup()
	if err == nil || !strings.Contains(err.Error(), "decoded to 123, want 124") {
		t.Errorf("got %v", err)
	}
	closed := false
	sends := newJob(ok, "OK")
	sends.command = []byte("*1\r\n$4\r\nQUIT\r\n")
	peer := sends.peer("quits", func(own *job[string]) (pass, func(), error) {
		_, err := own.dial().Write(setCommand)
		for i := range own.kept {
			own.kept[i] = own.want
		}
		return func(int) error { return nil }, func() { closed = true }, err
	})
	if _, _, err := peer.Setup(); err == nil || !strings.Contains(err.Error(), "QUIT") || !closed {
		t.Errorf("got %v, closed: %v", err, closed)
	}
}

// A goal speaks of contenders that there are.
func TestGoals(t *testing.T) {
	named := map[string]bool{}
	for _, w := range workloads() {
		for _, c := range w.Contenders {
			named[w.Name+"/"+c.Name] = true
		}
		if !named[w.Name+"/"+w.Reference] {
			t.Errorf("%s: no contender is %q", w.Name, w.Reference)
		}
	}
	for _, g := range goals {
		if !named[g.workload+"/"+ours] || !named[g.workload+"/"+g.against] {
			t.Errorf("no contenders for the goal of %s against %q", g.workload, g.against)
		}
	}
}

func TestCompare(t *testing.T) {
	var out strings.Builder
	settings := versus.Settings{Rounds: 2, Sample: 100 * time.Microsecond}
	if err := compare(&out, settings, "^dec-int$"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"(`dec-int`)", "| **bwredis** |", "#### goals", "| dec-int | 2.00 × "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	if err := compare(io.Discard, settings, "^no such$"); err == nil {
		t.Error("a pattern that matches nothing is accepted")
	}
}
