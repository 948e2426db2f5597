package main

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/versus"
)

func ok(end time.Duration) record {
	return record{begin: end - ms, end: end, due: end + ms, outcome: served}
}

// Killed at 100 ms, started at 200, accepting from 210.
func TestReadRestart(t *testing.T) {
	hung := record{begin: 90 * ms, end: 300 * ms, due: 190 * ms}
	all := [][]record{
		{ok(90 * ms), {end: 101 * ms, due: 190 * ms}, ok(215 * ms), ok(400 * ms)},
		{{end: 99 * ms, due: 190 * ms}, hung, ok(310 * ms)}, // an error before the kill does not count
	}
	r := readRestart(all, 100*ms, 200*ms, 210*ms, 7)
	if r.errors != 2 || r.late != 1 || r.first != 5 || r.all != 100 || r.dials != 7 || r.strayed != 0 {
		t.Errorf("got %+v", r)
	}
	if len(r.line) != 20 { // from 0 to 400 ms
		t.Errorf("%d buckets", len(r.line))
	}
	// One who is served before anybody noticed that the server is there has not waited; one who never is waits for ever.
	r = readRestart([][]record{{ok(209 * ms)}, {ok(90 * ms)}}, 100*ms, 200*ms, 210*ms, 0)
	if r.first != 0 || !math.IsInf(r.all, 1) {
		t.Errorf("first %v, all %v", r.first, r.all)
	}
}

func TestReadStall(t *testing.T) {
	all := [][]record{{
		{end: 90 * ms, due: 91 * ms}, {begin: 90 * ms, end: 600 * ms, due: 190 * ms}, ok(601 * ms), ok(1100 * ms), ok(1700 * ms),
	}, {ok(599 * ms), {end: 602 * ms, due: 700 * ms, outcome: strayed}}}
	r := readStall(all, []record{{end: 99 * ms}, {end: 205 * ms, due: 200 * ms}}, 100*ms, 600*ms, 1600*ms, 3)
	if r.errors != 1 || r.late != 1 || r.worst != 410 || r.own != 5 || r.rate != 2 || r.dials != 3 || r.strayed != 1 {
		t.Errorf("got %+v", r)
	}
}

func TestReadStorm(t *testing.T) {
	callers := make([]*caller, 4)
	for i := range callers {
		callers[i] = new(caller)
	}
	minds(callers)
	all := [][]record{
		{{end: 150 * ms}, ok(160 * ms), {end: 170 * ms, outcome: strayed}}, // cancels
		{ok(50 * ms), ok(150 * ms), {end: 180 * ms}},
		{{end: 150 * ms}, {end: 2000 * ms}},                             // out of time
		{{end: 190 * ms, outcome: strayed}, ok(199 * ms), ok(200 * ms)}, // the last one is after the storm
	}
	r := readStorm(all, callers, 100*ms, 200*ms, 4)
	if r.gaveUp != 20 || r.rate != 20 || r.errors != 1 || r.strayed != 2 || r.dials != 4 || r.p99 != float64(ms) {
		t.Errorf("got %+v", r)
	}
}

func TestTable(t *testing.T) {
	who := []clients.Client{{Name: clients.OursName, Kind: versus.Ours}, {Name: "other"}, {Name: "other/absent"}}
	r := newResult(restartSection, who)
	r.rows[0].rounds = []reading{{first: 2, line: timeline{4, 0, 4}}, {first: 1, late: 1}, {first: 3}}
	r.rows[1].rounds = []reading{{all: math.Inf(1), line: timeline{1, 0, 2}}}
	r.rows[2].broken = []error{errSlow, errNoWay}
	var out strings.Builder
	if err := r.writeMarkdown(&out); err != nil {
		t.Fatal(err)
	}
	if err := writeGoals(&out, []result{r}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| `restart` | late calls, most | ≤ 0 | 0 (0..1) | **not met** |", "| **ours** | 0 | 0 (0..1) | 2.0 ms (1.0 ms..3.0 ms) |", "| never |", "| other/absent | - |",
		"other/absent could not be measured in 2 of 2 rounds: " + errNoWay.Error(), "other        ▄·█\n",
		"| `restart` | first success, ms, most | ≤ 1000 | 2.0 ms (1.0 ms..3.0 ms) | met |",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "ours         ") {
		t.Errorf("a round has no timeline, and there is one:\n%s", out.String())
	}
}
