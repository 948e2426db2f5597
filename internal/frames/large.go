package frames

import "strings"

var megabyte = strings.Repeat("7", 1<<20)

// deep are replies nested deeper than any is. What recurses into them may not come back.
var deep = []Frame{
	{Name: "600,000 arrays inside one another", Unit: "*1\r\n", Times: 600_000, Tail: ":1\r\n", At: 4 * defaultDepth, Err: tooDeep},
	{Name: "6 million arrays inside one another", Unit: "*1\r\n", Times: 6_000_000, Tail: ":1\r\n", At: 4 * defaultDepth, Err: tooDeep},
	{Name: "600,000 maps inside one another", Unit: "%1\r\n+k\r\n", Times: 600_000, Tail: ":1\r\n", At: 8 * defaultDepth, Err: tooDeep},
	{Name: "600,000 attributes inside one another", Unit: "|1\r\n", Times: 600_000, At: 4 * defaultDepth, Err: tooDeep},
	{Name: "600,000 streamed arrays inside one another", Unit: "*?\r\n", Times: 600_000, At: 4 * defaultDepth, Err: tooDeep},
	{Name: "600,000 streamed maps inside one another", Unit: "%?\r\n+k\r\n", Times: 600_000, At: 8 * defaultDepth, Err: tooDeep},
}

// long are lines longer than a reply may be.
var long = []Frame{
	{Name: "a simple string of 300 MB", Bytes: "+", Unit: megabyte, Times: 300, Err: overMax},
	{Name: "an error of 300 MB", Bytes: "-ERR ", Unit: megabyte, Times: 300, Err: overMax},
	{Name: "a big number of 300 MB", Bytes: "(", Unit: megabyte, Times: 300, Err: overMax},
	{Name: "a length of 300 MB", Bytes: "$", Unit: megabyte, Times: 300, Err: "line too long"},
	{Name: "an integer of 300 MB", Bytes: ":", Unit: megabyte, Times: 300, Err: "line too long"},
}

// bulky are replies within the default limits, all there, of which a decoder that is not careful makes many times the memory they arrived in.
var bulky = []Frame{
	{Name: "22 million nulls", Bytes: "*22369600\r\n", Unit: "_\r\n", Times: 22_369_600},
	{Name: "16 million integers", Bytes: "*16777200\r\n", Unit: ":1\r\n", Times: 16_777_200},
	{Name: "16 million empty arrays", Bytes: "*16777200\r\n", Unit: "*0\r\n", Times: 16_777_200},
	{Name: "9 million chunks of a byte", Bytes: "$?\r\n", Unit: ";1\r\na\r\n", Times: 9_586_900, Tail: ";0\r\n"},
	{Name: "a chunk of 60 MB", Bytes: "$?\r\n;62914560\r\n", Unit: megabyte, Times: 60, Tail: "\r\n;0\r\n"},
	{Name: "chunks of a megabyte", Bytes: "$?\r\n", Unit: ";1048576\r\n" + megabyte + "\r\n", Times: 60, Tail: ";0\r\n"},
	{Name: "22 million streamed nulls", Bytes: "*?\r\n", Unit: "_\r\n", Times: 22_369_600, Tail: ".\r\n"},
	{Name: "16 million attributes in a row", Unit: "|0\r\n", Times: 16_777_200, Tail: ":1\r\n"},
	{Name: "64 MB of an error", Bytes: "-ERR '", Unit: "'x' ", Times: 16_777_200, Tail: "\r\n"},
}
