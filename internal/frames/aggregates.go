package frames

import "strings"

// aggregates are values that hold others, and attributes.
var aggregates = []Frame{
	{Name: "array", Bytes: "*3\r\n:1\r\n+two\r\n$5\r\nthree\r\n", Want: Agg('*', Int("1"), One('+', "two"), Bulk("three"))},
	{Name: "empty array", Bytes: "*0\r\n", Want: Agg('*')},
	{Name: "array with nulls", Bytes: "*3\r\n$-1\r\n*-1\r\n_\r\n", Want: Agg('*', Null, Null, Null)},
	{Name: "array of arrays", Bytes: "*2\r\n*1\r\n:1\r\n*2\r\n*0\r\n:2\r\n", Want: Agg('*', Agg('*', Int("1")), Agg('*', Agg('*'), Int("2")))},
	{Name: "array of ten", Bytes: "*10\r\n" + strings.Repeat(":1\r\n", 10), Want: Agg('*', Int("1"), Int("1"), Int("1"), Int("1"), Int("1"), Int("1"), Int("1"), Int("1"), Int("1"), Int("1"))},
	{Name: "reply to EXEC", Bytes: "*3\r\n+OK\r\n-ERR no\r\n*1\r\n$1\r\na\r\n", Want: Agg('*', One('+', "OK"), One('-', "ERR no"), Agg('*', Bulk("a")))},
	{Name: "map", Bytes: "%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n:2\r\n", Want: Agg('%', One('+', "a"), Int("1"), One('+', "b"), Agg('*', Int("2")))},
	{Name: "empty map", Bytes: "%0\r\n", Want: Agg('%')},
	{Name: "map with array keys", Bytes: "%1\r\n*1\r\n:1\r\n%1\r\n:2\r\n:3\r\n", Want: Agg('%', Agg('*', Int("1")), Agg('%', Int("2"), Int("3")))},
	{Name: "set", Bytes: "~2\r\n$1\r\na\r\n#t\r\n", Want: Agg('~', Bulk("a"), One('#', "t"))},
	{Name: "empty set", Bytes: "~0\r\n", Want: Agg('~')},
	{Name: "push", Bytes: ">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n", Want: Agg('>', One('+', "invalidate"), Agg('*', Bulk("k")))},
	{Name: "push with a null", Bytes: ">2\r\n$10\r\ninvalidate\r\n_\r\n", Want: Agg('>', Bulk("invalidate"), Null)},
	{Name: "reply to HELLO", Bytes: "%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nmodules\r\n*0\r\n", Want: Agg('%', Bulk("server"), Bulk("redis"), Bulk("modules"), Agg('*'))},
	{Name: "reply to ZRANGE WITHSCORES", Bytes: "*2\r\n*2\r\n$1\r\na\r\n,1.5\r\n*2\r\n$1\r\nb\r\n,2\r\n", Want: Agg('*', Agg('*', Bulk("a"), One(',', "1.5")), Agg('*', Bulk("b"), One(',', "2")))},
	{Name: "reply to XREAD", Bytes: "%1\r\n$1\r\nx\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n", Want: Agg('%', Bulk("x"), Agg('*', Agg('*', Bulk("1-1"), Agg('*', Bulk("f"), Bulk("v")))))},
	{Name: "attribute that ends in a stream", Bytes: "|1\r\n+a\r\n*?\r\n.\r\n-ERR no\r\n", Want: One('-', "ERR no").With(One('+', "a"), Agg('*'))},
	{Name: "attribute", Bytes: "|1\r\n+ttl\r\n:9\r\n$1\r\nv\r\n", Want: Bulk("v").With(One('+', "ttl"), Int("9"))},
	{Name: "empty attribute", Bytes: "|0\r\n:1\r\n", Want: Int("1")},
	{Name: "attributes in a row", Bytes: "|0\r\n|1\r\n+a\r\n:1\r\n|0\r\n_\r\n", Want: Null.With(One('+', "a"), Int("1"))},
	{Name: "attribute before an error", Bytes: "|1\r\n+a\r\n:1\r\n-ERR no\r\n", Want: One('-', "ERR no").With(One('+', "a"), Int("1"))},
	{Name: "attribute inside an array", Bytes: "*2\r\n:1\r\n|1\r\n+a\r\n*1\r\n:5\r\n:2\r\n", Want: Agg('*', Int("1"), Int("2").With(One('+', "a"), Agg('*', Int("5"))))},
	{Name: "attribute inside an attribute", Bytes: "|1\r\n|1\r\n+x\r\n:1\r\n+a\r\n|0\r\n%1\r\n:2\r\n:3\r\n:4\r\n", Want: Int("4").With(One('+', "a").With(One('+', "x"), Int("1")), Agg('%', Int("2"), Int("3")))},
	{Name: "attribute on a map value", Bytes: "%1\r\n+k\r\n|1\r\n+a\r\n:1\r\n+v\r\n", Want: Agg('%', One('+', "k"), One('+', "v").With(One('+', "a"), Int("1")))},
	{Name: "request", Bytes: "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", Want: Agg('*', Bulk("GET"), Bulk("k"))},
}
