package frames

import "strings"

// large are hostile replies that a table cannot hold. All leaves them out.
var large = []Frame{
	{Name: "600,000 arrays inside one another", Unit: "*1\r\n", Times: 600_000, At: 4 * defaultDepth, Err: tooDeep},
	{Name: "600,000 maps inside one another", Unit: "%1\r\n:1\r\n", Times: 600_000, At: 8 * defaultDepth, Err: tooDeep},
	{Name: "600,000 attributes inside one another", Unit: "|1\r\n", Times: 600_000, At: 4 * defaultDepth, Err: tooDeep},
	{Name: "a line of 300 MB", Bytes: "+", Unit: strings.Repeat("x", 1<<20), Times: 300, Err: overMax},
	{Name: "a number of 300 MB", Bytes: "(", Unit: strings.Repeat("7", 1<<20), Times: 300, Err: overMax},
	{Name: "a length of 300 MB", Bytes: "$", Unit: strings.Repeat("0", 1<<20), Times: 300, Err: "line too long"},
	{Name: "600,000 streamed arrays inside one another", Unit: "*?\r\n", Times: 600_000, At: 4 * defaultDepth, Err: tooDeep},
	{Name: "600,000 streamed maps inside one another", Unit: "%?\r\n", Times: 600_000, At: 4 * defaultDepth, Err: tooDeep},
}

// bulky are replies within the default limits, all there, of which a decoder that is not careful makes many times the memory they arrived in.
var bulky = []Frame{
	{Name: "22 million nulls", Bytes: "*22369600\r\n", Unit: "_\r\n", Times: 22_369_600},
	{Name: "16 million integers", Bytes: "*16777200\r\n", Unit: ":1\r\n", Times: 16_777_200},
	{Name: "16 million empty arrays", Bytes: "*16777200\r\n", Unit: "*0\r\n", Times: 16_777_200},
	{Name: "9 million chunks of a byte", Bytes: "$?\r\n", Unit: ";1\r\na\r\n", Times: 9_586_970, More: true},
	{Name: "16 million empty attributes", Unit: "|0\r\n", Times: 16_777_200, More: true},
	{Name: "64 MB of an error", Bytes: "-ERR '", Unit: "'x' ", Times: 16_777_000, More: true},
}
