package localstore

import (
	"bytes"

	"github.com/bwredis/bwredis/resp"
)

// A command is how one command of the server is executed. args begins with its name and is as long as arity says; run appends exactly
// one reply.
type command struct {
	arity    int // arguments, the name included; negative: at least so many
	run      func(t *turn, args [][]byte)
	write    bool // changes entries: drops dead ones on the way, and is refused in read-only scripts
	noScript bool // is refused in scripts
}

var commands = map[string]command{
	"get":      {arity: 2, run: get},
	"mget":     {arity: -2, run: mget},
	"strlen":   {arity: 2, run: strlen},
	"getrange": {arity: 4, run: getrange},
	"set":      {arity: -3, run: set, write: true},
	"setex":    {arity: 4, run: setex, write: true},
	"psetex":   {arity: 4, run: psetex, write: true},
	"getdel":   {arity: 2, run: getdel, write: true},
	"getex":    {arity: -2, run: getex, write: true},
	"mset":     {arity: -3, run: mset, write: true},
	"append":   {arity: 3, run: appendTo, write: true},

	"setnx":  {arity: 3, run: setnx, write: true},
	"getset": {arity: 3, run: getset, write: true},

	"rpush":  {arity: -3, run: rpush, write: true},
	"lpush":  {arity: -3, run: lpush, write: true},
	"rpushx": {arity: -3, run: rpushx, write: true},
	"lpushx": {arity: -3, run: lpushx, write: true},
	"lpop":   {arity: -2, run: lpop, write: true},
	"rpop":   {arity: -2, run: rpop, write: true},
	"lset":   {arity: 4, run: lset, write: true},
	"ltrim":  {arity: 4, run: ltrim, write: true},
	"lrem":   {arity: 4, run: lrem, write: true},
	"llen":   {arity: 2, run: llen},
	"lrange": {arity: 4, run: lrange},
	"lindex": {arity: 3, run: lindex},

	"hset":    {arity: -4, run: hset, write: true},
	"hmset":   {arity: -4, run: hmset, write: true},
	"hsetnx":  {arity: 4, run: hsetnx, write: true},
	"hdel":    {arity: -3, run: hdel, write: true},
	"hincrby": {arity: 4, run: hincrby, write: true},
	"hget":    {arity: 3, run: hget},
	"hmget":   {arity: -3, run: hmget},
	"hgetall": {arity: 2, run: hgetall},
	"hkeys":   {arity: 2, run: hkeys},
	"hvals":   {arity: 2, run: hvals},
	"hlen":    {arity: 2, run: hlen},
	"hexists": {arity: 3, run: hexists},
	"hstrlen": {arity: 3, run: hstrlen},
	"hscan":   {arity: -3, run: hscan},

	"zadd":             {arity: -4, run: zadd, write: true},
	"zincrby":          {arity: 4, run: zincrby, write: true},
	"zrem":             {arity: -3, run: zrem, write: true},
	"zremrangebyscore": {arity: 4, run: zremrangebyscore, write: true},
	"zremrangebyrank":  {arity: 4, run: zremrangebyrank, write: true},
	"zpopmin":          {arity: -2, run: zpopmin, write: true},
	"zpopmax":          {arity: -2, run: zpopmax, write: true},
	"zcard":            {arity: 2, run: zcard},
	"zscore":           {arity: 3, run: zscore},
	"zmscore":          {arity: -3, run: zmscore},
	"zrank":            {arity: 3, run: zrank},
	"zrevrank":         {arity: 3, run: zrevrank},
	"zcount":           {arity: 4, run: zcount},
	"zrange":           {arity: -4, run: zrange},
	"zrevrange":        {arity: -4, run: zrevrange},
	"zrangebyscore":    {arity: -4, run: zrangebyscore},
	"zrevrangebyscore": {arity: -4, run: zrevrangebyscore},
	"zscan":            {arity: -3, run: zscan},

	"incr":         {arity: 2, run: incr, write: true},
	"decr":         {arity: 2, run: decr, write: true},
	"incrbyfloat":  {arity: 3, run: incrbyfloat, write: true},
	"hincrbyfloat": {arity: 4, run: hincrbyfloat, write: true},
	"incrby":       {arity: 3, run: incrby, write: true},
	"decrby":       {arity: 3, run: decrby, write: true},

	"del":      {arity: -2, run: del, write: true},
	"unlink":   {arity: -2, run: del, write: true},
	"flushdb":  {arity: -1, run: flushdb, write: true},
	"rename":   {arity: 3, run: rename, write: true},
	"renamenx": {arity: 3, run: renamenx, write: true},
	"copy":     {arity: -3, run: copyKey, write: true},
	"exists":   {arity: -2, run: exists},
	"type":     {arity: 2, run: typeOf},
	"dbsize":   {arity: 1, run: dbsize},
	"scan":     {arity: -2, run: scan},

	"ttl":         {arity: 2, run: ttl},
	"pttl":        {arity: 2, run: pttl},
	"expiretime":  {arity: 2, run: expiretime},
	"pexpiretime": {arity: 2, run: pexpiretime},
	"expire":      {arity: -3, run: expire, write: true},
	"pexpire":     {arity: -3, run: pexpire, write: true},
	"expireat":    {arity: -3, run: expireat, write: true},
	"pexpireat":   {arity: -3, run: pexpireat, write: true},
	"persist":     {arity: 2, run: persist, write: true},

	"eval":       {arity: -3, run: eval, noScript: true},
	"eval_ro":    {arity: -3, run: evalRO, noScript: true},
	"evalsha":    {arity: -3, run: evalsha, noScript: true},
	"evalsha_ro": {arity: -3, run: evalshaRO, noScript: true},
	"script":     {arity: -2, run: scriptCommand, noScript: true},

	"ping":   {arity: -1, run: ping},
	"echo":   {arity: 2, run: echo},
	"hello":  {arity: -1, run: hello, noScript: true},
	"select": {arity: 2, run: selectDB},
	"time":   {arity: 1, run: timeOfDay},
	"info":   {arity: -1, run: info},
	"wait":   {arity: 3, run: wait, noScript: true},
}

// Error replies, as the server words them.
const (
	errWrongType         = "WRONGTYPE Operation against a key holding the wrong kind of value"
	errNoKey             = "ERR no such key"
	errNotPositive       = "ERR value is out of range, must be positive"
	errSyntax            = "ERR syntax error"
	errNotInteger        = "ERR value is not an integer or out of range"
	errOverflow          = "ERR increment or decrement would overflow"
	errDecrementOverflow = "ERR decrement would overflow"
	errOOM               = "OOM command not allowed when used memory > 'maxmemory'."
	errReplies           = "ERR the replies of this request exceed the limit of the embedded store"
	errNotInScript       = "ERR This Redis command is not allowed from script"
	errReadOnlyScript    = "ERR Write commands are not allowed from read-only scripts."
)

// dispatch executes one command and appends its reply.
func (t *turn) dispatch(args [][]byte) {
	cmd, ok := t.lookup(args[0])
	switch {
	case !ok:
		t.fail("ERR unknown command '" + string(shown(args[0])) + "', with args beginning with: ")
	case cmd.arity >= 0 && len(args) != cmd.arity || len(args) < -cmd.arity:
		t.failArity(lower(args[0]))
	case t.script.running && cmd.noScript:
		t.fail(errNotInScript)
	case t.script.readOnly && cmd.write:
		t.fail(errReadOnlyScript)
	case len(t.out) > t.store.replyLimit:
		t.fail(errReplies) // before anything is changed
	default:
		if cmd.write {
			t.db.sweep(len(args))
		}
		start := len(t.out)
		cmd.run(t, args)
		if t.script.running && cmd.write && t.out[start] != '-' {
			t.db.scriptWrote = true
		}
	}
}

// lookup finds a command by its name in any case, without allocating.
func (t *turn) lookup(name []byte) (command, bool) {
	var folded [16]byte
	if len(name) > len(folded) {
		return command{}, false
	}
	for i, c := range name {
		folded[i] = lowerByte(c)
	}
	cmd, ok := t.store.table[string(folded[:len(name)])]
	return cmd, ok
}

// fail appends an error reply. Line breaks, which cannot be sent in one, become spaces.
func (t *turn) fail(msg string) {
	t.out = resp.AppendError(t.out, msg)
}

func (t *turn) failArity(name string) {
	t.fail("ERR wrong number of arguments for '" + name + "' command")
}

// shown returns as much of an argument as the server repeats in an error.
func shown(arg []byte) []byte {
	if i := bytes.IndexByte(arg, 0); i >= 0 {
		arg = arg[:i]
	}
	return arg[:min(len(arg), 128)]
}

// is reports whether arg is a word in any case. word is in upper case.
func is(arg []byte, word string) bool {
	if len(arg) != len(word) {
		return false
	}
	for i, c := range arg {
		if lowerByte(c) != lowerByte(word[i]) {
			return false
		}
	}
	return true
}

// lower folds ASCII only, as the server does.
func lower(b []byte) string {
	folded := make([]byte, len(b))
	for i, c := range b {
		folded[i] = lowerByte(c)
	}
	return string(folded)
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
