package integration

import (
	"context"
	"flag"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/integration/harness"
)

var manyReports = flag.Int("reports", 20_000, "how many reports are gone through in bounded memory and counted anew, on each server")

// However many reports there are: going through them needs memory for some pages and ids, and counting them anew lets others in between.
func TestManyReports(t *testing.T) {
	var turn sync.Mutex // one after the other, as they look at the heap
	harness.Each(t, func(t *testing.T, v harness.Version) {
		turn.Lock()
		defer turn.Unlock()
		n := *manyReports
		server := harness.Start(t, harness.Config{Version: v})
		state := open(t, server.Settings())
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
		defer cancel()
		fillReports(ctx, t, state, n)
		r, err := state.Reports(bwstate.ReportsConfig{NoLimit: true})
		require.NoError(t, err)
		for _, oldest := range []bool{false, true} {
			before, most, seen := heap(), int64(0), 0
			for report, err := range r.All(ctx, bwstate.ReportQuery{Oldest: oldest}) {
				require.NoError(t, err)
				require.NoError(t, report.Problem)
				if seen++; seen%(n/4) == 0 {
					most = max(most, heap()-before)
				}
			}
			require.Equal(t, n, seen)
			t.Logf("oldest %v: %d KiB", oldest, most>>10)
			require.Less(t, most, int64(8<<20))
		}

		steps, slowest, begin := 0, time.Duration(0), time.Now()
		for _, err := range r.RecountSteps(ctx) {
			require.NoError(t, err)
			slowest, begin = max(slowest, time.Since(begin)), time.Now()
			steps++
		}
		t.Logf("%d steps; the slowest took %v", steps, slowest)
		require.Equal(t, (n+499)/500, steps)
		top, err := r.Top(ctx, bwstate.FieldIP, 3)
		require.NoError(t, err)
		require.Equal(t, []bwstate.FacetCount{{Value: "192.0.2.0", Count: int64(n / 200)}, {Value: "192.0.2.1", Count: int64(n / 200)}, {Value: "192.0.2.10", Count: int64(n / 200)}}, top)
	})
}

// fillReports fills a list as nodes would, without facets.
func fillReports(ctx context.Context, t *testing.T, state *bwstate.State, n int) {
	args := []string{"RPUSH", "requests"}
	for i := range n {
		args = append(args, `{"id":"`+bwstate.NewReportID()+`","date":1795404591.367,"status":403,"method":"GET","ip":"192.0.2.`+strconv.Itoa(i%200)+`","url":"\/`+strconv.Itoa(i%5000)+`"}`)
		if len(args) == 1002 || i == n-1 {
			_, err := state.Do(ctx, args...)
			require.NoError(t, err)
			args = args[:2]
		}
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
