package resp

import (
	"strconv"
	"strings"
	"testing"
)

// A frameCase is one row of the table that the tests of the scanner, the cursor and Value, the fuzz seeds and the benchmarks share.
type frameCase struct {
	name  string
	bytes string
	want  Value  // of the whole of bytes, when they are one frame
	err   string // part of the SyntaxError's message; "": bytes are a frame, or the beginning of one
	at    int    // the SyntaxError's offset
	more  bool   // bytes are a beginning only
	frame int    // MaxFrame
	depth int    // MaxDepth
}

func (c frameCase) scanner() *Scanner { return &Scanner{MaxFrame: c.frame, MaxDepth: c.depth} }

func text(k Kind, s string) Value { return Value{kind: k, text: s} }

func bulk(s string) Value { return text(BulkString, s) }

func num(n int64) Value { return Value{kind: Integer, num: n} }

func boolean(b int64) Value { return Value{kind: Boolean, num: b} }

func agg(k Kind, elems ...Value) Value {
	return Value{kind: k, elems: append([]Value{}, elems...)}
}

func nested(depth int) Value {
	if depth == 0 {
		return num(1)
	}
	return agg(Array, nested(depth-1))
}

var (
	null    = Value{}
	hundred = strings.Repeat("x", 100)
	overMax = "reply over the limit of " + strconv.Itoa(DefaultMaxFrame) + " bytes"
	overInt = map[int]string{32: "invalid", 64: overMax}[strconv.IntSize] // of what an int of 64 bits can just hold
)

var frames = []frameCase{
	{name: "simple string", bytes: "+OK\r\n", want: text(SimpleString, "OK")},
	{name: "empty simple string", bytes: "+\r\n", want: text(SimpleString, "")},
	{name: "long simple string", bytes: "+" + hundred + "\r\n", want: text(SimpleString, hundred)},
	{name: "simple string with tab and high bytes", bytes: "+\t\x00\xff$5\r\n", want: text(SimpleString, "\t\x00\xff$5")},
	{name: "simple error", bytes: "-ERR no\r\n", want: text(SimpleError, "ERR no")},
	{name: "empty error", bytes: "-\r\n", want: text(SimpleError, "")},
	{name: "integer", bytes: ":1000\r\n", want: num(1000)},
	{name: "zero", bytes: ":0\r\n", want: num(0)},
	{name: "plus sign", bytes: ":+7\r\n", want: num(7)},
	{name: "minus one", bytes: ":-1\r\n", want: num(-1)},
	{name: "minus zero", bytes: ":-0\r\n", want: num(0)},
	{name: "largest integer", bytes: ":9223372036854775807\r\n", want: num(1<<63 - 1)},
	{name: "smallest integer", bytes: ":-9223372036854775808\r\n", want: num(-1 << 63)},
	{name: "padded integer", bytes: ":-" + strings.Repeat("0", 30) + "7\r\n", want: num(-7)},
	{name: "bulk string", bytes: "$5\r\nhello\r\n", want: bulk("hello")},
	{name: "empty bulk string", bytes: "$0\r\n\r\n", want: bulk("")},
	{name: "bulk string of protocol bytes", bytes: "$8\r\n\r\n$-1\r\n+\r\n", want: bulk("\r\n$-1\r\n+")},
	{name: "bulk string of ten", bytes: "$10\r\n0123456789\r\n", want: bulk("0123456789")},
	{name: "RESP2 null", bytes: "$-1\r\n", want: null},
	{name: "RESP2 null array", bytes: "*-1\r\n", want: null},
	{name: "RESP3 null", bytes: "_\r\n", want: null},
	{name: "true", bytes: "#t\r\n", want: boolean(1)},
	{name: "false", bytes: "#f\r\n", want: boolean(0)},
	{name: "double", bytes: ",3.14\r\n", want: text(Double, "3.14")},
	{name: "double without a fraction", bytes: ",10\r\n", want: text(Double, "10")},
	{name: "signed double", bytes: ",+0.5\r\n", want: text(Double, "+0.5")},
	{name: "minus zero double", bytes: ",-0\r\n", want: text(Double, "-0")},
	{name: "exponent", bytes: ",-1.5e-10\r\n", want: text(Double, "-1.5e-10")},
	{name: "capital exponent", bytes: ",1E+100\r\n", want: text(Double, "1E+100")},
	{name: "double beyond float64", bytes: ",1e400\r\n", want: text(Double, "1e400")},
	{name: "double of a hundred digits", bytes: ",0." + strings.Repeat("3", 100) + "\r\n", want: text(Double, "0."+strings.Repeat("3", 100))},
	{name: "infinity", bytes: ",inf\r\n", want: text(Double, "inf")},
	{name: "minus infinity", bytes: ",-inf\r\n", want: text(Double, "-inf")},
	{name: "not a number", bytes: ",nan\r\n", want: text(Double, "nan")},
	{name: "signed not a number", bytes: ",-nan\r\n", want: text(Double, "-nan")},
	{name: "big number", bytes: "(3492890328409238509324850943850943825024385\r\n", want: text(BigNumber, "3492890328409238509324850943850943825024385")},
	{name: "negative big number", bytes: "(-12\r\n", want: text(BigNumber, "-12")},
	{name: "bulk error", bytes: "!21\r\nSYNTAX invalid\r\nagain\r\n", want: text(BulkError, "SYNTAX invalid\r\nagain")},
	{name: "verbatim string", bytes: "=9\r\ntxt:Some\n\r\n", want: text(VerbatimString, "Some\n")},
	{name: "empty verbatim string", bytes: "=4\r\nmkd:\r\n", want: text(VerbatimString, "")},
	{name: "array", bytes: "*3\r\n:1\r\n+two\r\n$5\r\nthree\r\n", want: agg(Array, num(1), text(SimpleString, "two"), bulk("three"))},
	{name: "empty array", bytes: "*0\r\n", want: agg(Array)},
	{name: "array with nulls", bytes: "*3\r\n$-1\r\n*-1\r\n_\r\n", want: agg(Array, null, null, null)},
	{name: "array of arrays", bytes: "*2\r\n*1\r\n:1\r\n*2\r\n*0\r\n:2\r\n", want: agg(Array, agg(Array, num(1)), agg(Array, agg(Array), num(2)))},
	{name: "array of ten", bytes: "*10\r\n" + strings.Repeat(":1\r\n", 10), want: agg(Array, num(1), num(1), num(1), num(1), num(1), num(1), num(1), num(1), num(1), num(1))},
	{name: "reply to EXEC", bytes: "*3\r\n+OK\r\n-ERR no\r\n*1\r\n$1\r\na\r\n", want: agg(Array, text(SimpleString, "OK"), text(SimpleError, "ERR no"), agg(Array, bulk("a")))},
	{name: "map", bytes: "%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n:2\r\n", want: agg(Map, text(SimpleString, "a"), num(1), text(SimpleString, "b"), agg(Array, num(2)))},
	{name: "empty map", bytes: "%0\r\n", want: agg(Map)},
	{name: "map with array keys", bytes: "%1\r\n*1\r\n:1\r\n%1\r\n:2\r\n:3\r\n", want: agg(Map, agg(Array, num(1)), agg(Map, num(2), num(3)))},
	{name: "set", bytes: "~2\r\n$1\r\na\r\n#t\r\n", want: agg(Set, bulk("a"), boolean(1))},
	{name: "empty set", bytes: "~0\r\n", want: agg(Set)},
	{name: "push", bytes: ">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n", want: agg(Push, text(SimpleString, "invalidate"), agg(Array, bulk("k")))},
	{name: "attribute", bytes: "|1\r\n+ttl\r\n:9\r\n$1\r\nv\r\n", want: bulk("v")},
	{name: "empty attribute", bytes: "|0\r\n:1\r\n", want: num(1)},
	{name: "attributes in a row", bytes: "|0\r\n|1\r\n+a\r\n:1\r\n|0\r\n_\r\n", want: null},
	{name: "attribute before an error", bytes: "|1\r\n+a\r\n:1\r\n-ERR no\r\n", want: text(SimpleError, "ERR no")},
	{name: "attribute inside an array", bytes: "*2\r\n:1\r\n|1\r\n+a\r\n*1\r\n:5\r\n:2\r\n", want: agg(Array, num(1), num(2))},
	{name: "attribute inside an attribute", bytes: "|1\r\n|1\r\n+x\r\n:1\r\n+a\r\n|0\r\n%1\r\n:2\r\n:3\r\n:4\r\n", want: num(4)},
	{name: "attribute on a map value", bytes: "%1\r\n+k\r\n|1\r\n+a\r\n:1\r\n+v\r\n", want: agg(Map, text(SimpleString, "k"), text(SimpleString, "v"))},

	{name: "request", bytes: "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", want: agg(Array, bulk("GET"), bulk("k"))},

	{name: "nothing", bytes: "", more: true},
	{name: "kind only", bytes: "$", more: true},
	{name: "half a header", bytes: "$1", more: true},
	{name: "header without its LF", bytes: "$1\r", more: true},
	{name: "bulk string without its CRLF", bytes: "$1\r\na", more: true},
	{name: "bulk string without its LF", bytes: "$1\r\na\r", more: true},
	{name: "array without its last element", bytes: "*2\r\n:1\r\n", more: true},
	{name: "attribute without its value", bytes: "|1\r\n+a\r\n:1\r\n", more: true},
	{name: "array that ends in an attribute", bytes: "*1\r\n|1\r\n+a\r\n:1\r\n", more: true},
	{name: "verbatim string without its text", bytes: "=5\r\ntxt:", more: true},
	{name: "64 MB to come", bytes: "$67108850\r\n", more: true},
	{name: "22 million elements to come", bytes: "*22369600\r\n:1\r\n", more: true},

	{name: "length of minus two", bytes: "$-2\r\n", err: "invalid length of a bulk string"},
	{name: "count of minus two", bytes: "*-2\r\n", err: "invalid count of an array"},
	{name: "length 2^63", bytes: "$9223372036854775808\r\n", err: "invalid length"},
	{name: "length 2^63-1", bytes: "$9223372036854775807\r\n", err: "invalid length"},
	{name: "length 2^63-10", bytes: "$9223372036854775798\r\n", err: overInt},
	{name: "length 2^64+3", bytes: "$18446744073709551619\r\nfoo\r\n", err: "invalid length"},
	{name: "length 2^64+1", bytes: "$18446744073709551617\r\na\r\n", err: "invalid length"},
	{name: "length of 2 GB", bytes: "$2147483000\r\n", err: overMax},
	{name: "count of 10^15", bytes: "*1000000000000000\r\n", err: overInt},
	{name: "count 2^31-1", bytes: "*2147483647\r\n", err: overInt},
	{name: "count of 50 million", bytes: "*50000000\r\n:1\r\n", err: overMax},
	{name: "count 2^62 of pairs", bytes: "%4611686018427387904\r\n", err: overInt},
	{name: "count of 12 million pairs", bytes: "%12000000\r\n", err: overMax},
	{name: "count 2^64+1", bytes: "*18446744073709551617\r\n:1\r\n", err: "invalid count"},
	{name: "integer 2^63", bytes: ":9223372036854775808\r\n", err: "invalid integer"},
	{name: "integer -2^63-1", bytes: ":-9223372036854775809\r\n", err: "invalid integer"},
	{name: "integer 2^64", bytes: ":18446744073709551616\r\n", err: "invalid integer"},
	{name: "integer of 33 digits", bytes: ":" + strings.Repeat("0", 33) + "\r\n", err: "line too long"},
	{name: "no integer", bytes: ":\r\n", err: "invalid integer"},
	{name: "only a sign", bytes: ":-\r\n", err: "invalid integer"},
	{name: "two signs", bytes: ":+-1\r\n", err: "invalid integer"},
	{name: "integer with a space", bytes: ": 1\r\n", err: "invalid integer"},
	{name: "integer with a fraction", bytes: ":1.0\r\n", err: "invalid integer"},
	{name: "no length", bytes: "$\r\n", err: "invalid length"},
	{name: "length with a plus sign", bytes: "$+1\r\na\r\n", err: "invalid length"},
	{name: "padded length", bytes: "$01\r\na\r\n", err: "invalid length"},
	{name: "padded count", bytes: "*00\r\n", err: "invalid count"},
	{name: "length of minus zero", bytes: "$-0\r\n\r\n", err: "invalid length"},
	{name: "length with a space", bytes: "$1 \r\na\r\n", err: "invalid length"},
	{name: "length in hexadecimal", bytes: "$0x1\r\na\r\n", err: "invalid length"},
	{name: "null map", bytes: "%-1\r\n", err: "invalid count of a map"},
	{name: "null set", bytes: "~-1\r\n", err: "invalid count of a set"},
	{name: "null push", bytes: ">-1\r\n", err: "invalid count of a push"},
	{name: "null bulk error", bytes: "!-1\r\n", err: "invalid length of a bulk error"},
	{name: "null verbatim string", bytes: "=-1\r\n", err: "invalid length of a verbatim string"},
	{name: "bulk string longer than its length", bytes: "$3\r\nfooXY", err: "does not end in CRLF where its length says"},
	{name: "bulk string with half a CRLF", bytes: "$3\r\nfoo\rX", err: "does not end in CRLF where its length says"},
	{name: "bulk string that ends in LF", bytes: "$3\r\nfoo\n", err: "does not end in CRLF where its length says"},
	{name: "LF alone", bytes: "+OK\n", err: "line does not end in CRLF"},
	{name: "only LF", bytes: "+\n", err: "line does not end in CRLF"},
	{name: "LF CR", bytes: "+OK\n\r", err: "line does not end in CRLF"},
	{name: "CR inside a line", bytes: "+a\rb\r\n", err: "line does not end in CRLF"},
	{name: "two CR", bytes: "+a\r\r\n", err: "line does not end in CRLF"},
	{name: "null with text", bytes: "_xx\r\n", err: "invalid null"},
	{name: "no boolean", bytes: "#\r\n", err: "invalid boolean"},
	{name: "boolean in full", bytes: "#true\r\n", err: "invalid boolean"},
	{name: "boolean as a number", bytes: "#1\r\n", err: "invalid boolean"},
	{name: "no double", bytes: ",\r\n", err: "invalid double"},
	{name: "hexadecimal double", bytes: ",0x1p-2\r\n", err: "invalid double"},
	{name: "double with an underscore", bytes: ",1_0\r\n", err: "invalid double"},
	{name: "double without an integral part", bytes: ",.5\r\n", err: "invalid double"},
	{name: "double without its fraction", bytes: ",5.\r\n", err: "invalid double"},
	{name: "double without its exponent", bytes: ",5e\r\n", err: "invalid double"},
	{name: "double without its exponent's digits", bytes: ",5e+\r\n", err: "invalid double"},
	{name: "double and more", bytes: ",1.5.2\r\n", err: "invalid double"},
	{name: "infinity in full", bytes: ",Infinity\r\n", err: "invalid double"},
	{name: "capital NaN", bytes: ",NaN\r\n", err: "invalid double"},
	{name: "no big number", bytes: "(\r\n", err: "invalid big number"},
	{name: "big number with a letter", bytes: "(12a\r\n", err: "invalid big number"},
	{name: "verbatim string too short", bytes: "=3\r\ntxt\r\n", err: "without its three-letter format"},
	{name: "verbatim string with a colon behind it", bytes: "=1\r\na\r\n:5\r\n", err: "without its three-letter format"},
	{name: "verbatim string without a colon", bytes: "=5\r\nhello\r\n", err: "without its three-letter format"},
	{name: "streamed string", bytes: "$?\r\n;1\r\na\r\n;0\r\n", err: "invalid length"},
	{name: "streamed array", bytes: "*?\r\n:1\r\n.\r\n", err: "invalid count"},
	{name: "streamed map", bytes: "%?\r\n", err: "invalid count"},
	{name: "streamed set", bytes: "~?\r\n", err: "invalid count"},
	{name: "push inside an array", bytes: "*1\r\n>1\r\n:1\r\n", at: 4, err: "push inside another reply"},
	{name: "push behind an attribute", bytes: "|0\r\n>1\r\n:1\r\n", at: 4, err: "push inside another reply"},
	{name: "error inside an array", bytes: "*2\r\n:1\r\n:x\r\n", at: 8, err: "invalid integer"},
	{name: "too few elements", bytes: "*1\r\n\r\n", at: 4, err: `unknown type byte "\r"`},
	{name: "HTTP", bytes: "HTTP/1.1 400 Bad Request\r\n", err: `unknown type byte "H"`},
	{name: "TLS alert", bytes: "\x15\x03\x03\x00\x02\x02\x28", err: `unknown type byte "\x15"`},
	{name: "high byte", bytes: "\xff\r\n", err: `unknown type byte "\xff"`},
	{name: "zero byte", bytes: "\x00", err: `unknown type byte "\x00"`},

	{name: "at the limit: line", frame: 64, bytes: "+" + hundred[:61] + "\r\n", want: text(SimpleString, hundred[:61])},
	{name: "over the limit: line", frame: 64, bytes: "+" + hundred[:62] + "\r\n", err: "over the limit of 64 bytes"},
	{name: "over the limit: line to come", frame: 64, bytes: "+" + hundred[:63], err: "over the limit of 64 bytes"},
	{name: "at the limit: line to come", frame: 64, bytes: "+" + hundred[:62], more: true},
	{name: "at the limit: bulk string", frame: 64, bytes: "$57\r\n" + hundred[:57] + "\r\n", want: bulk(hundred[:57])},
	{name: "over the limit: bulk string", frame: 64, bytes: "$58\r\n", err: "over the limit of 64 bytes"},
	{name: "at the limit: array", frame: 16, bytes: "*4\r\n_\r\n_\r\n_\r\n_\r\n", want: agg(Array, null, null, null, null)},
	{name: "over the limit: array", frame: 15, bytes: "*4\r\n", err: "over the limit of 15 bytes"},
	{name: "at the limit: map", frame: 16, bytes: "%2\r\n_\r\n_\r\n_\r\n_\r\n", want: agg(Map, null, null, null, null)},
	{name: "over the limit: map", frame: 15, bytes: "%2\r\n", err: "over the limit of 15 bytes"},
	{name: "at the limit: bulk element", frame: 16, bytes: "*2\r\n:1\r\n$2\r\nab\r\n", want: agg(Array, num(1), bulk("ab"))},
	{name: "over the limit: bulk element", frame: 16, bytes: "*2\r\n:1\r\n$3\r\n", at: 8, err: "over the limit of 16 bytes"},
	{name: "over the limit: line of an element", frame: 16, bytes: "*2\r\n:1\r\n:123456\r\n", at: 8, err: "over the limit of 16 bytes"},
	{name: "one byte is allowed", frame: 1, bytes: "+", err: "over the limit of 1 bytes"},
	{name: "at the default depth", bytes: strings.Repeat("*1\r\n", DefaultMaxDepth) + ":1\r\n", want: nested(DefaultMaxDepth)},
	{name: "over the default depth", bytes: strings.Repeat("*1\r\n", DefaultMaxDepth+1), at: 4 * DefaultMaxDepth, err: "nested deeper than 128 levels"},
	{name: "2 MB of nested arrays", bytes: strings.Repeat("*1\r\n", 1<<19), at: 4 * DefaultMaxDepth, err: "nested deeper than 128 levels"},
	{name: "at a depth of two", depth: 2, bytes: "*1\r\n~1\r\n:1\r\n", want: agg(Array, agg(Set, num(1)))},
	{name: "over a depth of two", depth: 2, bytes: "*1\r\n%1\r\n:1\r\n*0\r\n", at: 12, err: "nested deeper than 2 levels"},
	{name: "depth of attributes", depth: 2, bytes: "*1\r\n|1\r\n:1\r\n|0\r\n:1\r\n:1\r\n", at: 12, err: "nested deeper than 2 levels"},
	{name: "attributes in a row are not deep", depth: 1, bytes: strings.Repeat("|0\r\n", 50) + ":1\r\n", want: num(1)},
}

// accepted returns the rows that are whole frames.
func accepted() (rows []frameCase) {
	for _, c := range frames {
		if c.err == "" && !c.more {
			rows = append(rows, c)
		}
	}
	return rows
}

// forEachFrame runs f for every row.
func forEachFrame(t *testing.T, rows []frameCase, f func(t *testing.T, c frameCase)) {
	t.Helper()
	for _, c := range rows {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f(t, c)
		})
	}
}
