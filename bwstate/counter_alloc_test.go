package bwstate_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
)

// What counting allocates, besides what is behind the RoundTripper: the key, and with a token the token's key and what it is for.
func TestAllocationsOfCounters(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	ctx := context.Background()
	added := &canned{frame: []byte("*2\r\n$1\r\nN\r\n$2\r\n42\r\n")}
	plain, err := bwstate.New(added).Counters(bwstate.CountersConfig{Name: "app"})
	require.NoError(t, err)
	got, err := bwstate.New(&canned{frame: []byte("$2\r\n42\r\n")}).Counters(bwstate.CountersConfig{Name: "app"})
	require.NoError(t, err)
	windows, err := bwstate.New(&canned{frame: []byte("*1\r\n*2\r\n$2\r\n41\r\n$1\r\n1\r\n")}).Counters(bwstate.CountersConfig{Name: "app", Window: time.Hour, Windows: 2})
	require.NoError(t, err)
	metric, err := bwstate.New(&canned{frame: []byte("$2\r\n42\r\n")}).Metrics(bwstate.MetricsConfig{Worker: "go-1"})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		most float64
		call func() (int64, error)
	}{
		"Add":            {1, func() (int64, error) { c, err := plain.Add(ctx, "name", 1); return c.Total, err }},
		"AddOnce":        {5, func() (int64, error) { c, err := plain.AddOnce(ctx, "token", "name", 1); return c.Total, err }},
		"Get":            {1, func() (int64, error) { c, err := got.Get(ctx, "name"); return c.Total, err }},
		"Get in windows": {1, func() (int64, error) { c, err := windows.Get(ctx, "name"); return c.Total, err }},
		"Metrics.Add":    {1, func() (int64, error) { n, err := metric.Add(ctx, "errors", "404", 1); return int64(n), err }},
	} {
		t.Run(name, func(t *testing.T) {
			require.LessOrEqual(t, testing.AllocsPerRun(1000, func() {
				if n, err := c.call(); n != 42 || err != nil {
					t.Errorf("%d %v", n, err)
				}
			}), c.most)
		})
	}
}
