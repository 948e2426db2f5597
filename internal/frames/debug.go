package frames

const debugPrefix = "DEBUG PROTOCOL "

// debug is what Redis from 7.0 on and Valkey answer to DEBUG PROTOCOL in RESP3, to the byte; the tests against real servers compare. (Redis 6.0
// writes the double with more digits.) A push is followed by the reply that the command owes.
var debug = []Frame{
	{Name: "DEBUG PROTOCOL string", Bytes: "$11\r\nHello World\r\n", Want: Bulk("Hello World")},
	{Name: "DEBUG PROTOCOL integer", Bytes: ":12345\r\n", Want: Int("12345")},
	{Name: "DEBUG PROTOCOL double", Bytes: ",3.141\r\n", Want: One(',', "3.141")},
	{Name: "DEBUG PROTOCOL null", Bytes: "_\r\n", Want: Null},
	{Name: "DEBUG PROTOCOL array", Bytes: "*3\r\n:0\r\n:1\r\n:2\r\n", Want: Agg('*', Int("0"), Int("1"), Int("2"))},
	{Name: "DEBUG PROTOCOL set", Bytes: "~3\r\n:0\r\n:1\r\n:2\r\n", Want: Agg('~', Int("0"), Int("1"), Int("2"))},
	{Name: "DEBUG PROTOCOL map", Bytes: "%3\r\n:0\r\n#f\r\n:1\r\n#t\r\n:2\r\n#f\r\n", Want: Agg('%', Int("0"), One('#', "f"), Int("1"), One('#', "t"), Int("2"), One('#', "f"))},
	{Name: "DEBUG PROTOCOL attrib", Bytes: "|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n$39\r\nSome real reply following the attribute\r\n", Want: Bulk("Some real reply following the attribute").With(Bulk("key-popularity"), Agg('*', Bulk("key:123"), Int("90")))},
	{Name: "DEBUG PROTOCOL push", Bytes: ">2\r\n$16\r\nserver-cpu-usage\r\n:42\r\n", Want: Agg('>', Bulk("server-cpu-usage"), Int("42"))},
	{Name: "DEBUG PROTOCOL verbatim", Bytes: "=29\r\ntxt:This is a verbatim\nstring\r\n", Want: Verbatim("txt", "This is a verbatim\nstring")},
	{Name: "DEBUG PROTOCOL true", Bytes: "#t\r\n", Want: One('#', "t")},
	{Name: "DEBUG PROTOCOL false", Bytes: "#f\r\n", Want: One('#', "f")},
	{Name: "DEBUG PROTOCOL bignum", Bytes: "(1234567999999999999999999999999999999\r\n", Want: One('(', "1234567999999999999999999999999999999")},
}
