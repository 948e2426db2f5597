package main

import (
	"testing"

	"github.com/bwredis/bwredis/bench/busy"
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

func TestMark(t *testing.T) {
	if mark("") != 0 || mark("ab") == mark("ac") || mark("ab") == mark("aab") || mark("ab") != mark([]byte("ab")) {
		t.Error("marks do not tell values apart")
	}
}
