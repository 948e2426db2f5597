package resp

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/internal/frames"
)

func TestValueString(t *testing.T) {
	t.Parallel()
	for frame, want := range map[string]string{
		"_\r\n":                             `null`,
		"$-1\r\n":                           `null`,
		"+OK\r\n":                           `OK`,
		"+a b\r\n":                          `a b`,
		"+a\x1b[31mb\r\n":                   `"a\x1b[31mb"`,
		"$2\r\nOK\r\n":                      `"OK"`,
		"$4\r\n\"\n\x00\xff\r\n":            `"\"\n\x00\xff"`,
		"=7\r\ntxt:abc\r\n":                 `"abc"`,
		":-7\r\n":                           `-7`,
		"#t\r\n":                            `true`,
		"#f\r\n":                            `false`,
		",1.50\r\n":                         `1.50`,
		",inf\r\n":                          `inf`,
		"(123456789012345678901234\r\n":     `123456789012345678901234`,
		"*0\r\n":                            `[]`,
		"*3\r\n:1\r\n*1\r\n+a\r\n_\r\n":     `[1, [a], null]`,
		"~2\r\n:1\r\n:2\r\n":                `{1, 2}`,
		">2\r\n+message\r\n$1\r\nx\r\n":     `[message, "x"]`,
		"%2\r\n+a\r\n:1\r\n:2\r\n%0\r\n":    `{a: 1, 2: {}}`,
		"-ERR no\r\n":                       `error(ERR no)`,
		"!7\r\nERR\r\nno\r\n":               `error(ERR  no)`,
		"*1\r\n-ERR option 'hunter2'\r\n":   `[error(ERR option [hidden])]`,
		"|1\r\n+hidden\r\n:1\r\n+shown\r\n": `shown`,
		"*2\r\n|0\r\n:1\r\n|1\r\n:2\r\n:3\r\n:4\r\n":                      `[1, 4]`,
		"$?\r\n;1\r\na\r\n;1\r\nb\r\n;0\r\n":                              `"ab"`,
		"%?\r\n+a\r\n*?\r\n:1\r\n~?\r\n.\r\n.\r\n+b\r\n$?\r\n;0\r\n.\r\n": `{a: [1, {}], b: ""}`,
	} {
		v := replyTo(frame).Value()
		require.Equal(t, want, v.String())
		require.Equal(t, "resp.Value{"+want+"}", fmt.Sprintf("%#v", v))
		require.Equal(t, want+" "+want, fmt.Sprintf("%v %+v", v, v))
		require.NotContains(t, v.String(), "\n")
	}
}

func TestValuePairs(t *testing.T) {
	t.Parallel()
	collect := func(v Value) (got []string) {
		for key, val := range v.Pairs() {
			got = append(got, key.String()+"="+val.String())
		}
		return got
	}
	want := []string{"a=1", "b=2"}
	require.Equal(t, want, collect(replyTo("%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n").Value()))
	require.Equal(t, want, collect(replyTo("*4\r\n+a\r\n:1\r\n+b\r\n:2\r\n").Value()))
	for _, frame := range []string{"*0\r\n", "%0\r\n", "*1\r\n:1\r\n", "~2\r\n:1\r\n:2\r\n", ">2\r\n+a\r\n:2\r\n", "_\r\n", ":1\r\n"} {
		require.Empty(t, collect(replyTo(frame).Value()), frame)
	}
	for key := range replyTo("%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n").Value().Pairs() {
		require.Equal(t, "a", key.String())
		break
	}
}

func TestValueElems(t *testing.T) {
	t.Parallel()
	show := func(frame string) string { return fmt.Sprint(replyTo(frame).Value().Elems()) }
	require.Equal(t, "[a 1]", show("%1\r\n+a\r\n:1\r\n"))
	require.Equal(t, "[1]", show("~1\r\n:1\r\n"))
	require.Equal(t, "[1]", show("*?\r\n:1\r\n.\r\n"))
	require.Equal(t, `[["b"] "c"]`, show("*2\r\n*1\r\n$1\r\nb\r\n$1\r\nc\r\n"))
	for _, frame := range []string{"*0\r\n", "*?\r\n.\r\n", "_\r\n", "+a\r\n"} {
		require.Empty(t, replyTo(frame).Value().Elems())
		require.Zero(t, replyTo(frame).Value().Len())
	}
	for e := range replyTo("*2\r\n:1\r\n:2\r\n").Value().All() {
		require.Equal(t, "1", e.String())
		break
	}
}

func TestValueKinds(t *testing.T) {
	t.Parallel()
	require.True(t, Value{}.IsNull())
	require.Equal(t, Null, Value{}.Kind())
	require.NoError(t, Value{}.Err())
	for _, c := range frames.Whole() {
		v := replyTo(c.Bytes).Value()
		require.Equal(t, v.Kind() == Null, v.IsNull(), c.Name)
		require.Equal(t, v.Kind().isError(), v.Err() != nil, c.Name)
	}
	require.Equal(t, &Error{Message: "ERR no"}, replyTo("-ERR no\r\n").Value().Err())
}

// What no Scanner accepted yields the same, however it is asked for.
func TestValueOfAnUnscannedKey(t *testing.T) {
	t.Parallel()
	v := replyTo("%1\r\n:x\r\n:1\r\n").Value()
	for range v.All() {
		t.Fatal("the key is no integer")
	}
	for range v.Pairs() {
		t.Fatal("the key is no integer")
	}
}

// A Value shares nothing with the frame it was read from.
func TestValueIsOwned(t *testing.T) {
	t.Parallel()
	forEachFrame(t, frames.Whole(), func(t *testing.T, c frames.Frame) {
		frame := []byte(c.Bytes)
		var r Reply
		r.Reset(frame)
		v := r.Value()
		for i := range frame {
			frame[i] = '!'
		}
		require.Equal(t, c.Want.Bare(), nodeOf(t, v))
	})
}

func TestKindNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range frames.Whole() {
		seen[replyTo(c.Bytes).Kind().String()] = true
	}
	require.Len(t, seen, 14, "all kinds but attribute, which no cursor shows")
	for k := range seen {
		require.NotContains(t, k, "unknown")
	}
	require.Equal(t, "attribute", Attribute.String())
	require.Equal(t, "nothing", Kind(0).String())
	require.Equal(t, "unknown type", Kind('x').String())
	require.Equal(t, strings.ToLower(BulkString.String()), BulkString.String())
}
