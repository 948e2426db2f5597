package redistest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// replies runs commands on one connection and returns each reply as a person would write it.
func replies(t *testing.T, h Handler, lines ...string) []string {
	t.Helper()
	rest := []byte(script(t, h, lines...))
	var all []string
	for len(rest) > 0 {
		var s resp.Scanner
		n, err := s.Scan(rest)
		require.NoError(t, err)
		require.Positive(t, n)
		var r resp.Reply
		r.Reset(rest[:n])
		if e := r.ErrorReply(); e != nil {
			all = append(all, e.Message)
		} else {
			all = append(all, r.Value().String())
		}
		rest = rest[n:]
	}
	require.Len(t, all, len(lines))
	return all
}

// check runs commands, each followed by the reply it should get.
func check(t *testing.T, h Handler, commandsAndReplies ...string) {
	t.Helper()
	var lines, want []string
	for i := 0; i < len(commandsAndReplies); i += 2 {
		lines, want = append(lines, commandsAndReplies[i]), append(want, commandsAndReplies[i+1])
	}
	assert.Equal(t, want, replies(t, h, lines...))
}

func TestRedisHello(t *testing.T) {
	h := Redis(Options{Version: "8.0.1"})
	got := replies(t, h, "HELLO", "hello 3 setname me", "GET nokey", "CLIENT GETNAME", "CLIENT ID", "HELLO 2", "GET nokey")
	assert.Equal(t, fmt.Sprintf(`["server", "redis", "version", "8.0.1", "proto", 2, "id", %s, "mode", "standalone", "role", "master", "modules", []]`, got[4]), got[0])
	assert.Equal(t, fmt.Sprintf(`{"server": "redis", "version": "8.0.1", "proto": 3, "id": %s, "mode": "standalone", "role": "master", "modules": []}`, got[4]), got[1])
	assert.Equal(t, []string{"null", `"me"`}, got[2:4])
	assert.Contains(t, got[5], `"proto", 2`)
	out := script(t, h, "HELLO 3", "GET nokey", "HELLO 2", "GET nokey")
	assert.Contains(t, out, "\r\n_\r\n")
	assert.True(t, strings.HasSuffix(out, "$-1\r\n"))
}

func TestRedisHelloRefusals(t *testing.T) {
	check(t, Redis(Options{}),
		"HELLO 1", "NOPROTO unsupported protocol version",
		"HELLO 4", "NOPROTO unsupported protocol version",
		"HELLO x", "ERR Protocol version is not an integer or out of range",
		"HELLO 3 FOO", "ERR Syntax error in HELLO option 'FOO'",
		"HELLO 3 AUTH default", "ERR Syntax error in HELLO option 'AUTH'",
		"HELLO 3 SETNAME é", errClientName,
		"HELLO 3 AUTH nobody x", errWrongPass)
	h := Redis(Options{Password: "secret"})
	check(t, h,
		"HELLO 3", errHelloNoAuth,
		"HELLO 3 SETNAME x", errHelloNoAuth,
		"HELLO 9 AUTH default secret", "NOPROTO unsupported protocol version",
		"HELLO 3 AUTH default bad", errWrongPass,
		"PING", "NOAUTH Authentication required.")
	assert.Equal(t, "+PONG\r\n", script(t, h, "HELLO 2 AUTH default secret", "PING")[len(script(t, h, "HELLO 2 AUTH default secret")):])
	check(t, Redis(Options{HelloError: "proxy: no\r\nway"}), "HELLO 3 AUTH default x", "proxy: no  way", "PING", "PONG")
}

func TestRedisAuth(t *testing.T) {
	check(t, Redis(Options{}), "AUTH x", errNoPassword, "AUTH default x", "OK", "AUTH nobody x", errWrongPass, "AUTH a b c", errSyntax)
	check(t, Redis(Options{Password: "secret", Users: map[string]string{"u": "pw"}}),
		"GET k", "NOAUTH Authentication required.",
		"NOPE", "ERR unknown command 'NOPE', with args beginning with: ",
		"GET", "ERR wrong number of arguments for 'get' command",
		"AUTH bad", errWrongPass,
		"AUTH u secret", errWrongPass,
		"AUTH secret", "OK",
		"AUTH bad", errWrongPass,
		"PING", "PONG", // still logged in
		"AUTH u pw", "OK",
		"QUIT", "OK")
	check(t, Redis(Options{Users: map[string]string{"u": "pw"}}),
		"PING", "NOAUTH Authentication required.",
		"AUTH x", errWrongPass,
		"AUTH default x", errWrongPass,
		"AUTH u pw", "OK",
		"PING", "PONG")
}

func TestRedisWithoutHello(t *testing.T) {
	unknown := "ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `default`, `secret`, "
	check(t, Redis(Options{NoHello: true, Password: "secret"}),
		"HELLO 3 AUTH default secret", unknown,
		"AUTH default secret", "ERR wrong number of arguments for 'auth' command",
		"AUTH bad", "ERR invalid password",
		"PING", "NOAUTH Authentication required.",
		"AUTH secret", "OK",
		"SELECT x", "ERR invalid DB index",
		"CLIENT SETINFO LIB-NAME x", "ERR unknown subcommand 'SETINFO'. Try CLIENT HELP.",
		"PING", "PONG")
	check(t, Redis(Options{NoHello: true}), "AUTH x", "ERR Client sent AUTH, but no password is set")
}

func TestRedisSelectAndClient(t *testing.T) {
	check(t, Redis(Options{Databases: 4}),
		"SELECT 4", "ERR DB index is out of range",
		"SELECT -1", "ERR DB index is out of range",
		"SELECT x", errNotInteger,
		"SET k 0", "OK",
		"SELECT 3", "OK",
		"GET k", "null", "GETRANGE k 0 1", `""`, "PTTL k", "-2",
		"CLIENT GETNAME", "null",
		"CLIENT SETNAME a", "OK",
		"client getname", `"a"`,
		"CLIENT SETNAME é", errClientName,
		"CLIENT SETINFO LIB-NAME x", "OK",
		"CLIENT SETNAME", "ERR wrong number of arguments for 'client|setname' command",
		"CLIENT foo", "ERR unknown subcommand 'foo'. Try CLIENT HELP.")
	check(t, Redis(Options{Forbid: []string{"select", "Client SetName"}, Unknown: []string{"echo"}}),
		"SELECT 1", "NOPERM User default has no permissions to run the 'select' command",
		"CLIENT SETNAME x", "NOPERM User default has no permissions to run the 'client|setname' command",
		"CLIENT GETNAME", "null",
		"ECHO x", "ERR unknown command 'ECHO', with args beginning with: 'x' ")
}

func TestRedisData(t *testing.T) {
	h := Redis(Options{})
	check(t, h,
		"SET a 1 EX 10", "OK",
		"SET a 1 EX x", errNotInteger,
		"SET a 1 NX", errSyntax,
		"INCR a", "2",
		"INCR n", "1",
		"SET s text", "OK",
		"INCR s", errNotInteger,
		"DEL a n nokey", "2",
		"PING x", `"x"`,
		"ECHO x", `"x"`)
	check(t, h, "GET s", `"text"`) // another connection
}

func TestUnknownCommandEchoIsBounded(t *testing.T) {
	got := replies(t, Redis(Options{}), strings.Repeat("n", 200)+" a "+strings.Repeat("b", 200)+" c")[0]
	assert.Equal(t, "ERR unknown command '"+strings.Repeat("n", 128)+"', with args beginning with: 'a' '"+strings.Repeat("b", 124)+"' ", got)
}
