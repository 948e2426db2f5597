package resp

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/internal/frames"
)

func TestReplyReadsEveryFrame(t *testing.T) {
	t.Parallel()
	forEachFrame(t, frames.Whole(), func(t *testing.T, c frames.Frame) {
		r := replyTo(c.Bytes)
		require.Equal(t, c.Want, nodeFrom(t, r), "by methods, attributes included")
		requireAtEnd(t, r)

		r = replyTo(c.Bytes)
		require.Equal(t, c.Want.Kind, byte(r.Kind()))
		require.Equal(t, c.Want.Bare(), nodeOf(t, r.Value()), "by Value")
		requireAtEnd(t, r)

		r = replyTo(c.Bytes)
		raw := r.Raw()
		require.True(t, len(raw) > 0 && c.Bytes[len(c.Bytes)-len(raw):] == string(raw), "by Raw")
		require.Equal(t, len(raw), cap(raw))
		require.NotEqual(t, byte(Attribute), raw[0])
		require.Equal(t, c.Want.Bare(), nodeOf(t, replyTo(string(raw)).Value()))
		requireAtEnd(t, r)

		r = replyTo(c.Bytes)
		r.Skip()
		requireAtEnd(t, r)
	})
}

// Each element is passed by each of the methods that pass anything.
func TestReplyPassesEveryElement(t *testing.T) {
	t.Parallel()
	forEachFrame(t, frames.Whole(), func(t *testing.T, c frames.Frame) {
		for name, pass := range map[string]func(r *Reply){
			"Skip":  (*Reply).Skip,
			"Raw":   func(r *Reply) { r.Raw() },
			"Value": func(r *Reply) { r.Value() },
		} {
			r := replyTo(c.Bytes)
			if !r.Kind().isAggregate() {
				return
			}
			require.Equal(t, r.Value().Len(), len(c.Want.Elems))
			r.Reset(r.buf)
			for range r.Array() {
				pass(r)
			}
			require.NoError(t, r.Err(), name)
			requireAtEnd(t, r)
		}
	})
}

func TestReplyAttributes(t *testing.T) {
	t.Parallel()
	const frame = "|1\r\n+ttl\r\n:9\r\n|0\r\n|2\r\n+a\r\n:1\r\n+b\r\n:2\r\n*2\r\n|1\r\n+c\r\n:3\r\n$1\r\nv\r\n$1\r\nw\r\n"
	r := replyTo(frame)
	require.Equal(t, Array, r.Kind(), "looking at the value does not pass its attributes")
	require.Equal(t, 1, r.Attributes())
	require.Equal(t, "ttl", r.Text())
	require.EqualValues(t, 9, r.Int())
	require.Equal(t, 2, r.Attributes())
	for range 4 {
		r.Skip()
	}
	require.Zero(t, r.Attributes())
	require.Equal(t, 2, r.Array())
	require.Equal(t, 1, r.Attributes())
	require.Equal(t, "c", r.Text())
	require.EqualValues(t, 3, r.Int())
	require.Equal(t, "v", r.Text())
	require.Zero(t, r.Attributes())
	require.Equal(t, "w", r.Text())
	requireAtEnd(t, r)

	r = replyTo("|1\r\n+a\r\n:1\r\n-ERR no\r\n")
	require.Equal(t, 1, r.Attributes())
	r.Skip()
	r.Skip()
	require.Equal(t, &Error{Message: "ERR no"}, r.Err(), "the error behind the attributes is the reply")
}

func TestReplyFormat(t *testing.T) {
	t.Parallel()
	for frame, want := range map[string]string{
		"=7\r\ntxt:abc\r\n":                "txt",
		"=4\r\nmkd:\r\n":                   "mkd",
		"=5\r\nxml:<\r\n":                  "xml",
		"|1\r\n+a\r\n:1\r\n=4\r\ntxt:\r\n": "txt",
		"$7\r\ntxt:abc\r\n":                "",
		"_\r\n":                            "",
		"":                                 "",
		"=2\r\nab\r\n":                     "",
	} {
		r := replyTo(frame)
		require.Equal(t, want, r.Format(), "%q", frame)
		require.Equal(t, want, r.Format(), "it does not move")
		require.Equal(t, want, r.Value().Format())
	}
}

func TestReplyAppendTo(t *testing.T) {
	t.Parallel()
	require.Equal(t, "key:value", string(replyTo("$5\r\nvalue\r\n").AppendTo([]byte("key:"))))
	require.Equal(t, "key:value", string(replyTo("+value\r\n").AppendTo([]byte("key:"))))
	require.Equal(t, "key:value", string(replyTo("$?\r\n;3\r\nval\r\n;2\r\nue\r\n;0\r\n").AppendTo([]byte("key:"))))
	require.Equal(t, "key:", string(replyTo("_\r\n").AppendTo([]byte("key:"))))
	require.Nil(t, replyTo("_\r\n").AppendTo(nil))
	r := replyTo("*2\r\n$?\r\n;1\r\na\r\n;0\r\n:1\r\n")
	r.Array()
	require.Equal(t, "a", string(r.AppendTo(nil)))
	require.EqualValues(t, 1, r.Int())
}

// A streamed string that came in one piece is borrowed, like any other.
func TestReplyBorrowsASingleChunk(t *testing.T) {
	t.Parallel()
	r := replyTo("$?\r\n;5\r\nhello\r\n;0\r\n")
	b := r.Bytes()
	require.Equal(t, "hello", string(b))
	requireInside(t, r.buf, b)
	requireAtEnd(t, r)
}

func TestReplyErrorSticks(t *testing.T) {
	t.Parallel()
	for _, rest := range []string{"+two\r\n", "%0\r\n"} {
		r := replyTo("*3\r\n:1\r\n" + rest + ":3\r\n")
		require.Equal(t, 3, r.Array())
		require.EqualValues(t, 1, r.Int())
		require.Zero(t, r.Int())
		first := r.Err()
		require.Equal(t, &TypeError{Want: "integer", Got: Kind(rest[0])}, first)
		pos := r.pos
		require.Zero(t, r.Kind())
		require.False(t, r.Null())
		require.Nil(t, r.ErrorReply())
		require.Zero(t, r.Int())
		require.Zero(t, r.Float())
		require.False(t, r.Bool())
		require.Nil(t, r.Bytes())
		require.Empty(t, r.Text())
		require.Empty(t, r.Format())
		require.Empty(t, r.AppendTo(nil))
		require.Zero(t, r.Array())
		require.Zero(t, r.Pairs())
		require.Zero(t, r.Attributes())
		require.Nil(t, r.Raw())
		require.Zero(t, r.Value())
		r.Pair()
		r.Skip()
		require.Equal(t, pos, r.pos)
		require.Same(t, first, r.Err())

		r.Reset([]byte(":4\r\n"))
		require.NoError(t, r.Err())
		require.EqualValues(t, 4, r.Int())
	}
}

// The short ways into integers and bulk strings stick to an error too.
func TestReplyErrorSticksBeforePlainValues(t *testing.T) {
	t.Parallel()
	r := replyTo(":4\r\n")
	require.Zero(t, r.Array())
	require.Error(t, r.Err())
	require.Zero(t, r.Int())

	r = replyTo("$1\r\na\r\n")
	require.Zero(t, r.Int())
	require.Error(t, r.Err())
	require.Nil(t, r.Bytes())
	require.Nil(t, r.AppendTo(nil))
}

func TestReplyToAnError(t *testing.T) {
	t.Parallel()
	for _, frame := range []string{"-ERR no\r\n", "!6\r\nERR no\r\n", "|1\r\n+a\r\n:1\r\n-ERR no\r\n", "|0\r\n|0\r\n-ERR no\r\n"} {
		want := &Error{Message: "ERR no"}
		require.Equal(t, want, replyTo(frame).Err())

		r := replyTo(frame)
		require.True(t, r.Kind().isError())
		require.Equal(t, want, r.Err())
		require.Nil(t, r.ErrorReply())

		r = replyTo(frame)
		require.Equal(t, want, r.ErrorReply())
		requireAtEnd(t, r)

		r = replyTo(frame)
		require.Zero(t, r.Int())
		require.Equal(t, want, r.Err())

		r = replyTo(frame)
		r.Skip()
		requireAtEnd(t, r)
	}
}

func TestReplyErrorInsideAnArray(t *testing.T) {
	t.Parallel()
	r := replyTo("*3\r\n-ERR a\r\n|0\r\n-ERR b\r\n-ERR c\r\n")
	require.Equal(t, 3, r.Array())
	require.NoError(t, r.Err(), "only an error at the start is the reply")
	require.Equal(t, "ERR a", r.ErrorReply().Message)
	require.NoError(t, r.Err())
	require.Equal(t, "-ERR b\r\n", string(r.Raw()))
	require.Empty(t, r.Text())
	require.Equal(t, &Error{Message: "ERR c"}, r.Err())
}

// A pair of RESP3 is one of RESP2 in one of two forms; the same code reads all of them.
func TestReplyPairs(t *testing.T) {
	t.Parallel()
	for _, frame := range []string{
		"%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n",
		"%?\r\n+a\r\n:1\r\n+b\r\n:2\r\n.\r\n",
		"*4\r\n+a\r\n:1\r\n+b\r\n:2\r\n",
		"*?\r\n+a\r\n:1\r\n+b\r\n:2\r\n.\r\n",
		"*2\r\n*2\r\n+a\r\n:1\r\n*2\r\n+b\r\n:2\r\n",
		"*2\r\n*?\r\n+a\r\n:1\r\n.\r\n*2\r\n+b\r\n:2\r\n",
		"|1\r\n+x\r\n+y\r\n*4\r\n+a\r\n:1\r\n|0\r\n+b\r\n:2\r\n",
		"|1\r\n+x\r\n+y\r\n*2\r\n|0\r\n*2\r\n|0\r\n+a\r\n:1\r\n*2\r\n|0\r\n+b\r\n:2\r\n",
	} {
		r := replyTo(frame)
		got := map[string]int64{}
		for n := r.Pairs(); n > 0; n-- {
			r.Pair()
			key := r.Text()
			got[key] = r.Int()
		}
		require.Equal(t, map[string]int64{"a": 1, "b": 2}, got, "%q", frame)
		requireAtEnd(t, r)

		fromValue := map[string]int64{}
		for key, val := range replyTo(frame).Value().Pairs() {
			fromValue[key.String()], _ = val.Int()
		}
		require.Equal(t, got, fromValue, "%q", frame)
	}
	for _, frame := range []string{
		"*1\r\n:1\r\n", "~2\r\n:1\r\n:2\r\n", ">2\r\n+a\r\n:2\r\n", "_\r\n", "$1\r\na\r\n",
		"*3\r\n*2\r\n:1\r\n:2\r\n*2\r\n:1\r\n:2\r\n:3\r\n", "*1\r\n*3\r\n:1\r\n:2\r\n:3\r\n", "*1\r\n~2\r\n:1\r\n:2\r\n",
	} {
		r := replyTo(frame)
		require.Zero(t, r.Pairs())
		require.Equal(t, &TypeError{Want: "map", Got: replyTo(frame).Kind()}, r.Err())
		for range replyTo(frame).Value().Pairs() {
			t.Fatal("a Value must not yield what a Reply refuses")
		}
	}
	require.Zero(t, replyTo("*0\r\n").Pairs())
}

// An array of an even number of values, not all of them pairs, is keys and values in turn.
func TestReplyPairsOfArrays(t *testing.T) {
	t.Parallel()
	r := replyTo("*2\r\n*2\r\n:1\r\n:2\r\n+v\r\n")
	require.Equal(t, 1, r.Pairs())
	r.Skip()
	require.Equal(t, "v", r.Text())
	requireAtEnd(t, r)
}

func TestReplyPairDoesNothingElsewhere(t *testing.T) {
	t.Parallel()
	for _, frame := range []string{":1\r\n", "*1\r\n:1\r\n", "*3\r\n:1\r\n:2\r\n:3\r\n", "~2\r\n:1\r\n:2\r\n", "%1\r\n:1\r\n:2\r\n", "$-1\r\n", ""} {
		r := replyTo(frame)
		r.Pair()
		require.Zero(t, r.pos, "%q", frame)
		require.NoError(t, r.Err())
	}
}

func TestReplyArgs(t *testing.T) {
	t.Parallel()
	r := replyTo("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n")
	args := r.Args([][]byte{[]byte("before")})
	requireAtEnd(t, r)
	require.Equal(t, [][]byte{[]byte("before"), []byte("GET"), []byte("k")}, args)
	require.Equal(t, len(args[1]), cap(args[1]))
	require.Empty(t, replyTo("*0\r\n").Args(nil))
	for frame, want := range map[string]*TypeError{
		"":                              {Want: "array"},
		"$1\r\na\r\n":                   {Want: "array", Got: BulkString},
		"-ERR no\r\n":                   {Want: "array", Got: SimpleError},
		"~1\r\n$1\r\na\r\n":             {Want: "array", Got: Set},
		"|0\r\n*1\r\n$1\r\na\r\n":       {Want: "array", Got: Attribute},
		"*?\r\n$1\r\na\r\n.\r\n":        {Want: "array", Got: Array},
		"*-1\r\n":                       {Want: "array", Got: Null},
		"*2\r\n$1\r\na\r\n:1\r\n":       {Want: "bulk string", Got: Integer},
		"*2\r\n$1\r\na\r\n-ERR no\r\n":  {Want: "bulk string", Got: SimpleError},
		"*1\r\n$-1\r\n":                 {Want: "bulk string", Got: Null},
		"*1\r\n|0\r\n$1\r\na\r\n":       {Want: "bulk string", Got: Attribute},
		"*2\r\n$1\r\na\r\n$?\r\n;0\r\n": {Want: "bulk string", Got: BulkString},
	} {
		r := replyTo(frame)
		require.Empty(t, r.Args(nil), "%q", frame)
		require.Equal(t, want, r.Err(), "%q", frame)
		require.Zero(t, r.pos, "%q", frame)
		require.Empty(t, r.Args(nil), "the error sticks")
	}
}

// Err tells of the error reply behind attributes, however they end, and of no other.
func TestReplyErrBehindAttributes(t *testing.T) {
	t.Parallel()
	want := &Error{Message: "ERR no"}
	for _, attribute := range []string{"+v\r\n", "*0\r\n", "*?\r\n.\r\n", "~?\r\n*?\r\n:1\r\n.\r\n.\r\n", "$?\r\n;1\r\na\r\n;0\r\n"} {
		r := replyTo("|1\r\n+a\r\n" + attribute + "-ERR no\r\n")
		require.Equal(t, 1, r.Attributes())
		require.NoError(t, r.Err())
		r.Skip()
		r.Skip()
		require.Equal(t, want, r.Err(), "skipped %q", attribute)

		r = replyTo("|1\r\n+a\r\n" + attribute + "-ERR no\r\n")
		r.Attributes()
		nodeFrom(t, r)
		nodeFrom(t, r)
		require.Equal(t, want, r.Err(), "read %q", attribute)
	}
	r := replyTo("*1\r\n|1\r\n+a\r\n:1\r\n-ERR x\r\n")
	require.Equal(t, 1, r.Array())
	require.Equal(t, 1, r.Attributes())
	r.Skip()
	r.Skip()
	require.NoError(t, r.Err(), "the error is an element")
}
