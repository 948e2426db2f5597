package main

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/bwredis/bwredis/bench/clients"
)

const ms = time.Millisecond

func TestLateness(t *testing.T) {
	records := []record{
		{begin: 0, end: 5 * ms, due: 100 * ms, outcome: served},
		{begin: 5 * ms, end: 105*ms + grace, due: 105 * ms},
		{begin: 0, end: 101*ms + grace, due: 100 * ms},
		{begin: 0, end: 300 * ms, due: 100 * ms, outcome: served}, // a success is late all the same
	}
	if got := late(records); got != 2 {
		t.Errorf("%d are late, want 2", got)
	}
	if got := worst(records); got != 200*ms {
		t.Errorf("the worst is %v late", got)
	}
	if got := worst(records[:1]); got != 0 {
		t.Errorf("early by %v", got)
	}
}

func TestRecords(t *testing.T) {
	records := []record{
		{begin: 0, end: 10 * ms, outcome: served},
		{begin: 10 * ms, end: 20 * ms},
		{begin: 20 * ms, end: 30 * ms, outcome: strayed},
		{begin: 30 * ms, end: 70 * ms, outcome: served},
	}
	for _, test := range []struct {
		from time.Duration
		want float64
	}{{0, float64(10 * ms)}, {10 * ms, float64(10 * ms)}, {11 * ms, float64(70 * ms)}, {71 * ms, math.Inf(1)}} {
		if got := firstServed(records, test.from); got != test.want {
			t.Errorf("first served from %v: %v, want %v", test.from, got, test.want)
		}
	}
	if got := ended(records, 20*ms, 70*ms); !slices.Equal(got, records[1:3]) {
		t.Errorf("got %v", got)
	}
	if got := quantile(records, 0.5); got != float64(40*ms) {
		t.Errorf("the median is %v", got)
	}
	if got := quantile(records, 0); got != float64(10*ms) {
		t.Errorf("the shortest is %v", got)
	}
	if got := quantile(records[1:3], 0.99); !math.IsNaN(got) {
		t.Errorf("without successes it is %v", got)
	}
}

// The reply to what somebody else asked is noticed in either form, and a null is that of a server which came back.
func TestJudge(t *testing.T) {
	c := &caller{value: valueOf(3)}
	for _, test := range []struct {
		reply clients.Reply
		want  outcome
	}{
		{clients.Reply{Text: valueOf(3)}, served},
		{clients.Reply{Bytes: []byte(valueOf(3))}, served},
		{clients.Reply{Null: true}, served},
		{clients.Reply{Text: valueOf(4)}, strayed},
		{clients.Reply{Bytes: []byte(valueOf(33))}, strayed},
		{clients.Reply{Text: valueOf(4), Bytes: []byte(valueOf(3))}, strayed},
		{clients.Reply{}, strayed},
	} {
		if got := c.judge(&test.reply); got != test.want {
			t.Errorf("%+v: got %v, want %v", test.reply, got, test.want)
		}
	}
}

func TestValuesDiffer(t *testing.T) {
	seen := map[string]int{}
	for i := range stormSection.callers {
		value := valueOf(i)
		if other, ok := seen[value]; ok || len(value) != 64 {
			t.Errorf("%d and %d have %q", i, other, value)
		}
		seen[value] = i
	}
}

// A call that never returns is known all the same.
func TestTaken(t *testing.T) {
	done := record{end: 10 * ms, due: 100 * ms, outcome: served}
	c := &caller{records: []record{done}, waits: true, current: record{begin: 10 * ms, due: 110 * ms}}
	want := []record{done, {begin: 10 * ms, end: 400 * ms, due: 110 * ms}}
	if got := c.taken(400 * ms); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if !c.servedSince(10*ms) || c.servedSince(11*ms) {
		t.Error("the success was at 10ms")
	}
}
