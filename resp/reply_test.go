package resp

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func replyTo(frame string) *Reply {
	r := new(Reply)
	r.Reset([]byte(frame)[:len(frame):len(frame)])
	return r
}

func TestReplyReadsEveryFrame(t *testing.T) {
	t.Parallel()
	forEachFrame(t, accepted(), func(t *testing.T, c frameCase) {
		r := replyTo(c.bytes)
		require.Equal(t, c.want.Kind(), r.Kind())
		require.Equal(t, c.want, readWhole(t, r), "by methods")
		requireEnd(t, r)

		r = replyTo(c.bytes)
		require.Equal(t, c.want, r.Value(), "by Value")
		requireEnd(t, r)

		r = replyTo(c.bytes)
		raw := r.Raw()
		require.True(t, len(raw) > 0 && c.bytes[len(c.bytes)-len(raw):] == string(raw), "by Raw")
		require.Equal(t, len(raw), cap(raw))
		require.Equal(t, c.want.Kind(), replyTo(string(raw)).Kind())
		require.NotEqual(t, byte(Attribute), raw[0])
		requireEnd(t, r)

		r = replyTo(c.bytes)
		r.Skip()
		requireEnd(t, r)
	})
}

func requireEnd(t *testing.T, r *Reply) {
	t.Helper()
	require.NoError(t, r.Err())
	require.Zero(t, r.Kind())
	require.Equal(t, len(r.buf), r.pos)
	require.False(t, r.Null())
	require.Nil(t, r.ErrorReply())
	require.NoError(t, r.Err())
	r.Skip()
	require.Equal(t, &TypeError{Want: "complete value"}, r.Err())
}

// readWhole builds what Value returns from the methods that read one value.
func readWhole(t *testing.T, r *Reply) Value {
	t.Helper()
	k := r.Kind()
	switch k {
	case Null:
		require.True(t, r.Null())
		return Value{}
	case SimpleError, BulkError:
		return Value{kind: k, text: r.ErrorReply().Message}
	case Integer, Boolean:
		return Value{kind: k, num: r.Int()}
	case Array, Map, Set, Push:
		v := Value{kind: k, elems: []Value{}}
		for range r.Array() {
			v.elems = append(v.elems, readWhole(t, r))
		}
		return v
	}
	b := r.Bytes()
	require.Equal(t, len(b), cap(b), "an append to what Bytes returned would reach into the frame")
	return Value{kind: k, text: string(b)}
}

// converted holds what each conversion gives; nil: a TypeError, or the reply's own error.
type converted struct{ i, f, b, text any }

var conversions = []struct {
	frame string
	want  converted
}{
	{":7\r\n", converted{i: 7, f: 7.0, text: "7"}},
	{":1\r\n", converted{i: 1, f: 1.0, b: true, text: "1"}},
	{":0\r\n", converted{i: 0, f: 0.0, b: false, text: "0"}},
	{":+1\r\n", converted{i: 1, f: 1.0, b: true, text: "+1"}},
	{":-9223372036854775808\r\n", converted{i: int64(math.MinInt64), f: -9223372036854775808.0, text: "-9223372036854775808"}},
	{"#t\r\n", converted{i: 1, b: true, text: "t"}},
	{"#f\r\n", converted{i: 0, b: false, text: "f"}},
	{"$2\r\n42\r\n", converted{i: 42, f: 42.0, text: "42"}},
	{"$1\r\n1\r\n", converted{i: 1, f: 1.0, text: "1"}},
	{"+-5\r\n", converted{i: -5, f: -5.0, text: "-5"}},
	{"=6\r\ntxt:17\r\n", converted{i: 17, f: 17.0, text: "17"}},
	{"$3\r\n1.5\r\n", converted{f: 1.5, text: "1.5"}},
	{"$3\r\ninf\r\n", converted{f: math.Inf(1), text: "inf"}},
	{"$4\r\n-inf\r\n", converted{f: math.Inf(-1), text: "-inf"}},
	{"$3\r\n1e3\r\n", converted{f: 1000.0, text: "1e3"}},
	{"$4\r\n0x10\r\n", converted{text: "0x10"}},
	{"$2\r\n 1\r\n", converted{text: " 1"}},
	{"$19\r\n9223372036854775808\r\n", converted{f: 9223372036854775808.0, text: "9223372036854775808"}},
	{"$0\r\n\r\n", converted{text: ""}},
	{"+OK\r\n", converted{text: "OK"}},
	{",10\r\n", converted{i: 10, f: 10.0, text: "10"}}, // as the same answer in RESP2, $2 10
	{",1.5\r\n", converted{f: 1.5, text: "1.5"}},
	{",1e400\r\n", converted{f: math.Inf(1), text: "1e400"}},
	{",-1e400\r\n", converted{f: math.Inf(-1), text: "-1e400"}},
	{",1e-400\r\n", converted{f: 0.0, text: "1e-400"}},
	{",+inf\r\n", converted{f: math.Inf(1), text: "+inf"}},
	{"(12\r\n", converted{i: 12, f: 12.0, text: "12"}},
	{"(36893488147419103232\r\n", converted{f: 36893488147419103232.0, text: "36893488147419103232"}},
	{"_\r\n", converted{}},
	{"$-1\r\n", converted{}},
	{"*1\r\n:1\r\n", converted{}},
	{"%0\r\n", converted{}},
	{"-ERR no\r\n", converted{}},
	{"|1\r\n+a\r\n+b\r\n:3\r\n", converted{i: 3, f: 3.0, text: "3"}},
}

func TestConversions(t *testing.T) {
	t.Parallel()
	for _, c := range conversions {
		t.Run(c.frame, func(t *testing.T) {
			t.Parallel()
			v := replyTo(c.frame).Value()
			check := func(want any, reply func(r *Reply) any, value func() (any, error)) {
				t.Helper()
				r := replyTo(c.frame)
				got := reply(r)
				fromValue, valueErr := value()
				if want == nil {
					require.Error(t, r.Err())
					require.Zero(t, got)
					require.Equal(t, r.Err(), valueErr)
					require.Zero(t, fromValue)
					return
				}
				require.EqualValues(t, want, got)
				requireEnd(t, r)
				require.NoError(t, valueErr)
				if want != "+1" { // a Value keeps an integer as a number
					require.EqualValues(t, want, fromValue)
				}
			}
			check(c.want.i, func(r *Reply) any { return r.Int() }, func() (any, error) { return v.Int() })
			check(c.want.f, func(r *Reply) any { return r.Float() }, func() (any, error) { return v.Float() })
			check(c.want.b, func(r *Reply) any { return r.Bool() }, func() (any, error) { return v.Bool() })
			check(c.want.text, func(r *Reply) any { return r.Text() }, func() (any, error) { return v.Text() })
		})
	}
}

func TestConvertNaN(t *testing.T) {
	t.Parallel()
	for _, frame := range []string{",nan\r\n", ",-nan\r\n", "$3\r\nnan\r\n"} {
		require.True(t, math.IsNaN(replyTo(frame).Float()))
		f, err := replyTo(frame).Value().Float()
		require.NoError(t, err)
		require.True(t, math.IsNaN(f))
	}
}

func TestReplyAppendTo(t *testing.T) {
	t.Parallel()
	require.Equal(t, "key:value", string(replyTo("$5\r\nvalue\r\n").AppendTo([]byte("key:"))))
	require.Equal(t, "key:", string(replyTo("_\r\n").AppendTo([]byte("key:"))))
	require.Nil(t, replyTo("_\r\n").AppendTo(nil))
}

func TestReplyErrorSticks(t *testing.T) {
	t.Parallel()
	r := replyTo("*3\r\n:1\r\n+two\r\n:3\r\n")
	require.Equal(t, 3, r.Array())
	require.EqualValues(t, 1, r.Int())
	require.Zero(t, r.Int())
	first := r.Err()
	require.Equal(t, &TypeError{Want: "integer", Got: SimpleString}, first)
	pos := r.pos
	require.Zero(t, r.Kind())
	require.False(t, r.Null())
	require.Nil(t, r.ErrorReply())
	require.Zero(t, r.Int())
	require.Zero(t, r.Float())
	require.False(t, r.Bool())
	require.Nil(t, r.Bytes())
	require.Empty(t, r.Text())
	require.Empty(t, r.AppendTo(nil))
	require.Zero(t, r.Array())
	require.Zero(t, r.Pairs())
	require.Nil(t, r.Raw())
	require.Zero(t, r.Value())
	r.Skip()
	require.Equal(t, pos, r.pos)
	require.Same(t, first, r.Err())

	r.Reset([]byte(":4\r\n"))
	require.NoError(t, r.Err())
	require.EqualValues(t, 4, r.Int())
}

func TestReplyToAnError(t *testing.T) {
	t.Parallel()
	for _, frame := range []string{"-ERR no\r\n", "!6\r\nERR no\r\n", "|1\r\n+a\r\n:1\r\n-ERR no\r\n", "|0\r\n|0\r\n-ERR no\r\n"} {
		want := &Error{Message: "ERR no"}
		require.Equal(t, want, replyTo(frame).Err())

		r := replyTo(frame)
		require.True(t, r.Kind().isError()) // moves past the attributes
		require.Equal(t, want, r.Err())
		require.Nil(t, r.ErrorReply())

		r = replyTo(frame)
		require.Equal(t, want, r.ErrorReply())
		requireEnd(t, r)

		r = replyTo(frame)
		require.Zero(t, r.Int())
		require.Equal(t, want, r.Err())

		r = replyTo(frame)
		r.Skip()
		requireEnd(t, r)
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

func TestReplyPairs(t *testing.T) {
	t.Parallel()
	for _, frame := range []string{
		"%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n",
		"*4\r\n+a\r\n:1\r\n+b\r\n:2\r\n",
		"|1\r\n+x\r\n+y\r\n*4\r\n+a\r\n:1\r\n|0\r\n+b\r\n:2\r\n",
	} {
		r := replyTo(frame)
		got := map[string]int64{}
		for n := r.Pairs(); n > 0; n-- {
			key := r.Text()
			got[key] = r.Int()
		}
		require.Equal(t, map[string]int64{"a": 1, "b": 2}, got)
		requireEnd(t, r)

		r = replyTo(frame)
		require.Equal(t, 4, r.Array())
	}
	for _, frame := range []string{"*1\r\n:1\r\n", "~2\r\n:1\r\n:2\r\n", ">2\r\n+a\r\n:2\r\n", "_\r\n", "$1\r\na\r\n"} {
		r := replyTo(frame)
		require.Zero(t, r.Pairs())
		require.Equal(t, &TypeError{Want: "map", Got: replyTo(frame).Kind()}, r.Err())
	}
	require.Zero(t, replyTo("*0\r\n").Pairs())
}
