package localstore_test

import "testing"

const notFinite = "-ERR increment would produce NaN or Infinity"

// The texts are what a server on x86 answers.
var floatCases = map[string][]step{
	"incrbyfloat": {
		{"INCRBYFLOAT k 0.1", `"0.1"`},
		{"INCRBYFLOAT k 0.2", `"0.3"`},
		{"INCRBYFLOAT k -0.3", `"0"`},
		{"INCRBYFLOAT k 3.0e3", `"3000"`},
		{"INCRBYFLOAT k 0x1.8p1", `"3003"`},
		{"INCRBYFLOAT k 1e-15", `"3003.00000000000000111"`},
		{"INCRBYFLOAT k 1e-17", `"3003.00000000000000111"`},
		{"SET k 1e17", "+OK"},
		{"INCRBYFLOAT k 0.5", `"100000000000000000.5"`},
		{"SET k 1e4932", "+OK"},
		{"INCRBYFLOAT k 1e4932", notFinite},
		{"SET k -1e-30", "+OK"},
		{"INCRBYFLOAT k 0", `"0"`},
		{"INCRBYFLOAT k inf", notFinite},
		{"INCRBYFLOAT k 1e5000", notFloat},
		{"INCRBYFLOAT k 1e-5000", notFloat},
		{"INCRBYFLOAT k nan", notFloat},
		{"INCRBYFLOAT k 1_0", notFloat},
		{"INCRBYFLOAT k 1e", notFloat},
		{"INCRBYFLOAT k --1", notFloat},
		{"INCRBYFLOAT k 1e99999999999", notFloat},
		{"INCRBYFLOAT k 0e99999999999", `"0"`},
		{"SET k x EX 10", "+OK"},
		{"INCRBYFLOAT k 1", notFloat},
		{"SET k 1 KEEPTTL", "+OK"},
		{"INCRBYFLOAT k 1.5", `"2.5"`},
		{"TTL k", ":10"},
		{"RPUSH l 1", ":1"},
		{"INCRBYFLOAT l 1", wrongType},
		{"INCRBYFLOAT l x", wrongType},
	},
	"hincrbyfloat": {
		{"HINCRBYFLOAT h f 10.5", `"10.5"`},
		{"HINCRBYFLOAT h f 0.1", `"10.6"`},
		{"HINCRBYFLOAT h f -5.0e3", `"-4989.39999999999999991"`},
		{"HINCRBYFLOAT h f inf", "-ERR value is NaN or Infinity"},
		{"HINCRBYFLOAT h f x", notFloat},
		{"HSET h t x i inf", ":2"},
		{"HINCRBYFLOAT h t 1", "-ERR hash value is not a float"},
		{"HINCRBYFLOAT h i 1", notFinite},
		{"SET s 1", "+OK"},
		{"HINCRBYFLOAT s f 1", wrongType},
		{"HINCRBYFLOAT s f x", notFloat},
	},
}

func TestFloats(t *testing.T) {
	for name, steps := range floatCases {
		t.Run(name, func(t *testing.T) { play(t, steps) })
	}
}
