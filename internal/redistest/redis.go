package redistest

import (
	"fmt"
	"slices"
	"strings"
)

// Options say what kind of server [Redis] is. The zero value is a server of today without passwords.
type Options struct {
	Version    string            // as HELLO tells it; "": 7.4.0
	Password   string            // of the user default
	Users      map[string]string // further users, with their passwords; without a Password the user default is then off
	Databases  int               // 0: 16
	NoHello    bool              // a server from before HELLO and users: Redis 5
	HelloError string            // what HELLO answers instead, as some proxies do: "ERR unknown command"
	Forbid     []string          // commands the users may not run: "SELECT", "CLIENT SETNAME"
	Unknown    []string          // commands the server does not have, as after rename-command: "CLIENT"
}

// Redis returns a handler that behaves as a server does: HELLO, AUTH, SELECT, CLIENT SETNAME, GETNAME, SETINFO and ID, PING, ECHO, QUIT, and
// GET, SET, DEL and INCR on data that all connections of the handler share. Error texts are those of Redis 8 and Valkey 8; Redis 7.0 words
// some of them differently.
func Redis(opts Options) Handler { return newRedis(opts).answer }

func newRedis(opts Options) *redis {
	if opts.Version == "" {
		opts.Version = "7.4.0"
	}
	if opts.Databases == 0 {
		opts.Databases = 16
	}
	return &redis{Options: opts, keys: keyspace{data: map[dbKey]string{}}}
}

type redis struct {
	Options
	keys  keyspace
	extra map[string]command // of a node or a sentinel of a [Set], in place of those of the table
	mode  string             // as HELLO tells it; "": standalone
	role  func() string      // as HELLO tells it, "": not at all; nil: master
}

// A command is one row of the table. Both counts include the name.
type command struct {
	minArgs, maxArgs int // maxArgs 0: any number
	noAuth           bool
	run              func(*redis, *Session, []string)
}

var commands = map[string]command{
	"HELLO":  {1, 0, true, (*redis).hello},
	"AUTH":   {2, 0, true, (*redis).auth},
	"QUIT":   {1, 0, true, (*redis).quit},
	"SELECT": {2, 2, false, (*redis).selectDB},
	"CLIENT": {2, 0, false, (*redis).client},
	"PING":   {1, 2, false, (*redis).ping},
	"ECHO":   {2, 2, false, (*redis).echo},
	"GET":    {2, 2, false, (*redis).get},
	"SET":    {3, 0, false, (*redis).set},
	"DEL":    {2, 0, false, (*redis).del},
	"INCR":   {2, 2, false, (*redis).incr},

	"GETRANGE": {4, 4, false, (*redis).getRange},
	"PTTL":     {2, 2, false, (*redis).pttl},
}

// answer refuses in the order in which servers do: no such command, wrong count, not authenticated, not allowed.
func (s *redis) answer(c *Session, args []string) {
	name := strings.ToUpper(args[0])
	cmd, ok := s.extra[name]
	if !ok {
		cmd, ok = commands[name]
	}
	switch {
	case !ok || name == "HELLO" && s.NoHello || contains(s.Unknown, name):
		c.Error(s.unknownCommand(args))
	case len(args) < cmd.minArgs || cmd.maxArgs > 0 && len(args) > cmd.maxArgs:
		c.Error(wrongArity(name))
	case !cmd.noAuth && !s.authenticated(c):
		c.Error("NOAUTH Authentication required.")
	case !cmd.noAuth && s.forbidden(args) != "":
		c.Error(fmt.Sprintf("NOPERM User %s has no permissions to run the '%s' command", s.user(c), s.forbidden(args)))
	default:
		cmd.run(s, c, args)
	}
}

// forbidden returns the command as ACL messages name it, or "" when it is allowed.
func (s *redis) forbidden(args []string) string {
	name := strings.ToLower(args[0])
	full := name
	if name == "client" {
		full += "|" + strings.ToLower(args[1])
	}
	if contains(s.Forbid, name) || contains(s.Forbid, strings.Replace(full, "|", " ", 1)) {
		return full
	}
	return ""
}

// unknownCommand echoes the arguments, as servers do; the quotes changed with Redis 7.
func (s *redis) unknownCommand(args []string) string {
	prefix, format := "ERR unknown command '%.128s', with args beginning with: ", "'%.*s' "
	if s.NoHello {
		prefix, format = "ERR unknown command `%s`, with args beginning with: ", "`%.*s`, "
	}
	echo := ""
	for _, a := range args[1:] {
		if len(echo) >= 128 {
			break
		}
		echo += fmt.Sprintf(format, 128-len(echo), a)
	}
	return fmt.Sprintf(prefix, args[0]) + echo
}

func wrongArity(name string) string {
	return fmt.Sprintf("ERR wrong number of arguments for '%s' command", strings.ToLower(name))
}

func contains(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}
