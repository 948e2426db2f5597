package localstore_test

import "testing"

var hashCases = map[string][]step{
	"fields": {
		{"HSET h a 1 b 2 a 3", ":2"},
		{"TYPE h", "+hash"},
		{"HGETALL h", `{"a" "3" "b" "2"}`},
		{"HSET h b 4 c 5", ":1"},
		{"HGET h b", `"4"`},
		{"HGET h none", "_"},
		{"HGET none a", "_"},
		{"HMGET h c none a", `["5" _ "3"]`},
		{"HMGET none c", `[_]`},
		{"HKEYS h", `["a" "b" "c"]`},
		{"HVALS h", `["3" "4" "5"]`},
		{"HLEN h", ":3"},
		{"HEXISTS h a", ":1"},
		{"HEXISTS h z", ":0"},
		{"HSTRLEN h a", ":1"},
		{"HSTRLEN h z", ":0"},
		{"HSETNX h a 9", ":0"},
		{"HSETNX h d 9", ":1"},
		{"HDEL h a z a", ":1"},
		{"HDEL h b c d", ":3"},
		{"EXISTS h", ":0"},
		{"HDEL h a", ":0"},
		{"HLEN h", ":0"},
		{"HGETALL h", "{}"},
		{"HKEYS h", "[]"},
		{"HVALS h", "[]"},
		{"HEXISTS h a", ":0"},
		{"HSTRLEN h a", ":0"},
		{"HMSET h a 1 b 2", "+OK"},
		{"HLEN h", ":2"},
		{"HSET h a", arity("hset")},
		{"HSET h a 1 b", arity("hset")},
		{"HMSET h a 1 b", arity("hmset")},
		{"HGET h", arity("hget")},
		{"HDEL h", arity("hdel")},
		{`HSET h "" ""`, ":1"},
		{`HGET h ""`, `""`},
	},
	"hincrby": {
		{"HINCRBY h a 5", ":5"},
		{"HINCRBY h a -7", ":-2"},
		{"HGET h a", `"-2"`},
		{"HINCRBY h a x", notInteger},
		{"HSET h s x m 9223372036854775807", ":2"},
		{"HINCRBY h s 1", "-ERR hash value is not an integer"},
		{"HINCRBY h m 1", overflow},
		{"HINCRBY h m -1", ":9223372036854775806"},
	},
	"hscan": {
		{"HSCAN h 0 FOO", `["0" []]`}, // before the options are looked at
		{"HSCAN h x", "-ERR invalid cursor"},
		{"HSET h a 1 b 2 ab 3", ":3"},
		{"HSCAN h 0", `["0" ["a" "1" "b" "2" "ab" "3"]]`},
		{"HSCAN h 0 MATCH a* COUNT 1", `["0" ["a" "1" "ab" "3"]]`},
		{"HSCAN h 0 COUNT 0", syntaxError},
		{"HSCAN h 0 COUNT x", notInteger},
		{"HSCAN h 0 TYPE string", syntaxError},
		{"HSCAN h 0 MATCH", syntaxError},
	},
}

func TestHashes(t *testing.T) {
	for name, steps := range hashCases {
		t.Run(name, func(t *testing.T) { play(t, steps) })
	}
}
