package localstore

import (
	"math"
	"strconv"

	"github.com/bwredis/bwredis/resp"
)

// What HELLO and INFO say the server is. The version is that of the server whose semantics the commands follow.
const (
	serverName    = "bwredis-local"
	serverVersion = "7.2.0"
)

func ping(t *turn, args [][]byte) {
	switch len(args) {
	case 1:
		t.simple("PONG")
	case 2:
		t.bytes(args[1])
	default:
		t.failArity("ping")
	}
}

func echo(t *turn, args [][]byte) { t.bytes(args[1]) }

// selectDB is SELECT. There is no connection to remember a choice, so there is only database 0.
func selectDB(t *turn, args [][]byte) {
	if t.acceptsDB(args[1]) {
		t.ok()
	}
}

// acceptsDB checks the number of a database and appends an error reply unless it is 0.
func (t *turn) acceptsDB(arg []byte) bool {
	n, ok := parseInt(arg)
	switch {
	case !ok:
		t.fail(errNotInteger)
	case n < math.MinInt32 || n > math.MaxInt32:
		t.fail("ERR value is out of range, value must between -2147483648 and 2147483647")
	case n != 0:
		t.fail("ERR DB index is out of range")
	}
	return ok && n == 0
}

// timeOfDay is TIME: seconds and microseconds.
func timeOfDay(t *turn, _ [][]byte) {
	t.array(2)
	t.bulk(strconv.FormatInt(t.now.Unix(), 10))
	t.bulk(strconv.Itoa(t.now.Nanosecond() / 1000))
}

// wait is WAIT replicas timeout. There are no replicas and none will come, so it does not wait for the timeout to say that none has acknowledged.
func wait(t *turn, args [][]byte) {
	if _, ok := parseInt(args[1]); !ok {
		t.fail(errNotInteger)
		return
	}
	switch ms, ok := parseInt(args[2]); {
	case !ok:
		t.fail("ERR timeout is not an integer or out of range")
	case ms < 0:
		t.fail("ERR timeout is negative")
	case ms > math.MaxInt64-t.db.now:
		t.fail("ERR timeout is out of range")
	default:
		t.count(0)
	}
}

// hello is HELLO [2 | 3 [AUTH user password] [SETNAME name]]. The store has no users but the one that needs no password.
func hello(t *turn, args [][]byte) {
	if len(args) > 1 && !t.acceptsHello(args[1:]) {
		return
	}
	t.out = resp.AppendAggregate(t.out, resp.Map, 7, protocol)
	t.bulk("server")
	t.bulk(serverName)
	t.bulk("version")
	t.bulk(serverVersion)
	t.bulk("proto")
	t.int(3)
	t.bulk("id")
	t.int(1)
	t.bulk("mode")
	t.bulk("standalone")
	t.bulk("role")
	t.bulk("master")
	t.bulk("modules")
	t.array(0)
}

// acceptsHello checks the arguments of HELLO and appends an error reply if it does not accept them.
func (t *turn) acceptsHello(args [][]byte) bool {
	switch n, ok := parseInt(args[0]); {
	case !ok:
		t.fail("ERR Protocol version is not an integer or out of range")
		return false
	case n != 2 && n != 3:
		t.fail("NOPROTO unsupported protocol version")
		return false
	}
	for args = args[1:]; len(args) > 0; {
		switch {
		case is(args[0], "AUTH") && len(args) >= 3:
			if string(args[1]) != "default" {
				t.fail("WRONGPASS invalid username-password pair or user is disabled.")
				return false
			}
			args = args[3:]
		case is(args[0], "SETNAME") && len(args) >= 2:
			args = args[2:]
		default:
			t.fail("ERR Syntax error in HELLO option '" + string(shown(args[0])) + "'")
			return false
		}
	}
	return true
}

// info is INFO [section …]: what the store is and what it holds.
func info(t *turn, args [][]byte) {
	server, memory := len(args) == 1, len(args) == 1
	for _, arg := range args[1:] {
		all := is(arg, "ALL") || is(arg, "EVERYTHING") || is(arg, "DEFAULT")
		server = server || all || is(arg, "SERVER")
		memory = memory || all || is(arg, "MEMORY")
	}
	text := ""
	if server {
		text = "# Server\r\nserver_name:" + serverName + "\r\nredis_version:" + serverVersion + "\r\nredis_mode:standalone\r\n"
	}
	if server && memory {
		text += "\r\n"
	}
	if memory {
		text += "# Memory\r\nused_memory:" + strconv.Itoa(t.db.used) + "\r\nmaxmemory:" + strconv.Itoa(t.db.limit) +
			"\r\nmaxmemory_policy:" + t.db.policy() + "\r\n"
	}
	t.out = resp.AppendVerbatim(t.out, "txt", text, protocol)
}
