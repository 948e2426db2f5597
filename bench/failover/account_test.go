package main

import (
	"math"
	"slices"
	"testing"
	"time"
)

// made are successes under the master of that number, with these values of the counter, one each millisecond.
func made(master int, o outcome, from, to int64) (records []record) {
	for v := from; v <= to; v++ {
		records = append(records, record{end: time.Duration(v) * time.Millisecond, outcome: o, value: int64(master)*reign + v})
	}
	return records
}

func failed(o outcome, n int) []record { return slices.Repeat([]record{{outcome: o}}, n) }

func TestSettle(t *testing.T) {
	for _, test := range []struct {
		name    string
		records []record
		final   int64
		want    account
	}{
		{"nothing", nil, 0, account{}},
		{"nothing lost", slices.Concat(made(0, acknowledged, 1, 10), made(1, acknowledged, 11, 20)), 20, account{acknowledged: 20}},
		{
			"the old master went on", slices.Concat(made(0, acknowledged, 1, 15), made(1, acknowledged, 11, 20)), 20,
			account{acknowledged: 25, lost: 5},
		},
		{
			"the client never followed", made(0, acknowledged, 1, 15), 11, // 11 of them were replicated
			account{acknowledged: 15, lost: 4},
		},
		{
			"back and forth", slices.Concat(made(0, acknowledged, 1, 12), made(1, acknowledged, 11, 25), made(2, acknowledged, 21, 30)), 30,
			account{acknowledged: 37, lost: 7},
		},
		{
			"nothing under the one in between", slices.Concat(made(0, acknowledged, 1, 12), made(2, acknowledged, 11, 30)), 30,
			account{acknowledged: 32, lost: 2},
		},
		{
			"errors after which some were made", slices.Concat(made(0, acknowledged, 1, 8), failed(unknown, 3), failed(refused, 4)), 10,
			account{acknowledged: 8, unknown: 3, refused: 4},
		},
		{
			"an error that was wrong", slices.Concat(made(0, acknowledged, 1, 8), failed(refused, 4)), 10,
			account{acknowledged: 8, refused: 4, excess: 2},
		},
		{
			"of unknown outcome, before the first reply of the new master", slices.Concat(made(0, acknowledged, 1, 12), failed(unknown, 1), made(1, acknowledged, 12, 20)), 20,
			account{acknowledged: 21, unknown: 1, lost: 1}, // the unknown one was the new master's 11, and hides that the old one's is lost
		},
		{
			"what was not promised may be missing", slices.Concat(made(0, acknowledged, 1, 5), made(0, unpromised, 6, 8), made(1, unpromised, 6, 10)), 10,
			account{acknowledged: 5, unpromised: 8},
		},
		{
			"what was promised may not", slices.Concat(made(0, acknowledged, 1, 8), made(1, unpromised, 6, 10)), 10,
			account{acknowledged: 8, unpromised: 5, lost: 3},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, ahead := range []int64{0, reign, 2 * reign} { // whatever the reign, the counter tells the same
				if got := settle(test.records, ahead+test.final); got != test.want {
					t.Errorf("got %+v, want %+v", got, test.want)
				}
			}
		})
	}
}

func TestStall(t *testing.T) {
	at := func(ms ...int) (records []record) {
		for _, m := range ms {
			records = append(records, record{end: time.Duration(m) * time.Millisecond})
		}
		return records
	}
	const ms = time.Millisecond
	for _, test := range []struct {
		name     string
		records  []record
		from, to time.Duration
		want     time.Duration
	}{
		{"no success at all", nil, 5 * ms, 25 * ms, 20 * ms},
		{"in between", at(10, 20, 50, 60), 10 * ms, 60 * ms, 30 * ms},
		{"at first", at(50, 60), 10 * ms, 60 * ms, 40 * ms},
		{"in the end", at(10, 20), 10 * ms, 90 * ms, 70 * ms},
		{"not before the beginning, nor after the end", at(1, 90, 100, 300), 80 * ms, 110 * ms, 10 * ms},
		{"noted in another order", at(50, 20, 10, 60), 10 * ms, 60 * ms, 30 * ms},
		{"an error is no success", append(at(10, 60), record{end: 30 * ms, outcome: refused}), 10 * ms, 60 * ms, 50 * ms},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := stall(test.records, test.from, test.to); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// A success under the old master is none, however late.
func TestFirstAfter(t *testing.T) {
	stream := slices.Concat(made(0, acknowledged, 1, 50), made(1, acknowledged, 30, 50))
	crowd := slices.Concat(made(1, acknowledged, 25, 50), []record{{end: 0, outcome: unknown}})
	if got := firstAfter(20*time.Millisecond, 1, stream, crowd); got != 5 {
		t.Errorf("got %v ms", got)
	}
	if got := firstAfter(27*time.Millisecond, 1, stream, crowd); got != -2 {
		t.Errorf("before the switch: got %v ms", got)
	}
	if got := firstAfter(20*time.Millisecond, 2, stream, crowd); !math.IsInf(got, 1) {
		t.Errorf("there was none, got %v ms", got)
	}
}
