package main

import "testing"

// BenchmarkCodec is what the program compares, one contender after the other.
func BenchmarkCodec(b *testing.B) {
	for _, w := range workloads() {
		w.Benchmark(b)
	}
}
