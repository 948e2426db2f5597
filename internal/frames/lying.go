package frames

import "strings"

// lying are replies whose lengths, counts and numbers cannot be true, or are larger than a reply may be.
var lying = []Frame{
	{Name: "length of minus two", Bytes: "$-2\r\n", Err: "invalid length of a bulk string"},
	{Name: "count of minus two", Bytes: "*-2\r\n", Err: "invalid count of an array"},
	{Name: "length 2^63", Bytes: "$9223372036854775808\r\n", Err: "invalid length"},
	{Name: "length 2^63-1", Bytes: "$9223372036854775807\r\n", Err: "invalid length"},
	{Name: "length 2^63-10", Bytes: "$9223372036854775798\r\n", Err: overInt},
	{Name: "length 2^64+3", Bytes: "$18446744073709551619\r\nfoo\r\n", Err: "invalid length"},
	{Name: "length 2^64+1", Bytes: "$18446744073709551617\r\na\r\n", Err: "invalid length"},
	{Name: "length of 2 GB", Bytes: "$2147483000\r\n", Err: overMax},
	{Name: "count of 10^15", Bytes: "*1000000000000000\r\n", Err: overInt},
	{Name: "count 2^31-1", Bytes: "*2147483647\r\n", Err: overInt},
	{Name: "count of 50 million", Bytes: "*50000000\r\n:1\r\n", Err: overMax},
	{Name: "count 2^62 of pairs", Bytes: "%4611686018427387904\r\n", Err: overInt},
	{Name: "count of 12 million pairs", Bytes: "%12000000\r\n", Err: overMax},
	{Name: "count 2^64+1", Bytes: "*18446744073709551617\r\n:1\r\n", Err: "invalid count"},
}

// stalls are beginnings of replies within the limits that never go on: what is allocated for them was never sent.
var stalls = []Frame{
	{Name: "64 MB announced, none sent", Bytes: "$67108850\r\n", More: true, Stalls: true},
	{Name: "22 million elements announced, one sent", Bytes: "*22369600\r\n:1\r\n", More: true, Stalls: true},
	{Name: "11 million pairs announced, none sent", Bytes: "%11184800\r\n", More: true, Stalls: true},
	{Name: "counts that multiply", Bytes: strings.Repeat("*10000\r\n", defaultDepth), More: true, Stalls: true},
}
