package bwstate_test

import (
	"bytes"
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/resp"
)

// inTurn is a RoundTripper that answers every request with the same frames.
type inTurn struct {
	frames [][]byte
	r      resp.Reply
}

func (server *inTurn) RoundTrip(_ context.Context, q *resp.Request, h resp.Handler) error {
	for i := range q.Len() {
		server.r.Reset(server.frames[i])
		if err := h.HandleReply(i, &server.r); err != nil {
			return err
		}
	}
	return nil
}

// A batch that is used again allocates what its operations hand out, and nothing of its own.
func TestAllocationsOfABatch(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	null, none := []byte("_\r\n"), []byte(":-2\r\n")
	server := &inTurn{frames: [][]byte{null, none, null, none, []byte("*1\r\n*3\r\n:3\r\n:2\r\n:1000\r\n"), []byte("$0\r\n\r\n")}}
	state := bwstate.New(server)
	limits, err := state.Limits(bwstate.LimitsConfig{})
	require.NoError(t, err)
	sessions, err := state.AppSessions(bwstate.AppSessionConfig{Name: "shop"})
	require.NoError(t, err)
	ctx, ip, token := context.Background(), netip.MustParseAddr("203.0.113.7"), string(bytes.Repeat([]byte("A"), 43))
	rate := bwstate.Rate{Limit: 2, Window: time.Minute}

	b := state.NewBatch()
	per := testing.AllocsPerRun(1000, func() {
		b.Reset()
		ban := b.CheckBan(ip, bwstate.BanLookup{Service: "app1.example.com"})
		limit := b.Limit(limits, bwstate.PathLimit{Rate: rate, Service: "app1.example.com", IP: ip, Path: "/login"})
		session := b.LoadAppSession(sessions, token)
		if err := b.Run(ctx); err != nil {
			t.Error(err)
		}
		if check, err := ban.Result(); err != nil || check.Banned {
			t.Error(check, err)
		}
		if l, err := limit.Result(); err != nil || !l.Limited {
			t.Error(l, err)
		}
		if s, err := session.Result(); err != nil || s != nil {
			t.Error(s, err)
		}
	})
	require.Equal(t, 2.0, per, "the key of the limit and the name of the session")
}

// Whoever still holds a result when the batch is used again gets nobody else's.
func TestResultAfterReset(t *testing.T) {
	state, err := bwstate.Open(t.Context(), bwstate.Settings{})
	require.NoError(t, err)
	defer state.Close()
	b := state.NewBatch()
	old := b.CheckBan(netip.MustParseAddr("203.0.113.7"), bwstate.BanLookup{})
	require.NoError(t, b.Run(t.Context()))
	_, err = old.Result()
	require.NoError(t, err)
	b.Reset()
	b.Unban(netip.MustParseAddr("203.0.113.7"), "")
	require.NoError(t, b.Run(t.Context()))
	_, err = old.Result()
	require.ErrorContains(t, err, "has not run")
	var never bwstate.Pending[bool]
	_, err = never.Result()
	require.Error(t, err)
}
