package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bwredis/bwredis/bench/versus"
)

// steady is a guard of everything whose ratios are always the same.
func steady(t *testing.T) guard {
	t.Helper()
	ops, err := operations()
	if err != nil {
		t.Fatal(err)
	}
	return guard{ops, testCounted, func(operation) (float64, error) { return 2, nil }}
}

// change has one operation changed.
func (g *guard) change(t *testing.T, name string, how func(*operation)) {
	t.Helper()
	for i := range g.operations {
		if g.operations[i].name == name {
			how(&g.operations[i])
			return
		}
	}
	t.Fatal("there is no operation ", name)
}

var sink []byte

// wasteful allocates once more than what was there.
func wasteful(op *operation) {
	before := op.ours
	op.ours = func() (versus.Run, func(), error) {
		run, closeIt, err := before()
		return func(n int) error {
			for range n {
				sink = make([]byte, 128)
			}
			return run(n)
		}, closeIt, err
	}
}

// Everything passes that is as it was, and whatever becomes worse is named.
func TestGuard(t *testing.T) {
	path := t.TempDir() + "/baseline.json"
	if err := steady(t).run(nil, path, true); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		regress    func(*guard)
	}{
		{"nothing", "", func(*guard) {}},
		{"allocations", "FAIL codec/decode-int: allocs is 1, baseline 0: worse\nFAIL codec/decode-int: alloc-bytes is 128, baseline 0: worse\n", func(g *guard) {
			g.change(t, "codec/decode-int", wasteful)
		}},
		{"bytes", "FAIL state/ban: bytes-sent is 261, baseline 260: worse\n", func(g *guard) {
			g.change(t, "state/ban", func(op *operation) { op.wire = &wire{op.wire.sent + 1, op.wire.roundTrips} })
		}},
		{"round trips", "FAIL state/waf: round-trips is 2, baseline 1: worse\n", func(g *guard) {
			g.change(t, "state/waf", func(op *operation) { op.wire = &wire{op.wire.sent, op.wire.roundTrips + 1} })
		}},
		{"time", "FAIL pool/with: time-over-floor is 3.00, baseline 2.00: worse\n", func(g *guard) {
			g.ratio = func(op operation) (float64, error) {
				if op.name == "pool/with" {
					return 3, nil
				}
				return 2, nil
			}
		}},
		{"one too few", "FAIL pool/with: allocs is -, baseline 0: in the baseline only\nFAIL pool/with: alloc-bytes is -, baseline 0: in the baseline only\n" +
			"FAIL pool/with: time-over-floor is -, baseline 2.00: in the baseline only\n", func(g *guard) {
			g.operations = slices.DeleteFunc(g.operations, func(op operation) bool { return op.name == "pool/with" })
		}},
		{"one too many", "FAIL more: allocs is 0, baseline -: not in the baseline\nFAIL more: alloc-bytes is 0, baseline -: not in the baseline\n" +
			"FAIL more: time-over-floor is 2.00, baseline -: not in the baseline\n", func(g *guard) {
			g.operations = append(g.operations, operation{name: "more", ours: looped(1, func() (int, error) { return 1, nil })})
		}},
	} {
		g := steady(t)
		c.regress(&g)
		var out strings.Builder
		err := g.run(&out, path, false)
		_, fails, _ := strings.Cut(out.String(), "\nFAIL ")
		if fails != "" {
			fails = "FAIL " + fails
		}
		right := errors.Is(err, errWorse) == (fails != "") && fails == c.want
		if raceEnabled { // which has pools of memory forget, so that something else may fail as well
			right = errors.Is(err, errWorse) == (fails != "") && strings.Contains(fails, c.want)
		}
		if !right {
			t.Errorf("%s: %v\n%s", c.name, err, out.String())
		}
	}
}

// Every operation and every floor does what it should, and each of the state's is one round trip.
func TestOperations(t *testing.T) {
	for _, op := range steady(t).operations {
		r, err := ratio(op, versus.Settings{Rounds: 1, Sample: 50 * time.Microsecond})
		if err != nil || r <= 0 {
			t.Errorf("%s: %v, %v", op.name, r, err)
		}
		if isState := strings.HasPrefix(op.name, "state/"); isState != (op.wire != nil) || isState && (op.wire.roundTrips != 1 || op.wire.sent == 0) {
			t.Errorf("%s: %+v", op.name, op.wire)
		}
	}
}

// The baseline of the project knows just the operations that there are.
func TestCommittedBaseline(t *testing.T) {
	b, err := readBaseline("baseline.json")
	if err != nil {
		t.Fatal(err)
	}
	g := steady(t)
	for _, op := range g.operations {
		f := b.Operations[op.name]
		if f[overFloor] <= 0 || len(f) < 3 {
			t.Errorf("%s: %v", op.name, f)
		}
	}
	if len(b.Operations) != len(g.operations) {
		t.Errorf("%d operations, %d in the baseline", len(g.operations), len(b.Operations))
	}
}

// What is wrong is not measured.
func TestWrongResults(t *testing.T) {
	wrong := get
	wrong.want++
	if _, _, err := wrong.over(openConn)(); err == nil {
		t.Error("another mark is taken")
	}
	if _, _, err := looped(1, func() (int, error) { return 2, nil })(); err == nil {
		t.Error("another value is taken")
	}
	banned := asked{prepare: checkBan}
	if _, _, err := banned.replayed([][]byte{payloadReply, numberReply}, "")(); err == nil {
		t.Error("another answer is taken")
	}
}
