package pool_test

import (
	"context"
	"strconv"
	"sync"
	"testing"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

// share divides b.N turns among callers.
func share(b *testing.B, callers int, turn func() error) {
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for range (b.N + i) / callers {
				if err := turn(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// What it costs to take a connection and to give it back.
func BenchmarkCheckout(b *testing.B) {
	for _, callers := range []int{1, 8, 64} {
		b.Run(strconv.Itoa(callers), func(b *testing.B) {
			p := parrotPool(b, pool.Config{Keep: 64})
			ctx := context.Background()
			fn := func(*conn.Conn) error { return nil }
			share(b, callers, func() error { return p.With(ctx, fn) })
		})
	}
}

// The same for shared connections. A request without commands is answered without a round trip.
func BenchmarkShare(b *testing.B) {
	for _, callers := range []int{1, 8, 64} {
		b.Run(strconv.Itoa(callers), func(b *testing.B) {
			p := parrotPool(b, pool.Config{})
			ctx := context.Background()
			var q resp.Request
			share(b, callers, func() error { return p.RoundTrip(ctx, &q, nil) })
		})
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	p := parrotPool(b, pool.Config{})
	ctx := context.Background()
	var q resp.Request
	q.Cmd("SET").Str("key").Str("value")
	share(b, 1, func() error { return p.RoundTrip(ctx, &q, nil) })
}
