package bwstate_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
)

// The key is all that is allocated, besides what is behind the RoundTripper.
func TestAllocationsOfLimits(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	server := new(canned)
	limits, err := bwstate.New(server).Limits(bwstate.LimitsConfig{WhenAway: bwstate.LocalWhenAway})
	require.NoError(t, err)
	ctx, minute := context.Background(), bwstate.Rate{Limit: 2, Window: time.Minute}
	path := bwstate.PathLimit{Rate: minute, Service: "app1.example.com", IP: netip.MustParseAddr("1.2.3.4"), Path: "/login"}
	service := bwstate.ServiceLimit{Rate: minute, Service: "app1.example.com"}
	quota := bwstate.Quota{Name: "login", Key: "203.0.113.7", Rate: minute}
	for name, c := range map[string]struct {
		frame string
		ask   func() (bwstate.LimitResult, error)
	}{
		"path":    {"*1\r\n*3\r\n:3\r\n:2\r\n:1000\r\n", func() (bwstate.LimitResult, error) { return limits.Path(ctx, path) }},
		"service": {"*1\r\n:3\r\n", func() (bwstate.LimitResult, error) { return limits.Service(ctx, service) }},
		"quota":   {"*1\r\n*3\r\n:1\r\n:60000000\r\n:0\r\n", func() (bwstate.LimitResult, error) { return limits.Quota(ctx, quota) }},
	} {
		server.frame = []byte(c.frame)
		require.Equal(t, 1.0, testing.AllocsPerRun(1000, func() {
			if r, err := c.ask(); err != nil || !r.Limited {
				t.Error(name, r, err)
			}
		}), name)
	}
}
