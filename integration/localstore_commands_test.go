package integration

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// A shape is a command and what random arguments it gets. Each word stands for one argument or several:
//
//	S L H Z     a key, mostly of a string, list, hash or sorted set; A any
//	v f m       a value, a field, a member
//	i j n s e d an index, one that is not extreme, an increment, a score, the edge of a range of scores, a number that may have a fraction
//	t c p       a time to live in seconds, a cursor (always 0), a pattern
//	fv+         that group of them once or more
//	=REV        the word itself
//	?NX|XX      sometimes one of the words, here with nothing behind it; ?LIMIT:ii with two more arguments
type shape struct {
	command      string
	major, minor int // since when servers know it like this
	arguments    string
}

var shapes = []shape{
	{"GET", 6, 0, "S"},
	{"SET", 6, 0, "S v ?NX|XX ?KEEPTTL|EX:t"},
	{"SET", 7, 0, "S v ?NX|XX ?GET ?KEEPTTL|EX:t"},
	{"SET", 6, 0, "A v"},
	{"SET", 6, 0, "S d"},
	{"SETNX", 6, 0, "S v"},
	{"GETSET", 6, 0, "S v"},
	{"GETDEL", 6, 2, "S"},
	{"GETEX", 6, 2, "S ?PERSIST|EX:u"},
	{"SETEX", 6, 0, "S t v"},
	{"MGET", 6, 0, "A+"},
	{"MSET", 6, 0, "Sv+"},
	{"STRLEN", 6, 0, "S"},
	{"APPEND", 6, 0, "S v"},
	{"GETRANGE", 7, 0, "S i i"},
	{"INCR", 6, 0, "S"},
	{"DECR", 6, 0, "S"},
	{"INCRBY", 6, 0, "S n"},
	{"DECRBY", 7, 0, "S n"},
	{"INCRBYFLOAT", 6, 0, "S d"},

	{"DEL", 6, 0, "A+"},
	{"UNLINK", 6, 0, "A"},
	{"EXISTS", 6, 0, "A+"},
	{"TYPE", 6, 0, "A"},
	{"DBSIZE", 6, 0, ""},
	{"EXPIRE", 6, 0, "A t"},
	{"EXPIRE", 7, 0, "A t ?NX|XX|GT|LT ?GT|LT"},
	{"PERSIST", 6, 0, "A"},
	{"TTL", 6, 0, "A"},
	{"PTTL", 6, 0, "A"},
	{"RENAME", 6, 0, "A A"},
	{"RENAMENX", 6, 0, "A A"},
	{"COPY", 6, 2, "A A ?REPLACE ?DB:b"},
	{"COPY", 6, 2, "A A =REPLACE"},

	{"RPUSH", 6, 0, "L v+"},
	{"LPUSH", 6, 0, "L v+"},
	{"RPUSH", 6, 0, "L v+"},
	{"RPUSHX", 6, 0, "L v+"},
	{"LPUSHX", 6, 0, "L v+"},
	{"LPOP", 6, 0, "L"},
	{"RPOP", 6, 0, "L"},
	{"LPOP", 7, 0, "L i"},
	{"RPOP", 7, 0, "L i"},
	{"LLEN", 6, 0, "L"},
	{"LRANGE", 6, 0, "L i i"},
	{"LINDEX", 6, 0, "L i"},
	{"LSET", 6, 0, "L j v"},
	{"LTRIM", 6, 0, "L i i"},
	{"LREM", 6, 0, "L j v"},

	{"HSET", 6, 0, "H fv+"},
	{"HSET", 6, 0, "H fd+"},
	{"HMSET", 6, 0, "H fv+"},
	{"HSETNX", 6, 0, "H f v"},
	{"HGET", 6, 0, "H f"},
	{"HMGET", 6, 0, "H f+"},
	{"HDEL", 6, 0, "H f+"},
	{"HINCRBY", 6, 0, "H f n"},
	{"HINCRBYFLOAT", 7, 0, "H f d"},
	{"HLEN", 6, 0, "H"},
	{"HGETALL", 6, 0, "H"},
	{"HKEYS", 6, 0, "H"},
	{"HVALS", 6, 0, "H"},
	{"HEXISTS", 6, 0, "H f"},
	{"HSTRLEN", 6, 0, "H f"},
	{"HSCAN", 6, 0, "H c ?MATCH:p ?COUNT:o"},

	{"ZADD", 6, 0, "Z sm+"},
	{"ZADD", 6, 0, "Z ?NX|XX ?CH sm+"},
	{"ZADD", 7, 0, "Z ?NX|XX ?GT|LT ?CH ?INCR sm+"},
	{"ZADD", 7, 0, "Z ?XX|NX|GT|LT =INCR s m"},
	{"ZINCRBY", 6, 0, "Z s m"},
	{"ZREM", 6, 0, "Z m+"},
	{"ZCARD", 6, 0, "Z"},
	{"ZSCORE", 6, 0, "Z m"},
	{"ZMSCORE", 6, 2, "Z m+"},
	{"ZRANK", 6, 0, "Z m"},
	{"ZREVRANK", 6, 0, "Z m"},
	{"ZRANGE", 6, 0, "Z i i ?WITHSCORES"},
	{"ZRANGE", 7, 0, "Z i i ?REV ?WITHSCORES ?LIMIT:ii"},
	{"ZRANGE", 7, 0, "Z e e =BYSCORE ?REV ?WITHSCORES ?LIMIT:ii"},
	{"ZREVRANGE", 6, 0, "Z i i ?WITHSCORES"},
	{"ZRANGEBYSCORE", 6, 0, "Z e e ?WITHSCORES ?LIMIT:ii"},
	{"ZREVRANGEBYSCORE", 6, 0, "Z e e ?WITHSCORES ?LIMIT:ii"},
	{"ZCOUNT", 6, 0, "Z e e"},
	{"ZREMRANGEBYSCORE", 6, 0, "Z e e"},
	{"ZREMRANGEBYRANK", 6, 0, "Z i i"},
	{"ZPOPMIN", 7, 0, "Z ?0|1|2|-1|x"},
	{"ZPOPMAX", 7, 0, "Z ?0|1|2|-1|x"},
	{"ZSCAN", 6, 0, "Z c ?MATCH:p ?COUNT:o"},
	{"SCAN", 6, 0, "c =COUNT =1000 ?MATCH:p ?TYPE:T"},
}

var (
	smallIntegers = []string{"0", "1", "2", "3", "-1", "-2", "-3", "5", "-6", "9"}
	oddIntegers   = []string{"9223372036854775807", "-9223372036854775808", "9223372036854775808", "x", "1.5", "", "+1", "01", "-0", " 1"}
	plainNumbers  = []string{"0", "1", "-1", "2", "3", "1.5", "-2.25", "0.1", "3.0e2", "10", "1e17", "123456789.125", "0.3", "-0.7"}
	oddNumbers    = []string{
		"inf", "-inf", "+inf", "infinity", "nan", "1e400", "-1e400", "1e-400", "x", "-0", ".5", "5.", "1 ", "1e", "1_0", "+3", "1e5000", "--1", "1e308",
		"12345678901234567890123", "0.1234567890123456789",
	}
	laxNumbers = []string{" 1", "", "0x10", "0x1.8p1", "0x", "0x1p-1074"} // newer servers do not read them everywhere
	words      = []string{"a", "b", "c", "d", "", "a longer text that is no number at all, and is more than sixty-four bytes long", "1", "-5", "2.5", "x\r\ny", "\x00\xff"}
)

// A random makes commands. From the same seed come the same.
type random struct {
	*rand.Rand
	shapes     []shape
	oddNumbers []string
	junk       bool // too few and too many arguments; later servers take more here and there
}

func newRandom(seed uint64, knows func(major, minor int) bool) *random {
	r := &random{Rand: rand.New(rand.NewPCG(seed, 1)), oddNumbers: oddNumbers, junk: knows(7, 0) && !knows(7, 2)}
	if !knows(7, 2) {
		r.oddNumbers = slices.Concat(oddNumbers, laxNumbers)
	}
	for _, s := range shapes {
		if knows(s.major, s.minor) {
			r.shapes = append(r.shapes, s)
		}
	}
	return r
}

func (r *random) oneOf(words []string) string { return words[r.IntN(len(words))] }

// mostly returns a word of the first kind, and sometimes one of the second.
func (r *random) mostly(usual, odd []string) string {
	if r.IntN(12) == 0 {
		return r.oneOf(odd)
	}
	return r.oneOf(usual)
}

func (r *random) command() []string {
	s := r.shapes[r.IntN(len(r.shapes))]
	args := []string{s.command}
	for word := range strings.FieldsSeq(s.arguments) {
		args = r.appendWord(args, word)
	}
	switch n := r.IntN(100); {
	case !r.junk:
	case n == 0:
		args = append(args, r.oneOf(words))
	case n == 1:
		args = args[:max(1, len(args)-1)]
	}
	return args
}

func (r *random) appendWord(args []string, word string) []string {
	switch word[0] {
	case '=':
		return append(args, word[1:])
	case '?':
		if r.IntN(3) != 0 {
			return args
		}
		option, behind, _ := strings.Cut(r.oneOf(strings.Split(word[1:], "|")), ":")
		return r.appendGroup(append(args, option), behind)
	}
	if group, ok := strings.CutSuffix(word, "+"); ok {
		for range 1 + r.IntN(4) {
			args = r.appendGroup(args, group)
		}
		return args
	}
	return r.appendGroup(args, word)
}

func (r *random) appendGroup(args []string, kinds string) []string {
	for _, kind := range kinds {
		args = append(args, r.argument(kind))
	}
	return args
}

func (r *random) argument(kind rune) string {
	number := strconv.Itoa(r.IntN(4))
	switch kind {
	case 'S', 'L', 'H', 'Z':
		if r.IntN(12) > 0 {
			return string(kind) + number
		}
		return r.argument('A')
	case 'A':
		return string("SLHZ"[r.IntN(4)]) + number
	case 'v':
		return r.oneOf(words)
	case 'f':
		return "f" + number + number
	case 'm':
		return "m" + strconv.Itoa(r.IntN(9))
	case 'i', 'n':
		return r.mostly(smallIntegers, oddIntegers)
	case 'j':
		return r.mostly(smallIntegers, oddIntegers[3:]) // servers differ in what they do with those
	case 's', 'd':
		return r.mostly(plainNumbers, r.oddNumbers)
	case 'e':
		if r.IntN(4) == 0 {
			return "(" + r.mostly(plainNumbers, r.oddNumbers)
		}
		return r.mostly(append(plainNumbers, "-inf", "+inf"), r.oddNumbers)
	case 't':
		return r.mostly([]string{strconv.Itoa(1000 + r.IntN(1_000_000)), strconv.Itoa(1000 + r.IntN(1_000_000)), "-1"}, oddIntegers[2:])
	case 'u':
		return strconv.Itoa(1000 + r.IntN(1_000_000))
	case 'c':
		return "0"
	case 'p':
		return r.oneOf([]string{"*", "f1*", "m[1-4]", "?2", "none"})
	case 'b':
		return r.oneOf([]string{"x", "-1", "2147483647", "4294967296"}) // none that there is
	case 'o':
		return r.oneOf([]string{"1000", "9223372036854775807", "0", "x"}) // all at once: cursors are each server's own
	case 'T':
		return r.oneOf([]string{"string", "LIST", "hash", "zset", "set"})
	}
	panic("no such kind of argument: " + string(kind))
}
