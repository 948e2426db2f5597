package localstore_test

import "testing"

const (
	wrongType   = "-WRONGTYPE Operation against a key holding the wrong kind of value"
	noKey       = "-ERR no such key"
	notPositive = "-ERR value is out of range, must be positive"
)

var listCases = map[string][]step{
	"push and pop": {
		{"RPUSH l a b c", ":3"},
		{"LPUSH l z y", ":5"},
		{"LRANGE l 0 -1", `["y" "z" "a" "b" "c"]`},
		{"TYPE l", "+list"},
		{"LLEN l", ":5"},
		{"LPOP l", `"y"`},
		{"RPOP l", `"c"`},
		{"LPOP l 2", `["z" "a"]`},
		{"RPOP l 0", "[]"},
		{"RPOP l 9", `["b"]`},
		{"EXISTS l", ":0"},
		{"TYPE l", "+none"},
		{"LPOP l", "_"},
		{"LPOP l 1", "_"},
		{"LPOP l 0", "_"},
		{"LLEN l", ":0"},
		{"RPUSHX l a", ":0"},
		{"LPUSHX l a", ":0"},
		{"EXISTS l", ":0"},
		{"RPUSH l a", ":1"},
		{"RPUSHX l b c", ":3"},
		{"LPUSHX l z", ":4"},
		{"LPOP l -1", notPositive},
		{"LPOP l x", notPositive},
		{"LPOP l 1 2", arity("lpop")},
		{"RPUSH l", arity("rpush")},
		{"LPUSHX l", arity("lpushx")},
	},
	"ranges": {
		{"LRANGE l 0 -1", "[]"},
		{"RPUSH l a b c d e", ":5"},
		{"LRANGE l 1 3", `["b" "c" "d"]`},
		{"LRANGE l -2 99", `["d" "e"]`},
		{"LRANGE l -99 0", `["a"]`},
		{"LRANGE l 3 1", "[]"},
		{"LRANGE l 5 9", "[]"},
		{"LRANGE l 0 -99", "[]"},
		{"LRANGE l -9223372036854775808 9223372036854775807", `["a" "b" "c" "d" "e"]`},
		{"LRANGE l x 0", notInteger},
		{"LRANGE l 0 x", notInteger},
		{"LTRIM l 1 -2", "+OK"},
		{"LRANGE l 0 -1", `["b" "c" "d"]`},
		{"LTRIM l 0 x", notInteger},
		{"LTRIM l -1 -1", "+OK"},
		{"LRANGE l 0 -1", `["d"]`},
		{"LTRIM l 1 0", "+OK"},
		{"EXISTS l", ":0"},
		{"LTRIM l 0 1", "+OK"},
		{"EXISTS l", ":0"},
	},
	"index": {
		{"LINDEX l x", "_"},
		{"LSET l x v", noKey},
		{"RPUSH l a b c", ":3"},
		{"LINDEX l 0", `"a"`},
		{"LINDEX l -1", `"c"`},
		{"LINDEX l 3", "_"},
		{"LINDEX l -4", "_"},
		{"LINDEX l x", notInteger},
		{"LSET l 1 longer", "+OK"},
		{"LSET l -1 z", "+OK"},
		{"LRANGE l 0 -1", `["a" "longer" "z"]`},
		{"LSET l 3 v", "-ERR index out of range"},
		{"LSET l -4 v", "-ERR index out of range"},
		{"LSET l x v", notInteger},
	},
	"lrem": {
		{"LREM l 0 a", ":0"},
		{"RPUSH l a b a c a b a", ":7"},
		{"LREM l 2 a", ":2"},
		{"LRANGE l 0 -1", `["b" "c" "a" "b" "a"]`},
		{"LREM l -1 b", ":1"},
		{"LRANGE l 0 -1", `["b" "c" "a" "a"]`},
		{"LREM l 0 none", ":0"},
		{"LREM l x a", notInteger},
		{"LREM l 0 a", ":2"},
		{"LREM l -9 b", ":1"},
		{"LREM l 9 c", ":1"},
		{"EXISTS l", ":0"},
	},
}

func TestLists(t *testing.T) {
	for name, steps := range listCases {
		t.Run(name, func(t *testing.T) { play(t, steps) })
	}
}
