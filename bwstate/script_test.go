package bwstate

import (
	"context"
	"math"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
)

// forgetful is a server that knows a script only once it was given its text, until it is told to forget.
type forgetful struct {
	known  atomic.Bool
	answer string
}

func (s *forgetful) evalsha(c *redistest.Session, args []string) {
	if !s.known.Load() {
		c.Error("NOSCRIPT No matching script. Please use EVAL.")
		return
	}
	c.Raw(s.answer)
}

func (s *forgetful) eval(c *redistest.Session, args []string) {
	s.known.Store(true)
	c.Raw(s.answer)
}

func (s *forgetful) serve(t *testing.T) (*State, *redistest.Server) {
	server := redistest.NewServer(t, redistest.Override(
		map[string]redistest.Handler{"EVALSHA": s.evalsha, "EVAL": s.eval},
		redistest.Redis(redistest.Options{}),
	))
	c, err := (&conn.Dialer{}).Dial(t.Context(), "tcp", server.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return New(c), server
}

func TestAServerIsGivenTheScriptItDoesNotKnow(t *testing.T) {
	fake := &forgetful{answer: "*2\r\n:3\r\n:1\r\n"}
	s, server := fake.serve(t)
	increase := func() []string {
		before := len(server.Commands())
		got, err := s.IncreaseBadBehavior(t.Context(), loopback, BadBehavior{Threshold: 3})
		require.NoError(t, err)
		require.Equal(t, BadBehaviorResult{Count: 3, Reached: true, Banned: true}, got)
		names := server.Commands()[before:]
		for i, line := range names {
			names[i], _, _ = strings.Cut(line, " ")
		}
		return names
	}
	require.Equal(t, []string{"EVALSHA", "EVAL"}, increase())
	require.Equal(t, []string{"EVALSHA"}, increase())
	fake.known.Store(false) // SCRIPT FLUSH, or another server
	require.Equal(t, []string{"EVALSHA", "EVAL"}, increase())
	require.EqualValues(t, 3, s.RoundTrips(), "sending the text is part of one")
}

func TestTheArgumentsOfAScript(t *testing.T) {
	fake := &forgetful{answer: "*2\r\n:1\r\n:0\r\n"}
	fake.known.Store(true)
	s, server := fake.serve(t)
	_, err := s.IncreaseBadBehavior(t.Context(), loopback, BadBehavior{Service: "a", Threshold: 3, CountTime: 1500 * time.Millisecond, BanTime: time.Hour})
	require.NoError(t, err)
	_, err = s.IncreaseBadBehavior(t.Context(), loopback, BadBehavior{Permanent: true, BanTime: time.Hour})
	require.NoError(t, err)
	_, err = s.IncreaseBadBehavior(t.Context(), loopback, BadBehavior{Forget: true, KeepBan: true})
	require.NoError(t, err)
	_, err = s.IncreaseBadBehavior(t.Context(), loopback, BadBehavior{Detect: true, KeepBan: true, WholeBan: true})
	require.NoError(t, err)
	fake.answer = ":1\r\n"
	_, err = s.DecreaseBadBehavior(t.Context(), loopback, BadBehavior{Service: "a"})
	require.NoError(t, err)
	require.Equal(t, []string{
		"EVALSHA " + increaseScript.SHA() + " 2 plugin_bad_behavior_a_127.0.0.1 bans_service_a_ip_127.0.0.1 2 3 3600 \"bad behavior\" set",
		"EVALSHA " + increaseScript.SHA() + " 2 plugin_bad_behavior_127.0.0.1 bans_ip_127.0.0.1 60 10 0 \"bad behavior\" set",
		"EVALSHA " + increaseScript.SHA() + " 2 plugin_bad_behavior_127.0.0.1 bans_ip_127.0.0.1 0 10 86400 \"bad behavior\" keep",
		"EVALSHA " + increaseScript.SHA() + " 2 plugin_bad_behavior_127.0.0.1 bans_ip_127.0.0.1 60 10 86400 \"\" none",
		"EVALSHA " + decreaseScript.SHA() + " 1 plugin_bad_behavior_a_127.0.0.1 60",
	}, lastLines(server, 5))
}

func lastLines(s *redistest.Server, n int) []string {
	lines := s.Commands()
	return slices.Clone(lines[len(lines)-n:])
}

func TestWhatAScriptMayAnswer(t *testing.T) {
	for answer, code := range map[string]string{"-READONLY no\r\n": "READONLY", "-NOSCRIPT still not\r\n": "NOSCRIPT", "-OOM no\r\n": "OOM"} {
		s, _ := (&forgetful{answer: answer}).serve(t)
		got, err := s.IncreaseBadBehavior(t.Context(), loopback, BadBehavior{Threshold: 1})
		require.True(t, resp.IsCode(err, code), "%v", err)
		require.Zero(t, got)
	}
	for _, answer := range []string{"_\r\n", "+OK\r\n", "*0\r\n", "%0\r\n", "$1\r\nx\r\n", ",1.5\r\n", ":1\r\n", "*1\r\n:1\r\n", "*2\r\n:1\r\n+x\r\n"} {
		s, _ := (&forgetful{answer: answer}).serve(t)
		got, err := s.IncreaseBadBehavior(t.Context(), loopback, BadBehavior{Threshold: 1})
		var e *resp.TypeError
		require.ErrorAs(t, err, &e, "%q", answer)
		require.Zero(t, got)
	}
}

// Arguments that the exported methods do not let through have the outcome that BunkerWeb's scripts have.
func TestTwinsTakeAnyArguments(t *testing.T) {
	const counter, ban = "plugin_bad_behavior_1.2.3.4", "bans_ip_1.2.3.4"
	const second = time.Second
	for name, c := range map[string]struct {
		down  bool
		count string // before
		rule  BadBehavior
		want  int64
		fails string // or this
		after string
	}{
		"increase, count_time 0":        {rule: BadBehavior{Threshold: 3, BanTime: 3600 * second}, want: 1},
		"increase, negative count_time": {count: "2", rule: BadBehavior{CountTime: -2 * second, Threshold: 9, BanTime: 3600 * second}, want: 3},
		"increase, negative ban_time": {
			count: "2", rule: BadBehavior{CountTime: 60 * second, Threshold: 3, BanTime: -2 * second}, fails: "ERR invalid expire time in 'set' command", after: "3",
		},
		"decrease, count_time 0":  {down: true, count: "5", want: 4},
		"increase, threshold 0":   {count: "-5", rule: BadBehavior{CountTime: 60 * second, BanTime: 3600 * second}, want: -4, after: "-4"},
		"increase, far too large": {count: "9007199254740990", rule: BadBehavior{CountTime: 60 * second, Threshold: math.MaxInt}, want: 9007199254740991, after: "9007199254740991"},
	} {
		t.Run(name, func(t *testing.T) {
			s := openLocal()
			defer s.Close()
			ctx := context.Background()
			if c.count != "" {
				_, err := s.Do(ctx, "SET", counter, c.count)
				require.NoError(t, err)
			}
			op := badCount{ip: netip.MustParseAddr("1.2.3.4"), rule: c.rule, down: c.down}
			require.NoError(t, s.run(ctx, &op.q, &op))
			got, err := op.result(false)
			if c.fails != "" {
				var e *resp.Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, c.fails, e.Message)
			} else {
				require.NoError(t, err)
				require.Equal(t, c.want, got.Count)
			}
			v, err := s.Do(ctx, "GET", counter)
			require.NoError(t, err)
			text, _ := v.Text()
			require.Equal(t, c.after, text)
			v, err = s.Do(ctx, "EXISTS", ban)
			require.NoError(t, err)
			exists, _ := v.Int()
			require.Zero(t, exists)
		})
	}
}

func TestEveryScriptHasATwin(t *testing.T) {
	files, err := luaFiles.ReadDir("lua")
	require.NoError(t, err)
	for _, file := range files {
		text, err := luaFiles.ReadFile("lua/" + file.Name())
		require.NoError(t, err)
		require.True(t, slices.ContainsFunc(scripts, func(sc *script) bool { return strings.Contains(sc.Text(), string(text)) }), "%s is in no script", file.Name())
	}
	for _, sc := range scripts {
		require.Len(t, sc.SHA(), 40)
		require.NotNil(t, sc.twin)
		require.NotEmpty(t, sc.Text())
	}
	require.Panics(t, func() { newScript("none.lua", nil) })
}
