package frames

import "strings"

// limits are replies at a limit and over it.
var limits = []Frame{
	{Name: "at the limit: line", MaxFrame: 64, Bytes: "+" + hundred[:61] + "\r\n", Want: One('+', hundred[:61])},
	{Name: "over the limit: line", MaxFrame: 64, Bytes: "+" + hundred[:62] + "\r\n", Err: "over the limit of 64 bytes"},
	{Name: "over the limit: line to come", MaxFrame: 64, Bytes: "+" + hundred[:63], Err: "over the limit of 64 bytes"},
	{Name: "at the limit: line to come", MaxFrame: 64, Bytes: "+" + hundred[:62], More: true},
	{Name: "at the limit: bulk string", MaxFrame: 64, Bytes: "$57\r\n" + hundred[:57] + "\r\n", Want: Bulk(hundred[:57])},
	{Name: "over the limit: bulk string", MaxFrame: 64, Bytes: "$58\r\n", Err: "over the limit of 64 bytes"},
	{Name: "at the limit: array", MaxFrame: 16, Bytes: "*4\r\n_\r\n_\r\n_\r\n_\r\n", Want: Agg('*', Null, Null, Null, Null)},
	{Name: "over the limit: array", MaxFrame: 15, Bytes: "*4\r\n", Err: "over the limit of 15 bytes"},
	{Name: "at the limit: map", MaxFrame: 16, Bytes: "%2\r\n_\r\n_\r\n_\r\n_\r\n", Want: Agg('%', Null, Null, Null, Null)},
	{Name: "over the limit: map", MaxFrame: 15, Bytes: "%2\r\n", Err: "over the limit of 15 bytes"},
	{Name: "at the limit: bulk element", MaxFrame: 16, Bytes: "*2\r\n:1\r\n$2\r\nab\r\n", Want: Agg('*', Int("1"), Bulk("ab"))},
	{Name: "over the limit: bulk element", MaxFrame: 16, Bytes: "*2\r\n:1\r\n$3\r\n", At: 8, Err: "over the limit of 16 bytes"},
	{Name: "over the limit: line of an element", MaxFrame: 16, Bytes: "*2\r\n:1\r\n:123456\r\n", At: 8, Err: "over the limit of 16 bytes"},
	{Name: "one byte is allowed", MaxFrame: 1, Bytes: "+", Err: "over the limit of 1 bytes"},
	{Name: "at the default depth", Bytes: strings.Repeat("*1\r\n", defaultDepth) + ":1\r\n", Want: nestedIn(defaultDepth, Int("1"))},
	{Name: "over the default depth", Bytes: strings.Repeat("*1\r\n", defaultDepth+1), At: 4 * defaultDepth, Err: tooDeep},
	{Name: "at a depth of two", MaxDepth: 2, Bytes: "*1\r\n~1\r\n:1\r\n", Want: Agg('*', Agg('~', Int("1")))},
	{Name: "over a depth of two", MaxDepth: 2, Bytes: "*1\r\n%1\r\n:1\r\n*0\r\n", At: 12, Err: "nested deeper than 2 levels"},
	{Name: "depth of attributes", MaxDepth: 2, Bytes: "*1\r\n|1\r\n:1\r\n|0\r\n:1\r\n:1\r\n", At: 12, Err: "nested deeper than 2 levels"},
	{Name: "attributes in a row are not deep", MaxDepth: 1, Bytes: strings.Repeat("|0\r\n", 50) + ":1\r\n", Want: Int("1")},

	{Name: "at the limit: elements", MaxElements: 3, Bytes: "*3\r\n:1\r\n:2\r\n:3\r\n", Want: Agg('*', Int("1"), Int("2"), Int("3"))},
	{Name: "over the limit: elements", MaxElements: 2, Bytes: "*3\r\n", Err: "over the limit of 2 elements"},
	{Name: "over the limit: elements of a map", MaxElements: 3, Bytes: "%2\r\n", Err: "over the limit of 3 elements"},
	{Name: "over the limit: elements in all", MaxElements: 3, Bytes: "*2\r\n:1\r\n~2\r\n", At: 8, Err: "over the limit of 3 elements"},
	{Name: "over the limit: elements of an attribute", MaxElements: 3, Bytes: "|2\r\n", Err: "over the limit of 3 elements"},
	{Name: "single values are no elements", MaxElements: 1, Bytes: "$1\r\na\r\n", Want: Bulk("a")},
}
