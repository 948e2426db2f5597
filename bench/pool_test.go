package bench

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/resp"
)

const key = "bwredis-bench"

var value = strings.Repeat("v", 64)

// BenchmarkPool is how REDIS_KEEPALIVE_POOL is tuned: GET of 64 bytes, by so many callers on so many kept connections. It reports nanoseconds for each command
// as a whole, and the 99th percentile of what one caller waited, in microseconds.
func BenchmarkPool(b *testing.B) {
	settings := serverSettings(b)
	for _, kept := range []int{1, 2, 3, 10} {
		for _, callers := range []int{1, 2, 8, 64, 512} {
			b.Run(fmt.Sprintf("kept=%d/callers=%d", kept, callers), func(b *testing.B) {
				settings.KeepalivePool = kept
				run(b, open(b, settings), callers)
			})
		}
	}
}

// serverSettings reads the settings, or starts the responder.
func serverSettings(b *testing.B) bwstate.Settings {
	settings, err := bwstate.ParseSettings(os.Getenv)
	if err != nil {
		b.Fatal(err)
	}
	if settings.UseRedis {
		say(b, "measured against the server of the settings: "+settings.String())
		return settings
	}
	say(b, "measured against a responder in this process, which executes nothing; set USE_REDIS=yes and REDIS_HOST for a server")
	addr, stop, err := ServeOK(resp.AppendBulk(nil, value))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = stop() })
	host, port, _ := strings.Cut(addr, ":")
	settings.UseRedis, settings.Host = true, host
	settings.Port, _ = strconv.Atoi(port)
	return settings
}

// say prints beside the figures; what a benchmark logs is shown only when it fails.
func say(b *testing.B, text string) { fmt.Fprintf(os.Stderr, "%s: %s\n", b.Name(), text) }

func open(b *testing.B, settings bwstate.Settings) *bwstate.State {
	state, err := bwstate.Open(b.Context(), settings)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = state.Close() })
	if _, err := state.Do(b.Context(), "SET", key, value, "EX", "3600"); err != nil {
		b.Fatal(err)
	}
	return state
}

// run shares b.N commands out among the callers.
func run(b *testing.B, state *bwstate.State, callers int) {
	var next atomic.Int64
	var wg sync.WaitGroup
	waits := make([][]time.Duration, callers)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range callers {
		wg.Go(func() {
			for next.Add(1) <= int64(b.N) {
				start := time.Now()
				if _, err := state.Do(context.Background(), "GET", key); err != nil {
					b.Error(err)
					return
				}
				waits[i] = append(waits[i], time.Since(start))
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	all := slices.Sorted(slices.Values(slices.Concat(waits...)))
	if len(all) > 0 {
		b.ReportMetric(float64(all[len(all)*99/100])/float64(time.Microsecond), "p99-µs")
	}
}
