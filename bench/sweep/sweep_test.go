package main

import (
	"bytes"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/server"
	"github.com/bwredis/bwredis/bench/versus"
)

func tiny() options {
	return options{Settings: versus.Settings{Rounds: 1, Sample: time.Millisecond}}
}

// Each way to use a library gives the right replies in each kind of workload of the quick mode, or its setup fails.
func TestQuick(t *testing.T) {
	var out, progress bytes.Buffer
	o := tiny()
	o.only = "^(get-(1|8)|evalsha-64|pipeline-16|waf-64|waf-64-batch)$" // the others come in TestFull
	if err := sweep(t.Context(), o, fakeSite(t), &out, &progress); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"**This is no server", "(`get-1`)", "(`get-8`)", "(`evalsha-64`)", "(`pipeline-16`)", "(`waf-64`)", "(`waf-64-batch`)", "## Summary",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output has no %s", want)
		}
	}
	for _, c := range clients.All() {
		if !strings.Contains(out.String(), "| "+c.Name+" |") && !strings.Contains(out.String(), "| **"+c.Name+"** |") {
			t.Errorf("%s is in no table", c.Name)
		}
	}
	if lines := strings.Count(progress.String(), "\n"); lines != 6 {
		t.Errorf("%d lines of progress:\n%s", lines, &progress)
	}
}

// So it is with all workloads, each beside one of the peers in turn.
func TestFull(t *testing.T) {
	s, o := fakeSite(t), tiny()
	o.full = true
	all, err := s.selected(o)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var some []experiment
	for i, e := range all {
		peers := e.Contenders[2:]
		c := peers[i%len(peers)]
		if k := slices.IndexFunc(peers, func(c versus.Contender) bool { return !seen[c.Name] }); k >= 0 {
			c = peers[k]
		}
		seen[c.Name] = true
		e.Contenders = append(e.Contenders[:2:2], c)
		some = append(some, e)
	}
	if _, err := measureAll(o, some, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, c := range slices.Concat(clients.Peers(), clients.Defaults()) {
		if !seen[c.Name] {
			t.Errorf("%s was in no workload", c.Name)
		}
	}
}

func TestSelected(t *testing.T) {
	s, o := fakeSite(t), tiny()
	o.full = true
	all, err := s.selected(o)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, e := range all {
		if names[e.Name] {
			t.Errorf("%s is there twice", e.Name)
		}
		names[e.Name] = true
	}
	for _, want := range []string{"callers-1", "callers-1024", "size-get-1MiB-16", "size-set-64B-1", "pipeline-256", "waf-512-batch", "tls-64", "unix-1", "busy-64", "evalsha-64"} {
		if !names[want] {
			t.Errorf("there is no %s", want)
		}
	}
	s.tls, s.unix, o.only = nil, nil, "^(tls|unix)-"
	if _, err := s.selected(o); err == nil {
		t.Error("a way is measured that does not lead anywhere")
	}
	o.only = "("
	if _, err := s.selected(o); err == nil {
		t.Error("what is no expression selects")
	}
}

// What is wrong must not look fast.
func TestWrongReplies(t *testing.T) {
	for _, e := range []expectation{text("right"), nothing(), number(noKey), simple("right"), anyNumber()} {
		s := fakeSite(t)
		l := fakeServer(t, "tcp", server.Loopback+":0", func(_ int, out []byte, args [][]byte) []byte {
			if string(capitals(args[0])) == "GET" {
				return append(out, "$5\r\nwrong\r\n"...)
			}
			return appendAnswer(out, args, nil)
		})
		s.tcp.Addr = l.Addr().String()
		j := jobOf(clients.Get("key"), e)
		if e.mark == 0 && !e.null {
			j = jobOf(clients.Command{Name: "PTTL", Args: []string{"key"}, Want: clients.Number}, e) // below 0
		}
		for _, callers := range []int{1, 2} {
			p := plan{site: s, clients: clients.Ours()}
			for _, c := range p.experiment("wrong", "wrong", p.by(callers, 0, j)).Contenders {
				if c.Kind == versus.Floor && e.wire == "" {
					continue // floors take any number
				}
				if _, _, err := c.SetupTimed(); err == nil {
					t.Errorf("%s takes a wrong reply for %+v", c.Name, e)
				}
			}
		}
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		got   string
		wires []string
		want  bool
	}{
		{"+OK\r\n", []string{"+OK\r\n"}, true},
		{":12\r\n$-1\r\n", []string{"", "$-1\r\n"}, true},
		{":12\r\n", []string{"", "$-1\r\n"}, false},
		{"-ERR\r\n", []string{""}, false},
		{"", []string{""}, false},
		{"+OK\r\n+OK\r\n", []string{"+OK\r\n"}, false},
	} {
		if got := matches(c.got, c.wires); got != c.want {
			t.Errorf("%q for %q: %v", c.got, c.wires, got)
		}
	}
}

// A number is told from the bytes and calls of a server that is another process.
func TestTransfers(t *testing.T) {
	s := fakeSite(t)
	read := func() float64 {
		gauges := s.transferGauges()
		if err := gauges[0].Start(); err != nil {
			t.Fatal(err)
		}
		v, err := gauges[0].Stop(2)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if v := read(); !math.IsNaN(v) {
		t.Errorf("the responder's own calls are counted: %v", v)
	}
	s.responder = false
	if _, ok := ownTransfers(); ok && !(read() > 0) {
		t.Error("not even the reads of the gauge are counted")
	}
}
