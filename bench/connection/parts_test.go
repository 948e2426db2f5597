package main

import (
	"strings"
	"testing"

	"github.com/bwredis/bwredis/bench/busy"
	"github.com/bwredis/bwredis/bench/clients"
)

func TestMeter(t *testing.T) {
	m, err := newMeter(t.Context(), fakeSite(t).tcp)
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	if err := m.start(); err != nil || m.commands != 20 || m.reads != 10 {
		t.Errorf("%v commands, %v reads, %v", m.commands, m.reads, err)
	}
	m.commands, m.reads = 11, 5 // 8 commands in 4 reads, and the question
	if got, err := m.stop(0); err != nil || got != 2 {
		t.Errorf("%v commands in a read, %v", got, err)
	}
	if got, err := m.stop(0); err != nil || got != 2 {
		t.Errorf("%v commands in a read, %v", got, err)
	}
	if got := field("# Stats\r\n", "total_reads_processed:"); got != 0 {
		t.Errorf("got %v of nothing", got)
	}
}

func TestLoads(t *testing.T) {
	for _, load := range []func() (func(), error){busy.Processes, busy.Goroutines} {
		stop, err := load()
		if err != nil {
			t.Fatal(err)
		}
		stop()
	}
}

// Whoever is a peer is measured: of each library at least what it is as it comes.
func TestPeersTakePart(t *testing.T) {
	in := map[string]map[string]bool{}
	for _, e := range experimentsOf(t, fakeSite(t)) {
		in[e.Name] = map[string]bool{}
		for _, c := range e.Contenders {
			in[e.Name][c.Name] = true
		}
	}
	for _, c := range clients.Peers() {
		if !in["get-64"][c.Name] {
			t.Errorf("get-64 is without %s", c.Name)
		}
		for name, names := range in {
			if c.IsPlain() && !names[c.Name] && !(c.NoInto && strings.HasSuffix(name, "-into")) {
				t.Errorf("%s is without %s", name, c.Name)
			}
		}
	}
}
