package main

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/bwredis/bwredis/bench/versus"
)

func readings(firsts ...float64) (rounds []reading) {
	for _, first := range firsts {
		rounds = append(rounds, reading{first: first, weak: math.NaN(), inVain: math.NaN()})
	}
	return rounds
}

func TestTable(t *testing.T) {
	r := result{scenario: scenario{name: killName, title: "a title"}, rows: []row{
		{contender: contender{name: oursName, kind: versus.Ours}, rounds: readings(3, 1, 2)},
		{contender: contender{name: "sticky"}, rounds: readings(1500, math.Inf(1), math.Inf(1))},
		{contender: contender{name: "steady"}, rounds: readings(-4, -4)},
		{contender: contender{name: "absent"}, closed: []error{errors.New("some way"), errors.New("no way")}},
	}}
	var out strings.Builder
	if err := r.writeMarkdown(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"#### a title (`kill`)", " first success |\n| --- |", "| **ours** | 0 |", "| 2.0 ms (1.0 ms..3.0 ms) |\n", "| never (1.50 s..never) |\n", "| -4.0 ms |\n",
		"| absent | - |", "absent could not be opened within 8s in 2 of 2 rounds: no way\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "attempts/s") {
		t.Errorf("a column with nothing in it:\n%s", out.String())
	}
}

func TestGoals(t *testing.T) {
	ours := readings(4, 6, 3)
	ours[1].crowd.refused, ours[2].crowd.unknown = callers, callers+1
	durable := readings(math.Inf(1))
	durable[0].crowd.lost = 1
	var out strings.Builder
	if err := writeGoals(&out, []result{{scenario: scenario{name: killName}, rows: []row{
		{contender: contender{name: oursName}, rounds: ours},
		{contender: contender{name: durableName}, rounds: durable},
	}}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| ≤ 5 | 4.0 ms (3.0 ms..6.0 ms) | met |", "| ≤ 8 | 8 (0..9) | **not met** |", "| ≤ 0 | 1 | **not met** |",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), plannedName) {
		t.Errorf("a goal whose scenario was not played:\n%s", out.String())
	}
}

func TestSelected(t *testing.T) {
	played, who, err := options{only: "^kill$", clients: "^ours"}.selected()
	if err != nil || len(played) != 1 || len(who) != 2 {
		t.Errorf("%v, %v, %v", played, who, err)
	}
	for _, o := range []options{{only: "nosuch"}, {clients: "nosuch"}, {only: "("}, {clients: "("}} {
		if _, _, err := o.selected(); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}
