package resp_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

// The SHA-1 is the one that SCRIPT LOAD answers.
func TestScript(t *testing.T) {
	s := resp.NewScript("return 1")
	require.Equal(t, "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", s.SHA())
	require.Equal(t, "return 1", s.Text())
	require.Equal(t, s.SHA(), s.String())

	var q resp.Request
	q.Cmd("PING")
	require.False(t, q.Scripted())
	q.Script(s, "a", "b").Int(5)
	require.True(t, q.Scripted())
	require.Equal(t, 2, q.Len())
	require.Equal(t, [][]string{{"PING"}, {"EVALSHA", s.SHA(), "2", "a", "b", "5"}}, commandsOf(t, &q))
	q.Reset()
	require.False(t, q.Scripted())
}

// Whatever surrounds it, and however many arguments it has, the command comes out with its text in place of the SHA, and can be continued.
func TestAppendEval(t *testing.T) {
	s := resp.NewScript("return {KEYS[1], ARGV[1]}")
	for _, n := range []int{0, 1, 5, 6, 7, 8, 95, 96, 97, 98, 1000} {
		args := strings.Fields(strings.Repeat("x ", n))
		var q, again resp.Request
		q.Cmd("GET").Str("EVALSHA")
		q.Script(s, "key").Args(args...)
		q.Cmd("EVALSHA").Str(s.SHA()).Str("0")
		q.Script(s)
		require.False(t, q.AppendEval(&again, 0))
		require.False(t, q.AppendEval(&again, 2), "written by hand")
		require.False(t, q.AppendEval(&again, 4))
		require.Zero(t, again.Len())
		require.True(t, q.AppendEval(&again, 1))
		again.Args(args...)
		require.True(t, q.AppendEval(&again, 3))
		again.Cmd("PING")
		require.Equal(t, 3, again.Len())
		want := append([]string{"EVAL", s.Text(), "1", "key"}, args...)
		require.Equal(t, [][]string{append(want, args...), {"EVAL", s.Text(), "0"}, {"PING"}}, commandsOf(t, &again), strconv.Itoa(n))
	}
}

func TestScriptAllocatesNothing(t *testing.T) {
	s := resp.NewScript("return 1")
	var q, again resp.Request
	require.Zero(t, testing.AllocsPerRun(100, func() {
		q.Reset()
		again.Reset()
		q.Script(s, "key").Int(1)
		q.AppendEval(&again, 0)
	}))
}

func TestSpecial(t *testing.T) {
	for _, name := range strings.Fields(`SYNC PSYNC SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE MONITOR CLIENT
		subscribe Monitor cLIENT sync`) {
		var q resp.Request
		require.True(t, q.Cmd("GET").Str("k").Cmd(name).Special(), name)
		q.Reset()
		require.False(t, q.Special())
	}
	for _, name := range strings.Fields(`SET SETEX GET PEXPIRE PING PUBLISH SPUBLISH SORT SCAN SSCAN SCRIPT PTTL UNLINK UNWATCH MGET MULTI MIGRATE
		CONFIG CLUSTER S P Å`) {
		var q resp.Request
		require.False(t, q.Cmd(name).Special(), name)
	}
	var q resp.Request
	require.False(t, q.Cmd("").Special())
}

// commandsOf takes a request apart as a server does.
func commandsOf(t *testing.T, q *resp.Request) (commands [][]string) {
	t.Helper()
	var s resp.Scanner
	for rest := q.Encoded(); len(rest) > 0; {
		n, err := s.Scan(rest)
		require.NoError(t, err)
		require.Positive(t, n)
		var r resp.Reply
		r.Reset(rest[:n])
		var words []string
		for _, b := range r.Args(nil) {
			words = append(words, string(b))
		}
		require.NoError(t, r.Err())
		commands = append(commands, words)
		rest = rest[n:]
	}
	return commands
}
