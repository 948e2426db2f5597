package main

import (
	"strconv"
	"strings"
)

// A Frame is what a hostile server answers: Bytes, then Repeat as often as Times says, then Suffix. A long frame is never in memory as a whole.
type Frame struct {
	Name, Bytes string
	Repeat      string
	Times       int
	Suffix      string
	Close       bool // the server closes at once instead of saying nothing for a while
}

// corpus returns the frames, in the order of the table's rows. Their names are unique.
func corpus() []Frame { return frames }

var frames = []Frame{
	{Name: "length of minus two", Bytes: "$-2\r\n"},
	{Name: "count of minus two", Bytes: "*-2\r\n"},
	{Name: "length 2^63", Bytes: "$9223372036854775808\r\n"},
	{Name: "length 2^63-1", Bytes: "$9223372036854775807\r\n"},
	{Name: "length 2^64+1", Bytes: "$18446744073709551617\r\na\r\n"},
	{Name: "length 2^64+3", Bytes: "$18446744073709551619\r\nfoo\r\n"},
	{Name: "length of 2 GB", Bytes: "$2147483000\r\n"},
	{Name: "count of 10^15", Bytes: "*1000000000000000\r\n"},
	{Name: "count 2^31-1", Bytes: "*2147483647\r\n:1\r\n"},
	{Name: "count of 50 million", Bytes: "*50000000\r\n:1\r\n"},
	{Name: "count 2^62 of pairs", Bytes: "%4611686018427387904\r\n"},
	{Name: "array that stays short", Bytes: "*3\r\n:1\r\n", Close: true},
	{Name: "integer 2^63", Bytes: ":9223372036854775808\r\n"},
	{Name: "no integer", Bytes: ":\r\n"},
	{Name: "integer with a letter", Bytes: ":12a\r\n"},
	{Name: "bulk string longer than its length", Bytes: "$3\r\nfooXY"},
	{Name: "verbatim string shorter than its format", Bytes: "=1\r\na\r\n"},
	{Name: "null with text", Bytes: "_xx\r\n"},
	{Name: "boolean that is neither", Bytes: "#x\r\n"},
	{Name: "double without its exponent", Bytes: ",1e\r\n"},
	{Name: "big number with a letter", Bytes: "(12a\r\n"},
	{Name: "LF alone", Bytes: "+OK\n"},
	{Name: "push inside an array", Bytes: "*1\r\n>1\r\n:1\r\n"},
	{Name: "streamed string of 2^63-1", Bytes: "$?\r\n;9223372036854775807\r\n"},
	{Name: "streamed map without its last value", Bytes: "%?\r\n+a\r\n.\r\n"},
	{Name: "HTTP", Bytes: "HTTP/1.1 400 Bad Request\r\n"},
	{Name: "TLS alert", Bytes: "\x15\x03\x03\x00\x02\x02\x28"},

	{Name: "nested arrays", Repeat: "*1\r\n", Times: 600_000, Suffix: ":1\r\n"},
	{Name: "nested arrays, ten times as deep", Repeat: "*1\r\n", Times: 6_000_000, Suffix: ":1\r\n"},
	{Name: "nested maps", Repeat: "%1\r\n+k\r\n", Times: 600_000, Suffix: ":1\r\n"},
	{Name: "nested streamed arrays", Repeat: "*?\r\n", Times: 600_000},
	{Name: "attributes in attributes", Repeat: "|1\r\n", Times: 600_000},
	{Name: "attributes in a row", Repeat: "|0\r\n", Times: 600_000, Suffix: ":1\r\n"},
	{Name: "line of 300 MB", Bytes: "+", Repeat: "xxxxxxxxxx", Times: 30_000_000},
	{Name: "16 million integers, all there", Bytes: "*16000000\r\n", Repeat: ":1\r\n", Times: 16_000_000},
	{Name: "22 million nulls, all there", Bytes: "*22369600\r\n", Repeat: "_\r\n", Times: 22_369_600},
}

const maxShown = 40 // bytes of a frame in the table

// shown is the frame in Go's notation, with the middle left out where it is long.
func (f Frame) shown() string {
	var parts []string
	if f.Bytes != "" {
		parts = append(parts, code(f.Bytes))
	}
	if f.Times > 0 {
		parts = append(parts, strconv.Itoa(f.Times)+" × "+code(f.Repeat))
	}
	if f.Suffix != "" {
		parts = append(parts, code(f.Suffix))
	}
	text := strings.Join(parts, ", ")
	if f.Close {
		text += ", then closed"
	}
	return text
}

// code is the beginning of what is on the wire, for a cell.
func code(s string) string {
	quoted := strconv.QuoteToASCII(shorten(s, maxShown))
	return span(quoted[1 : len(quoted)-1])
}

// span escapes bars, which would end a cell even in a code span. Nothing shown here contains a backquote.
func span(s string) string { return "`" + strings.ReplaceAll(s, "|", `\|`) + "`" }

func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return s[:limit] + "..."
}
