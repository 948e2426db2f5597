package bwstate

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/resp"
)

// asking is an operation of some commands that keeps what was answered.
type asking struct {
	commands [][]string
	write    bool
	broken   int // the reply that it cannot read, counted from 1
	got      []string
}

func (a *asking) reads() bool { return !a.write }

func (a *asking) add(q *resp.Request) {
	a.got = nil
	for _, args := range a.commands {
		q.Cmd(args[0]).Args(args[1:]...)
	}
}

func (a *asking) HandleReply(i int, r *resp.Reply) error {
	a.got = append(a.got, r.Value().String())
	if i+1 == a.broken {
		return errUnreadable
	}
	return nil
}

var (
	errUnreadable = errors.New("unreadable")
	errNoServer   = errors.New("connection refused")
)

func newBatchState(t *testing.T) (*State, *switchable) {
	s := openLocal()
	server := &switchable{RoundTripper: s.rt}
	s.rt = server
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s, server
}

func TestBatchIsOneRoundTrip(t *testing.T) {
	s, server := newBatchState(t)
	b := s.NewBatch()
	require.NoError(t, b.Run(t.Context()))
	require.Zero(t, server.sent, "an empty batch sends nothing")
	b.Reset()
	for range 3 { // its memory is used again
		parts := []*asking{
			{commands: [][]string{{"SET", "a", "1"}, {"INCR", "a"}}, write: true},
			{},
			{commands: [][]string{{"GET", "a"}}},
			{commands: [][]string{{"GET", "none"}, {"ECHO", "x"}, {"GET", "a"}}},
			{},
		}
		for i, p := range parts {
			require.Equal(t, i, b.put(p, FailWhenAway))
			require.ErrorIs(t, b.outcomes[i].check(), errNotRun)
		}
		require.Equal(t, len(parts), b.Len())
		sent := server.sent
		require.NoError(t, b.Run(t.Context()))
		require.Equal(t, sent+1, server.sent)
		for i := range parts {
			require.NoError(t, b.outcomes[i].check())
			require.False(t, b.outcomes[i].degraded)
		}
		require.Equal(t, []string{"OK", "2"}, parts[0].got)
		require.Empty(t, parts[1].got)
		require.Equal(t, []string{`"2"`}, parts[2].got)
		require.Equal(t, []string{"null", `"x"`, `"2"`}, parts[3].got)
		var misuse *ArgumentError
		require.ErrorAs(t, b.Run(t.Context()), &misuse, "a batch runs once")
		require.Equal(t, sent+1, server.sent)
		b.Reset()
		require.Zero(t, b.Len())
	}
}

// What one operation cannot read, or is refused, is nobody else's.
func TestBatchKeepsErrorsApart(t *testing.T) {
	s, _ := newBatchState(t)
	b := s.NewBatch()
	parts := []*asking{
		{commands: [][]string{{"ECHO", "1"}, {"ECHO", "2"}, {"ECHO", "3"}}, broken: 2},
		{commands: [][]string{{"NOSUCH"}, {"ECHO", "4"}}},
		{commands: [][]string{{"ECHO", "5"}}, broken: 1},
		{commands: [][]string{{"ECHO", "6"}}},
	}
	for _, p := range parts {
		b.put(p, FailWhenAway)
	}
	require.NoError(t, b.Run(t.Context()))
	require.ErrorIs(t, b.outcomes[0].check(), errUnreadable)
	require.Equal(t, []string{`"1"`, `"2"`}, parts[0].got)
	require.NoError(t, b.outcomes[1].check())
	require.Len(t, parts[1].got, 2)
	require.ErrorIs(t, b.outcomes[2].check(), errUnreadable)
	require.NoError(t, b.outcomes[3].check())
	require.Equal(t, []string{`"6"`}, parts[3].got)
}

// marks is a RoundTripper that looks at how a request is marked.
type marks struct{ readOnly bool }

func (m *marks) RoundTrip(_ context.Context, q *resp.Request, _ resp.Handler) error {
	m.readOnly = q.ReadOnly()
	return nil
}

func TestBatchReadsOnlyWhenAllDo(t *testing.T) {
	for _, writes := range [][]bool{{false}, {true}, {false, false}, {true, false}, {false, true}, {false, true, false}} {
		m := &marks{}
		b, want := New(m).NewBatch(), true
		for _, write := range writes {
			b.put(&asking{commands: [][]string{{"X"}}, write: write}, FailWhenAway)
			want = want && !write
		}
		require.NoError(t, b.Run(t.Context()))
		require.Equal(t, want, m.readOnly, writes)
	}
}

func TestBatchWhenAway(t *testing.T) {
	for _, c := range []struct {
		name string
		away []WhenAway
	}{
		{"all go on", []WhenAway{LocalWhenAway, LocalWhenAway}},
		{"some go on", []WhenAway{FailWhenAway, LocalWhenAway, FailWhenAway, LocalWhenAway}},
		{"none goes on", []WhenAway{FailWhenAway, CookieWhenAway}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, server := newBatchState(t)
			server.away = errNoServer
			b := s.NewBatch()
			parts, all := make([]*asking, len(c.away)), true
			for i, away := range c.away {
				parts[i] = &asking{commands: [][]string{{"INCR", "n"}, {"ECHO", "x"}}, write: true}
				b.put(parts[i], away)
				all = all && away == LocalWhenAway
			}
			if all {
				require.NoError(t, b.Run(t.Context()))
			} else {
				require.ErrorIs(t, b.Run(t.Context()), errNoServer)
			}
			require.Equal(t, len(parts), b.Len())
			for i, away := range c.away {
				if away == LocalWhenAway {
					require.NoError(t, b.outcomes[i].check())
					require.True(t, b.outcomes[i].degraded)
					require.Len(t, parts[i].got, 2)
				} else {
					require.ErrorIs(t, b.outcomes[i].check(), errNoServer)
					require.False(t, b.outcomes[i].degraded)
					require.Empty(t, parts[i].got)
				}
			}
		})
	}
}

// Only an outage lets anything go on elsewhere.
func TestBatchThatFailsForAnotherReason(t *testing.T) {
	s, server := newBatchState(t)
	for _, server.away = range []error{context.Canceled, &resp.TypeError{}, &resp.Error{Message: "NOAUTH Authentication required."}} {
		ctx, cancel := context.WithCancel(t.Context())
		if errors.Is(server.away, context.Canceled) {
			cancel()
		}
		b := s.NewBatch()
		b.put(&asking{commands: [][]string{{"INCR", "n"}}, write: true}, LocalWhenAway)
		require.ErrorIs(t, b.Run(ctx), server.away)
		require.ErrorIs(t, b.outcomes[0].check(), server.away)
		require.False(t, b.outcomes[0].degraded)
		cancel()
	}
}

// breaking answers some replies, and then breaks.
type breaking struct{ frames replies }

func (b breaking) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	if err := b.frames.RoundTrip(ctx, q, h); err != nil {
		return err
	}
	return errNoServer
}

// What was answered before the connection broke is nobody's result.
func TestBatchThatBreaks(t *testing.T) {
	b := New(breaking{replies{":7\r\n", ":8\r\n", ":9\r\n"}}).NewBatch()
	defer b.state.Close()
	parts := make([]*asking, 3)
	for i := range parts {
		parts[i] = &asking{commands: [][]string{{"INCR", "n"}, {"INCR", "n"}}, write: true}
		b.put(parts[i], LocalWhenAway)
	}
	require.NoError(t, b.Run(t.Context()))
	for i := range parts {
		require.NoError(t, b.outcomes[i].check())
		require.True(t, b.outcomes[i].degraded)
	}
	require.Equal(t, []string{"1", "2"}, parts[0].got)
	require.Equal(t, []string{"5", "6"}, parts[2].got)
}

// A session in cookies counts in a batch as it does alone: when the server is away, and only then.
func TestBatchOfSessionsInCookies(t *testing.T) {
	r, server := newAwayRig(t, VisitorSettings{Away: CookieWhenAway})
	server.away = errAway
	s := r.fresh()
	require.NoError(t, s.Set("k", "v"))
	require.NoError(t, s.Commit(t.Context()))
	cookies := jar{}
	cookies.take(s.SetCookies())
	stored := jar{}
	server.away = nil
	s = r.fresh()
	require.NoError(t, s.Set("k", "v"))
	require.NoError(t, s.Commit(t.Context()))
	stored.take(s.SetCookies())

	for _, away := range []error{nil, errAway, &resp.Error{Message: "LOADING Redis is loading the dataset in memory"}, &resp.Error{Message: "NOAUTH Authentication required."}} {
		server.away = away
		b := r.state.NewBatch()
		inCookie, inStore := b.OpenVisitor(r.sessions, cookies.get), b.OpenVisitor(r.sessions, stored.get)
		err := b.Run(t.Context())
		require.Equal(t, away, err)
		for _, c := range []struct {
			pending Pending[*VisitorSession]
			cookies jar
		}{{inCookie, cookies}, {inStore, stored}} {
			got, gotErr := c.pending.Result()
			want, wantErr := r.sessions.Open(t.Context(), c.cookies.get)
			require.Equal(t, wantErr, gotErr)
			if want != nil {
				require.Equal(t, want.Away(), got.Away())
				require.Equal(t, want.InCookie(), got.InCookie())
			}
		}
	}
}
