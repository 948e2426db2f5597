package bwstate

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/resp"
)

func TestCountsReadAnyReplies(t *testing.T) {
	for frame, want := range map[string]BadBehaviorResult{
		"*2\r\n:9\r\n:0\r\n":       {Count: 9},
		"*2\r\n:10\r\n:0\r\n":      {Count: 10, Reached: true},
		"*2\r\n:10\r\n:1\r\n":      {Count: 10, Reached: true, Banned: true},
		"*2\r\n:-1\r\n:2\r\n":      {Count: -1, Banned: true, Kept: true},
		"*2\r\n$2\r\n11\r\n:0\r\n": {Count: 11, Reached: true},
	} {
		got, err := New(replies{frame}).IncreaseBadBehavior(t.Context(), loopback, BadBehavior{})
		require.NoError(t, err, "%q", frame)
		require.Equal(t, want, got, "%q", frame)
	}
	for _, frame := range []string{
		"*0\r\n", "*1\r\n:1\r\n", "*3\r\n:1\r\n:0\r\n:0\r\n", "*2\r\n:1\r\n:3\r\n", "*2\r\n:1\r\n:-1\r\n", "*2\r\n:1\r\n+x\r\n", "*2\r\n:1\r\n*0\r\n", ":1\r\n", "_\r\n", "+OK\r\n",
	} {
		got, err := New(replies{frame}).IncreaseBadBehavior(t.Context(), loopback, BadBehavior{WhenAway: LocalWhenAway})
		var e *resp.TypeError
		require.ErrorAs(t, err, &e, "%q, which is no outage", frame)
		require.Zero(t, got)
	}
	for _, frame := range []string{"*1\r\n:1\r\n", "_\r\n", "+x\r\n"} {
		_, err := New(replies{frame}).DecreaseBadBehavior(t.Context(), loopback, BadBehavior{})
		var e *resp.TypeError
		require.ErrorAs(t, err, &e, "%q", frame)
	}
}

// Whose ban it is, is said by the object itself, and not by what it holds, nor by what a text looks like.
func TestWhoseBanItIs(t *testing.T) {
	for value, want := range map[string]bool{
		"bad behavior":                                                        true,
		`{"reason":"bad behavior"}`:                                           true,
		`{"a":"\"{[","reason":"bad behavior"}`:                                true,
		`{"a":"}\\","b":[{}],"reason":"bad behavior"}`:                        true,
		`{"reason_data":[{"reason":"bad behavior"}],"reason":"bad behavior"}`: true,
		"":                           false,
		"bad behavior ":              false,
		`"reason":"bad behavior"`:    false,
		`{"reason": "bad behavior"}`: false,
		`{"reason":"x","reason_data":{"reason":"bad behavior"}}`:        false,
		`{"reason_data":[{"reason":"bad behavior"}],"reason":"x"}`:      false,
		`{"reason":"\"reason\":\"bad behavior\""}`:                      false,
		`{"reason":"x","reason_data":["]}",{"reason":"bad behavior"}]}`: false,
	} {
		require.Equal(t, want, ownBan(value), value)
	}
}
