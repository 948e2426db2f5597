package main

import (
	"testing"

	"github.com/bwredis/bwredis/bench/server/servertest"
)

// BenchmarkConnection is what the program compares, one contender after the other, on a server that is started for it.
func BenchmarkConnection(b *testing.B) {
	started := servertest.Start(b)
	s := &site{tcp: started.TCP, unix: started.Unix, tls: started.TLS, login: true, stop: started.Stop}
	if err := s.prepare(b.Context()); err != nil {
		b.Fatal(err)
	}
	m, err := newMeter(b.Context(), s.tcp)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(m.close)
	for _, e := range s.experiments(m) {
		if e.load == nil {
			e.Benchmark(b)
		}
	}
}
