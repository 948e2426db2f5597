package localstore

import (
	"github.com/bwredis/bwredis/resp"
)

// A Script is the Go twin of a script that a server runs. It is executed with the store locked, so nothing comes between its
// commands, and with the clock standing still.
//
// call runs a command of the store as redis.pcall does: what the command refuses is returned as a value, see [resp.Value.Err].
// The script appends its one reply to dst, in RESP, and returns the result. It owns keys and argv.
//
// A script must be quick, must not use the store but through call, and must not keep call or dst.
type Script = func(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte

const hexSHA1 = 40 // digits

const (
	errNoScript    = "NOSCRIPT No matching script. Please use EVAL."
	errNotBuiltIn  = "ERR the embedded store runs only the scripts it was built with"
	errScriptReply = "ERR the script did not return exactly one reply"
)

// scriptState is what a turn needs to run a script.
type scriptState struct {
	running  bool
	readOnly bool
	room     []byte // for the script's reply
	text     []byte // arguments of the command it calls
	args     [][]byte
	out      []byte // reply of that command
	reply    resp.Reply
}

func (s *scriptState) release() {
	clear(s.args)
	s.reply.Reset(nil)
	s.args = trim(s.args, maxKeptItems)
	s.text, s.out = trim(s.text, maxKeptBytes), trim(s.out, maxKeptBytes)
}

func eval(t *turn, args [][]byte)      { t.eval(args, digest(args[1]), errNotBuiltIn, false) }
func evalRO(t *turn, args [][]byte)    { t.eval(args, digest(args[1]), errNotBuiltIn, true) }
func evalsha(t *turn, args [][]byte)   { t.eval(args, lower(args[1]), errNoScript, false) }
func evalshaRO(t *turn, args [][]byte) { t.eval(args, lower(args[1]), errNoScript, true) }

// digest returns the name of a script as EVALSHA knows it. SHA-1 is the protocol's choice, and nothing secret.
func digest(script []byte) string { return resp.NewScript(string(script)).SHA() }

// eval runs a script by its SHA-1; args[2] says how many of the arguments behind it are keys.
func (t *turn) eval(args [][]byte, sha, unknown string, readOnly bool) {
	if len(sha) != hexSHA1 {
		t.fail(errNoScript)
		return
	}
	n, ok := parseInt(args[2])
	rest := args[3:]
	switch {
	case !ok:
		t.fail(errNotInteger)
		return
	case n > int64(len(rest)):
		t.fail("ERR Number of keys can't be greater than number of args")
		return
	case n < 0:
		t.fail("ERR Number of keys can't be negative")
		return
	}
	script, ok := t.store.scripts[sha]
	if !ok {
		t.fail(unknown)
		return
	}
	t.runScript(script, rest[:n], rest[n:], readOnly)
}

func (t *turn) runScript(script Script, keys, argv [][]byte, readOnly bool) {
	s := &t.script
	if s.room == nil {
		s.room = make([]byte, 0, scriptRoom)
	}
	s.running, s.readOnly = true, readOnly
	t.db.scriptKeys = keys
	reply := script(t.call, texts(keys), texts(argv), s.room)
	t.db.scriptKeys, t.db.scriptWrote = nil, false
	s.running, s.readOnly = false, false
	if n, err := t.scanner.Scan(reply); err != nil || n == 0 || n != len(reply) {
		t.scanner.Reset()
		t.fail(errScriptReply)
		return
	}
	t.out = append(t.out, reply...)
}

// call executes a command for the script at work.
func (t *turn) call(args ...string) resp.Value {
	s := &t.script
	replies := t.out
	t.out = s.out[:0]
	if len(args) == 0 {
		t.fail("ERR Please specify at least one argument for this redis.call() call")
	} else {
		t.dispatch(s.borrow(args))
	}
	s.reply.Reset(t.out)
	v := s.reply.Value()
	s.out, t.out = t.out, replies
	return v
}

// borrow returns args as the commands want them, in memory that is used again.
func (s *scriptState) borrow(args []string) [][]byte {
	s.text, s.args = s.text[:0], s.args[:0]
	for _, arg := range args {
		s.text = append(s.text, arg...)
	}
	rest := s.text
	for _, arg := range args {
		s.args = append(s.args, rest[:len(arg):len(arg)])
		rest = rest[len(arg):]
	}
	return s.args
}

func texts(args [][]byte) []string {
	s := make([]string, len(args))
	for i, arg := range args {
		s[i] = string(arg)
	}
	return s
}

// scriptCommand is SCRIPT LOAD and SCRIPT EXISTS.
func scriptCommand(t *turn, args [][]byte) {
	switch {
	case is(args[1], "LOAD") && len(args) != 3:
		t.failArity("script|load")
	case is(args[1], "LOAD"):
		sha := digest(args[2])
		if _, ok := t.store.scripts[sha]; !ok {
			t.fail(errNotBuiltIn)
			return
		}
		t.bulk(sha)
	case is(args[1], "EXISTS") && len(args) < 3:
		t.failArity("script|exists")
	case is(args[1], "EXISTS"):
		t.array(len(args) - 2)
		for _, sha := range args[2:] {
			_, ok := t.store.scripts[lower(sha)]
			t.flag(ok)
		}
	default:
		t.fail("ERR unknown subcommand '" + string(shown(args[1])) + "'. Try SCRIPT HELP.")
	}
}
