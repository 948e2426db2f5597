package bench

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/bwredis/bwredis/bench/latency"
)

// BenchmarkTune is BenchmarkPool farther away from the server: a proxy in this process adds to each round trip. `make tune` does the same as one sweep, says what
// to set, and draws it. A server with TLS that checks names, or behind sentinels or on a socket, is measured by that program only.
func BenchmarkTune(b *testing.B) {
	settings := serverSettings(b)
	if settings.SSL || len(settings.SentinelHosts) > 0 || settings.Network() != "tcp" {
		b.Skip("the settings have TLS, sentinels or a socket: run make tune")
	}
	for _, added := range []time.Duration{0, time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond} {
		b.Run(fmt.Sprintf("added=%v", added), func(b *testing.B) {
			p, err := latency.Listen(settings.Network(), settings.Addr(), added)
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = p.Close() }()
			far := settings
			host, port, _ := net.SplitHostPort(p.Addr())
			far.Host = host
			far.Port, _ = strconv.Atoi(port)
			for _, kept := range []int{1, 2, 3, 5, 10} {
				for _, callers := range []int{1, 8, 64, 512} {
					b.Run(fmt.Sprintf("kept=%d/callers=%d", kept, callers), func(b *testing.B) {
						far.KeepalivePool = kept
						run(b, open(b, far), callers)
					})
				}
			}
		})
	}
	if state := open(b, settings); settings.UseRedis {
		_, _ = state.Do(context.Background(), "DEL", key)
	}
}
