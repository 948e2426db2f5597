package integration

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
)

// 64 callers, and connections that end between an addition and its reply: whoever makes it again with its token counts once, in plain counters and in windows.
func TestCountersCountOnce(t *testing.T) {
	t.Parallel()
	const callers, each = 64, 4
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v})
		proxy := redistest.NewProxy(t, server.Addr)
		p := newPool(t, pool.Config{}, conn.Dialer{Timeout: 5 * time.Second, DialContext: cutter(proxy, greetingSize(t, server))}, server.Addr)
		cut := bwstate.New(p)
		for _, cfg := range []bwstate.CountersConfig{{Name: "app"}, {Name: "windows", Window: 24 * time.Hour}} {
			cs, err := cut.Counters(cfg)
			require.NoError(t, err)
			var failed, before atomic.Int64
			var wg sync.WaitGroup
			for i := range callers {
				wg.Go(func() {
					for round := range each {
						for {
							c, err := cs.AddOnce(t.Context(), fmt.Sprint(i, " ", round), "n", 2)
							if err == nil {
								if c.Before {
									before.Add(1)
								}
								break
							}
							if failed.Add(1); !assert.True(t, broken(err), "%v", err) {
								return
							}
							time.Sleep(time.Millisecond) // nobody dials for some milliseconds
						}
					}
				})
			}
			wg.Wait()
			sure, err := open(t, server.Settings()).Counters(cfg)
			require.NoError(t, err)
			c, err := sure.Get(short(t), "n")
			require.NoError(t, err)
			require.EqualValues(t, 2*callers*each, c.Total)
			t.Logf("%d failed, %d had been counted when they were made again", failed.Load(), before.Load())
			require.Positive(t, before.Load(), "no reply was cut off after its addition")
		}
		requireBalanced(t, p)
	})
}

// A process writes metrics beside nodes, and both count; cleaning up leaves those of nodes.
func TestMetricsBesideNodes(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Shared(t, v)
		state := open(t, with(server.Settings(), "REDIS_DATABASE", strconv.Itoa(server.Database(t))))
		const names = 2500
		nodes := []string{"MSET"}
		for i := range names { // what issue 3758 tells of
			nodes = append(nodes, fmt.Sprintf("metrics:badbehavior_counter_ip_2001:db8::%x:%d", i/2, i%2), "3")
		}
		_, err := state.Do(short(t), nodes...)
		require.NoError(t, err)
		m, err := state.Metrics(bwstate.MetricsConfig{Worker: "go-1", TTL: time.Hour})
		require.NoError(t, err)
		var writes []bwstate.MetricWrite
		for i := range names / 2 {
			writes = append(writes, bwstate.MetricWrite{Plugin: "badbehavior", Name: fmt.Sprintf("ip_2001:db8::%x", i), Value: 1})
		}
		require.NoError(t, m.Write(short(t), writes...))
		sums, err := state.SumMetrics(short(t), bwstate.MetricsQuery{Plugin: "badbehavior"})
		require.NoError(t, err)
		require.Len(t, sums.Counters, names/2)
		for name, sum := range sums.Counters {
			require.Equal(t, 7.0, sum, name)
		}
		deleted, err := m.Clear(short(t))
		require.NoError(t, err)
		require.EqualValues(t, names/2, deleted)
		for stored, err := range state.StoredMetrics(short(t), bwstate.MetricsQuery{}) {
			require.NoError(t, err)
			require.False(t, strings.HasPrefix(stored.Worker, "go"))
		}
	})
}
