package resp

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestErrorHidesArguments(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"ERR unknown command `HELLO`, with args beginning with: `3` `AUTH` `default` `hunter2` ": "ERR unknown command `HELLO`, with args beginning with: [hidden]",
		"ERR unknown command 'AUTH', with args beginning with: 'hunter2' ":                       "ERR unknown command 'AUTH', with args beginning with: [hidden]",
		"ERR unknown command 'AUTH', with args beginning with: hunter2":                          "ERR unknown command 'AUTH', with args beginning with: [hidden]",
		"ERR unknown command 'AUTH', with args beginning with: \"hunter2\"":                      "ERR unknown command 'AUTH', with args beginning with: [hidden]",
		"ERR Syntax error in HELLO option 'hunter2'":                                             "ERR Syntax error in HELLO option [hidden]",
		"ERR Syntax error in HELLO option 'hun'ter2'":                                            "ERR Syntax error in HELLO option [hidden]",
		"ERR Error in ACL SETUSER modifier '>hunter2': Syntax error":                             "ERR Error in ACL SETUSER modifier [hidden]: Syntax error",
		"ERR Unmatched parenthesis in acl selector starting at '(>hunter2'.":                     "ERR Unmatched parenthesis in acl selector starting at [hidden].",
		"ERR Invalid argument 'hunter2' for SENTINEL SET 'auth-pass'":                            "ERR Invalid argument [hidden]",
		"ERR Invalid argument 'hunter2' for CONFIG SET 'requirepass' - too short":                "ERR Invalid argument [hidden] - too short",
		"ERR Invalid value \"hunter2\" for `x`":                                                  "ERR Invalid value [hidden] for [hidden]",
		"ERR Unknown option or number of arguments for SENTINEL SET 'hunter2'":                   "ERR Unknown option or number of arguments for SENTINEL SET [hidden]",
		"ERR option 'hunter2 which was cut off":                                                  "ERR option [hidden]",
		"ERR unknown subcommand 'get'hunter2'. Try CLIENT HELP.":                                 "ERR unknown subcommand [hidden]. Try CLIENT HELP.",
		"ERR unknown command 'x' hunter2'":                                                       "ERR unknown command [hidden]",
		"ERR unknown command 'x' command 'hunter2'":                                              "ERR unknown command [hidden]",
		"ERR unknown command 'x' 'hunter2' isn't known":                                          "ERR unknown command [hidden]t known",
		"'hunter2'": "[hidden]",
		"ERR unknown command 'hunter2 with spaces'":                   "ERR unknown command [hidden]",
		"ERR unknown command '" + strings.Repeat("hunter2", 10) + "'": "ERR unknown command [hidden]",
	} {
		err := &Error{Message: message}
		require.Equal(t, "redis: "+want, err.Error())
		for _, shown := range []string{err.Error(), fmt.Sprintf("%v %+v %#v %s %q", err, err, err, err, err), fmt.Errorf("x: %w", err).Error()} {
			require.NotContains(t, shown, "hunter2")
		}
	}
}

func TestErrorStaysReadable(t *testing.T) {
	t.Parallel()
	for _, message := range []string{
		"ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
		"NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time",
		"NOAUTH Authentication required.",
		"WRONGPASS invalid username-password pair or user is disabled.",
		"WRONGTYPE Operation against a key holding the wrong kind of value",
		"NOPERM User default has no permissions to run the 'client|kill' command",
		"NOPERM this user has no permissions to run the 'get' command",
		"ERR wrong number of arguments for 'get' command",
		"ERR wrong number of arguments for 'object|freq' command",
		"ERR unknown subcommand 'NO-EVICT'. Try CLIENT HELP.",
		"ERR Unknown subcommand or wrong number of arguments for 'setinfo'. Try CLIENT HELP.",
		"ERR unknown command 'FUNCTION'",
		"ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context",
		"ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be a memory value",
		"READONLY You can't write against a read only replica.",
		"LOADING Redis is loading the dataset in memory",
		"MOVED 3999 127.0.0.1:6381",
		"NOSCRIPT No matching script. Please use EVAL.",
		"ERR DB index is out of range",
		"",
	} {
		require.Equal(t, "redis: "+message, (&Error{Message: message}).Error())
	}
}

func TestErrorIsOneBoundedLine(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"ERR a\r\nb\tc\x00d":              "ERR a  b c d",
		"ERR \x1b[31mred\u009b31m\u2028x": "ERR  [31mred 31m x",
		"ERR \xff\xfe":                    "ERR   ",
		strings.Repeat("é", 200):          strings.Repeat("é", 128) + "…",
		strings.Repeat("x", 256):          strings.Repeat("x", 256),
		strings.Repeat("x", 257):          strings.Repeat("x", 256) + "…",
		strings.Repeat("\xff", 1<<20):     strings.Repeat(" ", 256) + "…",
	} {
		got := (&Error{Message: message}).Error()
		require.Equal(t, "redis: "+want, got)
		require.True(t, utf8.ValidString(got))
	}
}

func TestErrorCode(t *testing.T) {
	t.Parallel()
	for message, code := range map[string]string{
		"ERR no": "ERR", "WRONGTYPE Operation": "WRONGTYPE", "OOM": "OOM", "": "", " x": "", "MOVED 1 a:2": "MOVED",
	} {
		err := &Error{Message: message}
		require.Equal(t, code, err.Code())
		require.True(t, IsCode(err, code))
		require.True(t, IsCode(fmt.Errorf("read: %w", err), code))
		require.True(t, IsCode(errors.Join(errors.New("other"), err), code))
		require.False(t, IsCode(err, code+"X"))
		require.False(t, IsCode(errors.New(message), code))
	}
	require.False(t, IsCode(nil, ""))
}

func TestTypeErrorText(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]*TypeError{
		"resp: reply is a bulk string, want an integer": {Want: "integer", Got: BulkString},
		"resp: reply is an array, want a map":           {Want: "map", Got: Array},
		"resp: reply is null, want a string":            {Want: "string", Got: Null},
		"resp: reply is nothing, want a value":          {Want: "value"},
		"resp: reply is an unknown type, want a double": {Want: "double", Got: 'x'},
		"resp: reply is an attribute, want ":            {Got: Attribute},
	} {
		require.EqualError(t, err, want)
	}
}

func TestHandlerFunc(t *testing.T) {
	t.Parallel()
	no := errors.New("no")
	var h Handler = HandlerFunc(func(i int, r *Reply) error {
		require.Equal(t, 3, i)
		require.EqualValues(t, 1, r.Int())
		return no
	})
	require.Equal(t, no, h.HandleReply(3, replyTo(":1\r\n")))
}
