package main

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestJudge(t *testing.T) {
	one := func(name string, v float64) figures { return figures{name: v} }
	for _, c := range []struct {
		name               string
		measured, baseline figures
		want               verdict
	}{
		{allocs, one(allocs, 1), one(allocs, 1), same},
		{allocs, one(allocs, 1.1), one(allocs, 1), worse},
		{allocs, one(allocs, 0), one(allocs, 1), better},
		{allocs, one(allocs, 1), one(allocs, 0), worse},
		{allocBytes, one(allocBytes, 65), one(allocBytes, 64), worse},
		{bytesSent, one(bytesSent, 99), one(bytesSent, 100), better},
		{roundTrips, one(roundTrips, 2), one(roundTrips, 1), worse},
		{overFloor, one(overFloor, 2.8), one(overFloor, 2), same},
		{overFloor, one(overFloor, 2.81), one(overFloor, 2), worse},
		{overFloor, one(overFloor, 1.43), one(overFloor, 2), same},
		{overFloor, one(overFloor, 1.42), one(overFloor, 2), better},
		{overFloor, one(overFloor, 2), one(allocs, 1), unknown},
		{overFloor, nil, one(overFloor, 2), gone},
		{overFloor, one(allocs, 1), one(allocs, 1), same},
	} {
		if got := judge(c.name, c.measured, c.baseline); got != c.want {
			t.Errorf("%s %v, baseline %v: %v, want %v", c.name, c.measured, c.baseline, got, c.want)
		}
	}
	for v, fails := range map[verdict]bool{same: false, better: false, worse: true, unknown: true, gone: true} {
		if v.fails() != fails {
			t.Errorf("%v fails: %v", v, v.fails())
		}
	}
}

// A ratio is believed when it is measured three times, and no longer than it has to be.
func TestMeasuredAgain(t *testing.T) {
	op := operation{name: "x", ours: looped(1, func() (int, error) { return 1, nil })}
	for _, c := range []struct {
		ratios []float64 // one after the other
		want   float64
		times  int
	}{
		{[]float64{2.5}, 2.5, 1},
		{[]float64{3, 2.2}, 2.2, 2},
		{[]float64{3, 4, 2.1}, 2.1, 3},
		{[]float64{3.5, 3, 4}, 3, 3},
		{[]float64{1, 1.9}, 1.9, 2},
		{[]float64{1, 1.2, 0.9}, 1.2, 3},
	} {
		times := 0
		g := guard{counted: 1000, ratio: func(operation) (float64, error) {
			times++
			return c.ratios[times-1], nil
		}}
		f, err := g.measure(op, figures{allocs: 0, overFloor: 2})
		if err != nil || f[overFloor] != c.want || times != c.times {
			t.Errorf("%v: %v after %d, want %v after %d; %v", c.ratios, f[overFloor], times, c.want, c.times, err)
		}
	}
}

func TestReport(t *testing.T) {
	var r report
	r.add("old", "-", nil, figures{allocs: 1})
	r.add("new", "floor", figures{allocs: 1}, nil)
	r.add("gain", "floor", figures{allocs: 1, overFloor: 1}, figures{allocs: 2, overFloor: 1})
	var out strings.Builder
	if err := r.write(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| `old` | - (1) | - | - | - | - | - | in the baseline only |",
		"| `new` | 1 (-) | - | - | - | - | floor | not in the baseline |",
		"| `gain` | 1 (2) | - | - | - | 1.00 | floor | better |",
		"note: gain: allocs is 1, baseline 2: run `go run ./guard -update`",
		"FAIL old: allocs is -, baseline 1: in the baseline only\n",
		"FAIL new: allocs is 1, baseline -: not in the baseline\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	if len(r.fails) != 2 || len(r.notes) != 1 {
		t.Errorf("%q, %q", r.fails, r.notes)
	}
}

func TestBaseline(t *testing.T) {
	path := t.TempDir() + "/b.json"
	b := newBaseline()
	b.Operations["b"] = figures{overFloor: 1.25, allocs: 0}
	b.Operations["a"] = figures{allocBytes: 16}
	if err := b.write(path); err != nil {
		t.Fatal(err)
	}
	got, err := readBaseline(path)
	if err != nil || !reflect.DeepEqual(got, b) {
		t.Errorf("got %v, %v, want %v", got, err, b)
	}
	text, _ := os.ReadFile(path)
	if s := string(text); strings.Index(s, `"a"`) > strings.Index(s, `"b"`) || strings.Index(s, `"allocs"`) > strings.Index(s, `"time-over-floor"`) {
		t.Errorf("not sorted:\n%s", s)
	}
	for _, bad := range []string{"", "{", "{}"} {
		_ = os.WriteFile(path, []byte(bad), 0o600)
		if _, err := readBaseline(path); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
	if _, err := readBaseline(path + ".none"); err == nil {
		t.Error("no file is read")
	}
}

func TestOtherThan(t *testing.T) {
	now := baseline{Go: "go1.26.8", Arch: "amd64"}
	for _, c := range []struct {
		b     baseline
		other bool
	}{
		{now, false},
		{baseline{Go: "go1.26", Arch: "amd64"}, false},
		{baseline{Go: "go1.25.8", Arch: "amd64"}, true},
		{baseline{Go: "go1.26.8", Arch: "arm64"}, true},
		{baseline{Go: "devel", Arch: "amd64"}, true},
	} {
		if note := c.b.otherThan(now); (note != "") != c.other {
			t.Errorf("%v: %q", c.b, note)
		}
	}
}
