package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/versus"
)

func TestSummary(t *testing.T) {
	results := []measured{
		made(t, "won", point{}, pretend("raw", versus.Floor, 4000), pretend("ours", versus.Ours, 2000), pretend("a", versus.Peer, 20), pretend("b", versus.Peer, 200)),
		made(t, "lost", point{}, pretend("raw", versus.Floor, 4000), pretend("ours", versus.Ours, 20), pretend("a", versus.Peer, 2000), pretend("b", versus.Peer, 200)),
		made(t, "alone", point{}, pretend("ours", versus.Ours, 20)),
	}
	var b bytes.Buffer
	if err := writeSummary(&b, results); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	row := func(name string) string {
		_, after, _ := strings.Cut(text, "| `"+name+"` |")
		line, _, _ := strings.Cut(after, "\n")
		return line
	}
	if won := row("won"); !strings.Contains(won, "| b |") || !strings.Contains(won, "| ahead |") || !strings.Contains(won, "| shorter |") || strings.Contains(won, "not ahead") {
		t.Errorf("won: %s", won)
	}
	if lost := row("lost"); !strings.Contains(lost, "| a |") || !strings.Contains(lost, "**not ahead**") || !strings.Contains(lost, "**not shorter**") {
		t.Errorf("lost: %s", lost)
	}
	if row("alone") != "" {
		t.Error("a workload without peers is compared")
	}
	for _, what := range []string{"Throughput: ours is not ahead", "p99: ours is not shorter"} {
		if !strings.Contains(text, "**"+what+" in 1 of them:** `lost`") {
			t.Errorf("nothing is said of %s:\n%s", what, text)
		}
	}
	b.Reset()
	_ = writeSummary(&b, results[:1])
	if !strings.Contains(b.String(), "Throughput: ours is ahead in every workload.") {
		t.Errorf("%s", &b)
	}
	if got := verdict(ahead, versus.Spread{Median: 1.1, Min: 0.9}); got != "ahead, not in every round" {
		t.Error(got)
	}
}

func TestProgress(t *testing.T) {
	var b bytes.Buffer
	at := time.Unix(0, 0)
	p := newProgress(&b, false, func() time.Time { return at }, 40)
	p.start("first", 10)
	at = at.Add(20 * time.Second) // twice as long as meant
	p.finish()
	if got := b.String(); got != " 25 %  first: 20.0s, 1m0s left\n" {
		t.Errorf("%q", got)
	}
	b.Reset()
	p.bar = true
	p.start("second", 30)
	at = at.Add(30 * time.Second)
	p.draw()
	if got := b.String(); !strings.HasSuffix(strings.TrimRight(got, " "), "\r[##################............]  62 %, 30s left  second") {
		t.Errorf("%q", got)
	}
	at = at.Add(time.Hour) // longer than it may: it is not done
	p.draw()
	p.finish()
	if got := b.String(); !strings.Contains(got, " 99 %, ") || !strings.Contains(got, "100 %, 0s left") {
		t.Errorf("%q", got)
	}
	stop := p.run(time.Hour)
	stop()
	if !strings.HasSuffix(b.String(), "\n") || strings.Count(b.String(), "\n") != 1 {
		t.Errorf("%q", b.String())
	}
	if onTerminal(&b) {
		t.Error("a buffer is a terminal")
	}
}

func TestHead(t *testing.T) {
	s := fakeSite(t)
	s.notes = []string{"there is no server", "no Docker"}
	var b bytes.Buffer
	o := tiny()
	o.full, o.only = true, "get"
	if err := writeHead(&b, o, s); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"**This is no server", "There is no server, and no Docker.", "-full -only 'get' -rounds 1 -time 1ms", `"defaults" is`, "valkey-go v"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in\n%s", want, &b)
		}
	}
	s.responder, s.version = false, "redis 8"
	b.Reset()
	if err := writeHead(&b, tiny(), s); err != nil || strings.Contains(b.String(), "no server") || !strings.Contains(b.String(), "redis 8") {
		t.Errorf("%v\n%s", err, &b)
	}
}

func TestYardstick(t *testing.T) {
	for output, want := range map[string]float64{
		"\"test\",\"rps\"\n\"GET k\",\"1234.5\",\"0.3\"\n": 1234.5,
		"\"GET k\",\"99.00\"\n":                            99,
	} {
		if got, err := yardstickRate(output); err != nil || got != want {
			t.Errorf("%q: %v, %v", output, got, err)
		}
	}
	if _, err := yardstickRate("Could not connect"); err == nil {
		t.Error("a rate where there is none")
	}
	s := fakeSite(t)
	var b bytes.Buffer
	if err := s.writeYardstick(t.Context(), &b, nil); err != nil || b.Len() > 0 {
		t.Errorf("the responder is no server: %v, %s", err, &b)
	}
	if args := s.yardstickArgs(sticks[1]); !slices.Contains(args, "16") || !strings.HasPrefix(args[len(args)-1], prefix) {
		t.Error(args)
	}
	if got := oursIn([]measured{made(t, "get-64", point{}, pretend(clients.OursName, versus.Ours, 20))}, "get-64"); got == "-" {
		t.Error("ours is not found")
	}
}
