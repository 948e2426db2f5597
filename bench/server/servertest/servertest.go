// Package servertest starts servers for benchmarks that go test runs.
package servertest

import (
	"errors"
	"testing"

	"github.com/bwredis/bwredis/bench/server"
)

// Start runs redis-server or valkey-server from PATH until the benchmark ends, which is skipped where there is neither.
func Start(tb testing.TB) *server.Server {
	tb.Helper()
	s, err := server.Start(tb.Context(), "")
	if errors.Is(err, server.ErrNoServer) {
		tb.Skip(err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Stop)
	return s
}
