package main

import (
	"testing"

	"github.com/bwredis/bwredis/bench/server/servertest"
)

// BenchmarkPools is what the program compares, one contender after the other, on a server that is started for it.
func BenchmarkPools(b *testing.B) {
	s, err := newSite(b.Context(), servertest.Start(b).TCP)
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range s.experiments() {
		e.Benchmark(b)
	}
}
