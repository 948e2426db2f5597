package frames

// partial are the beginnings of replies.
var partial = []Frame{
	{Name: "nothing", Bytes: "", More: true},
	{Name: "kind only", Bytes: "$", More: true},
	{Name: "half a header", Bytes: "$1", More: true},
	{Name: "header without its LF", Bytes: "$1\r", More: true},
	{Name: "bulk string without its CRLF", Bytes: "$1\r\na", More: true},
	{Name: "bulk string without its LF", Bytes: "$1\r\na\r", More: true},
	{Name: "array without its last element", Bytes: "*2\r\n:1\r\n", More: true},
	{Name: "attribute without its value", Bytes: "|1\r\n+a\r\n:1\r\n", More: true},
	{Name: "array that ends in an attribute", Bytes: "*1\r\n|1\r\n+a\r\n:1\r\n", More: true},
	{Name: "verbatim string without its text", Bytes: "=5\r\ntxt:", More: true},
}
