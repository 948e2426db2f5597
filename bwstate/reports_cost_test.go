package bwstate_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
)

// The key of the batch is all that is allocated, besides what is behind the RoundTripper.
func TestAllocationsOfReports(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	state := bwstate.New(&canned{frame: []byte("*5\r\n:3\r\n:3\r\n:0\r\n:0\r\n$0\r\n\r\n")})
	r, err := state.Reports(bwstate.ReportsConfig{})
	require.NoError(t, err)
	reports := make([]bwstate.Report, 3)
	for i := range reports {
		reports[i] = bwstate.Report{
			ID: bwstate.NewReportID(), Date: time.UnixMilli(1795404591367), IP: "192.0.2.7", Country: "FR", Method: "GET", URL: "/login?next=%2F", Status: 403,
			UserAgent: "curl/8", Reason: "modsecurity", ServerName: "www.example.com", SecurityMode: "block",
		}
	}
	ctx := context.Background()
	require.Equal(t, 1.0, testing.AllocsPerRun(1000, func() {
		if done, err := r.Push(ctx, reports...); err != nil || done.Pushed != 3 || done.Again != 0 {
			t.Error(done, err)
		}
	}))
}
