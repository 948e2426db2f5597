package main

import (
	"slices"
	"testing"
	"time"
)

func TestTimeline(t *testing.T) {
	killed := 200 * ms // so the first bucket begins at 100
	at := func(d time.Duration, o outcome) record { return record{end: d, outcome: o} }
	records := []record{
		at(99*ms, served), at(100*ms, served), at(119*ms, served), at(120*ms, served), at(125*ms, failed), at(126*ms, strayed),
		at(259*ms, served), at(260*ms, served), at(400*ms, served),
	}
	want := timeline{2, 1, 0, 0, 0, 0, 0, 1}
	if got := timelineOf(records, killed, 265*ms); !slices.Equal(got, want) { // what is left of the last bucket is not shown
		t.Errorf("got %v, want %v", got, want)
	}
	if got := timelineOf(records, killed, 50*ms); len(got) > 0 {
		t.Errorf("before it begins there is %v", got)
	}
}

func TestTypical(t *testing.T) {
	got := typical([]timeline{{1, 5, 0, 9}, {3, 4, 0}, {2, 9, 0, 1, 1}})
	if want := (timeline{2, 5, 0}); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := typical(nil); len(got) > 0 {
		t.Errorf("of nothing: %v", got)
	}
}

func TestBars(t *testing.T) {
	if got := (timeline{0, 1, 50, 100, 0}).bars(); got != "·▁▄█·" {
		t.Errorf("got %q", got)
	}
	if got := (timeline{0, 0}).bars(); got != "··" {
		t.Errorf("nothing at all is %q", got)
	}
}
