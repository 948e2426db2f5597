package bwstate

// A commandClass says whether a command can share a connection.
type commandClass byte

const (
	shares            commandClass = iota
	changesConnection              // for every caller on it: protocol, user, database, transaction, mode
	blocks                         // holds back its reply, and with it all that follow
	reads                          // changes nothing
	nextWordTells                  // it depends on the subcommand
)

// classes holds the commands that cannot share a connection, and those that only read, in upper case. A command that is missing shares, and is taken to write.
var classes = map[string]commandClass{
	"AUTH": changesConnection, "HELLO": changesConnection, "SELECT": changesConnection, "RESET": changesConnection, "QUIT": changesConnection,
	"MULTI": changesConnection, "EXEC": changesConnection, "DISCARD": changesConnection, "WATCH": changesConnection, "UNWATCH": changesConnection,
	"SUBSCRIBE": changesConnection, "PSUBSCRIBE": changesConnection, "SSUBSCRIBE": changesConnection,
	"UNSUBSCRIBE": changesConnection, "PUNSUBSCRIBE": changesConnection, "SUNSUBSCRIBE": changesConnection,
	"MONITOR": changesConnection, "SYNC": changesConnection, "PSYNC": changesConnection, "REPLCONF": changesConnection,
	"ASKING": changesConnection, "READONLY": changesConnection, "READWRITE": changesConnection,

	"CLIENT":       nextWordTells,
	"CLIENT REPLY": changesConnection, "CLIENT TRACKING": changesConnection, "CLIENT CACHING": changesConnection, "CLIENT SETNAME": changesConnection,
	"CLIENT SETINFO": changesConnection, "CLIENT NO-TOUCH": changesConnection, "CLIENT NO-EVICT": changesConnection, "CLIENT CAPA": changesConnection,
	"CLIENT IMPORT-SOURCE": changesConnection, "CLIENT MAINT_NOTIFICATIONS": changesConnection,
	"SCRIPT":       nextWordTells,
	"SCRIPT DEBUG": changesConnection,

	"GET": reads, "MGET": reads, "STRLEN": reads, "GETRANGE": reads, "GETBIT": reads, "BITCOUNT": reads, "BITPOS": reads,
	"EXISTS": reads, "TTL": reads, "PTTL": reads, "EXPIRETIME": reads, "PEXPIRETIME": reads, "TYPE": reads, "DUMP": reads, "RANDOMKEY": reads, "KEYS": reads, "SCAN": reads,
	"HGET": reads, "HMGET": reads, "HGETALL": reads, "HEXISTS": reads, "HLEN": reads, "HSTRLEN": reads, "HKEYS": reads, "HVALS": reads, "HSCAN": reads, "HRANDFIELD": reads,
	"LRANGE": reads, "LLEN": reads, "LINDEX": reads, "LPOS": reads,
	"SMEMBERS": reads, "SISMEMBER": reads, "SMISMEMBER": reads, "SCARD": reads, "SRANDMEMBER": reads, "SSCAN": reads, "SINTER": reads, "SUNION": reads, "SDIFF": reads,
	"ZRANGE": reads, "ZREVRANGE": reads, "ZRANGEBYSCORE": reads, "ZREVRANGEBYSCORE": reads, "ZRANGEBYLEX": reads, "ZSCORE": reads, "ZMSCORE": reads, "ZCARD": reads, "ZCOUNT": reads,
	"ZRANK": reads, "ZREVRANK": reads, "ZSCAN": reads, "XRANGE": reads, "XREVRANGE": reads, "XLEN": reads,
	"PING": reads, "ECHO": reads, "TIME": reads, "DBSIZE": reads, "INFO": reads, "ROLE": reads, "LASTSAVE": reads,

	"BLPOP": blocks, "BRPOP": blocks, "BLMOVE": blocks, "BRPOPLPUSH": blocks, "BLMPOP": blocks, "BZPOPMIN": blocks, "BZPOPMAX": blocks, "BZMPOP": blocks,
	"XREAD": blocks, "XREADGROUP": blocks, "WAIT": blocks, "WAITAOF": blocks, "SHUTDOWN": blocks,
}

// classify looks a command up, without an allocation.
func classify(args []string) commandClass {
	var words [32]byte
	name := upper(words[:0], args[0])
	class := classes[string(name)]
	switch {
	case class == changesConnection && len(args) == 1 && string(name) == "HELLO":
		return shares // without arguments it only asks
	case class != nextWordTells:
		return class
	case len(args) == 1:
		return shares // the server will refuse it
	}
	return classes[string(upper(append(name, ' '), args[1]))]
}

// upper appends s in upper case to dst, as far as dst has room: no command of the table is longer.
func upper(dst []byte, s string) []byte {
	for i := 0; i < len(s) && len(dst) < cap(dst); i++ {
		c := s[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// A CommandError says that [State.Do] will not send a command.
type CommandError struct {
	Command string
	Problem string
}

func (e *CommandError) Error() string { return "bwstate: " + e.Command + ": " + e.Problem }

func refusal(name string) error {
	return &CommandError{Command: name, Problem: "would change the connection for everybody who shares it; dial one with package conn, or use pool.With"}
}
