package integration

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/resp"
)

// newScripts returns scripts that no other test uses: servers remember them whatever the database. Each returns its number, KEYS and ARGV.
func newScripts(t testing.TB, n int) (scripts []*resp.Script) {
	for i := range n {
		text := fmt.Sprintf("local r = {%d} for _, k in ipairs(KEYS) do r[#r+1] = k end for _, a in ipairs(ARGV) do r[#r+1] = a end return r -- %s",
			i, own(t))
		scripts = append(scripts, resp.NewScript(text))
	}
	return scripts
}

// requireKnown asserts which of the scripts a server knows: 1 or 0 for each.
func requireKnown(t testing.TB, c *conn.Conn, scripts []*resp.Script, want string) {
	t.Helper()
	args := []string{"SCRIPT", "EXISTS"}
	for _, s := range scripts {
		args = append(args, s.SHA())
	}
	require.Equal(t, want, do(t, c, args...))
}

// requirePipeline sends twenty commands, three scripts again and again between ordinary ones, and asserts that every reply is where it belongs.
func requirePipeline(t testing.TB, c *conn.Conn, scripts []*resp.Script) {
	t.Helper()
	var q resp.Request
	var want, got replies
	for i := range 20 {
		switch i % 5 {
		case 0:
			q.Cmd("ECHO").Str(fmt.Sprint("echo", i))
			want = append(want, fmt.Sprintf("%q", fmt.Sprint("echo", i)))
		case 1:
			q.Cmd("INCR").Str("not a number")
			want = append(want, "error")
		default:
			n := i % len(scripts)
			q.Script(scripts[n], "k", "l").Int(int64(i))
			want = append(want, fmt.Sprintf(`[%d, "k", "l", "%d"]`, n, i))
		}
	}
	require.NoError(t, c.RoundTrip(short(t), &q, resp.HandlerFunc(func(i int, r *resp.Reply) error {
		require.Equal(t, len(got), i, "replies come in order")
		if r.Kind() == resp.SimpleError {
			require.Equal(t, "ERR", r.ErrorReply().Code())
			got = append(got, "error")
			return nil
		}
		return got.HandleReply(i, r)
	})))
	require.Equal(t, want, got)
	require.NoError(t, c.Err())
}

// A script that the server does not know is sent with its text, alone and in the middle of a pipeline, and is known from then on.
func TestScripts(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, v harness.Version, protocol int) {
		server := harness.Shared(t, v)
		c := dial(t, server, conn.Dialer{Protocol: protocol, DB: server.Database(t)})
		do(t, c, "SET", "not a number", "x")
		scripts := newScripts(t, 4)
		requireKnown(t, c, scripts, "[0, 0, 0, 0]")
		for range 2 {
			var q resp.Request
			q.Script(scripts[0], "key").Str("a\r\nb").Int(-1)
			var got replies
			require.NoError(t, c.RoundTrip(short(t), &q, &got))
			require.Equal(t, replies{`[0, "key", "a\r\nb", "-1"]`}, got)
			requireKnown(t, c, scripts, "[1, 0, 0, 0]")
		}
		for range 2 {
			requirePipeline(t, c, scripts[:3])
			requireKnown(t, c, scripts, "[1, 1, 1, 0]")
		}

		// What a script says itself is nothing but its reply.
		for text, code := range map[string]string{
			"return redis.error_reply('MINE of its own') --": "MINE", "return redis.call('INCR', 'not a number') --": "ERR", "syntax ( --": "ERR",
		} {
			var q resp.Request
			q.Script(resp.NewScript(text + own(t)))
			err := c.RoundTrip(short(t), &q, nil)
			require.True(t, resp.IsCode(err, code), "%s: %v", text, err)
		}
		requirePipeline(t, c, scripts)
	})
}

// Servers forget scripts when they are told to, and when they restart.
func TestScriptsForgotten(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v})
		scripts := newScripts(t, 3)
		for restarted := range 2 {
			if restarted == 1 {
				server.Restart()
			}
			for _, protocol := range []int{2, 3} {
				c := dial(t, server, conn.Dialer{Protocol: protocol})
				do(t, c, "SET", "not a number", "x")
				for range 2 {
					requirePipeline(t, c, scripts)
					requireKnown(t, c, scripts, "[1, 1, 1]")
					do(t, c, "SCRIPT", "FLUSH")
					requireKnown(t, c, scripts, "[0, 0, 0]")
				}
				requirePipeline(t, c, scripts)
				do(t, c, "SCRIPT", "FLUSH")
			}
			requirePipeline(t, dial(t, server, conn.Dialer{}), scripts)
		}
	})
}

// Between MULTI and EXEC the server queues a script that it does not know, and refuses it in EXEC's array: sending it again would be outside of the
// transaction. So the caller gets the refusal, and everything else is executed.
func TestScriptsInTransactions(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, v harness.Version, protocol int) {
		server := harness.Shared(t, v)
		c := dial(t, server, conn.Dialer{Protocol: protocol, DB: server.Database(t)})
		s := newScripts(t, 1)[0]
		transaction := func() (got replies) {
			var q resp.Request
			q.Cmd("MULTI").Cmd("INCR").Str("n")
			q.Script(s, "k")
			q.Cmd("INCR").Str("n").Cmd("EXEC")
			require.NoError(t, c.RoundTrip(short(t), &q, &got))
			return got
		}
		got := transaction()
		require.Equal(t, replies{"OK", "QUEUED", "QUEUED", "QUEUED"}, got[:4])
		require.Regexp(t, `^\[1, error\(NOSCRIPT.*\), 2\]$`, got[4])

		var q resp.Request
		q.Script(s, "k") // outside: now it is known
		require.NoError(t, c.RoundTrip(short(t), &q, nil))
		require.Equal(t, replies{"OK", "QUEUED", "QUEUED", "QUEUED", `[3, [0, "k"], 4]`}, transaction())
	})
}

// A right that is missing is told, whichever of the two commands it is that the user may not send.
func TestScriptsWithoutRights(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, v harness.Version, protocol int) {
		server := harness.Shared(t, v)
		control := dial(t, server, conn.Dialer{})
		scripts := newScripts(t, 2)
		for _, missing := range []string{"-@scripting", "-eval", "-evalsha"} {
			d := addUser(t, control, "~*", "+@all", missing)
			d.Protocol = protocol
			c := dial(t, server, d)
			var q resp.Request
			q.Cmd("ECHO").Str("before")
			q.Script(scripts[0], "k")
			q.Cmd("ECHO").Str("after")
			var got replies
			require.NoError(t, c.RoundTrip(short(t), &q, &got))
			require.Len(t, got, 3, missing)
			require.Equal(t, []string{`"before"`, `"after"`}, []string{got[0], got[2]}, missing)
			require.True(t, strings.HasPrefix(got[1], "error(NOPERM"), "%s: %s", missing, got[1])
			err := c.RoundTrip(short(t), &q, nil)
			require.True(t, resp.IsCode(err, "NOPERM"), "%s: %v", missing, err)
			require.NoError(t, c.Err())
		}

		// A key that the user may not touch is the script's own affair.
		d := addUser(t, control, "~mine", "+@all")
		c := dial(t, server, d)
		var q resp.Request
		q.Script(scripts[1], "yours")
		err := c.RoundTrip(short(t), &q, nil)
		require.True(t, resp.IsCode(err, "NOPERM"), "%v", err)
	})
}
