package main

import (
	"errors"
	"testing"
	"time"
)

// Three sentinels tell of the same switch; the first one counts.
func TestWatcherHearsEachSwitchOnce(t *testing.T) {
	w := &watcher{current: "127.0.0.1:1", news: make(chan struct{})}
	start := time.Now()
	for i, payload := range []string{
		"mymaster 127.0.0.1 1 127.0.0.1 2",
		"mymaster 127.0.0.1 1 127.0.0.1 2",
		"another 127.0.0.1 1 127.0.0.1 3",
		"mymaster 127.0.0.1",
		"mymaster 127.0.0.1 2 127.0.0.1 1",
		"mymaster 127.0.0.1 2 127.0.0.1 1",
	} {
		w.hear(start.Add(time.Duration(i)), payload)
	}
	for n, want := range []switchover{{start, "127.0.0.1:2"}, {start.Add(4), "127.0.0.1:1"}} {
		if got, err := w.await(t.Context(), n, time.Hour); err != nil || got != want {
			t.Errorf("switch %d: got %+v, %v, want %+v", n, got, err, want)
		}
	}
	if _, err := w.await(t.Context(), 2, 0); !errors.Is(err, errNoSwitch) {
		t.Errorf("got %v", err)
	}
}
