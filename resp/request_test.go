package resp

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRequestEncoding(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		build func(q *Request)
		want  string
		len   int
	}{
		{"nothing", func(*Request) {}, "", 0},
		{"one command", func(q *Request) { q.Cmd("PING") }, "*1\r\n$4\r\nPING\r\n", 1},
		{"strings", func(q *Request) { q.Cmd("SET").Str("k").Str("v") }, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n", 1},
		{"empty strings", func(q *Request) { q.Cmd("").Str("").Bytes(nil) }, "*3\r\n$0\r\n\r\n$0\r\n\r\n$0\r\n\r\n", 1},
		{"any bytes", func(q *Request) { q.Cmd("A").Bytes([]byte("\x00\xff\r\n")).Str("*1\r\n") }, "*3\r\n$1\r\nA\r\n$4\r\n\x00\xff\r\n\r\n$4\r\n*1\r\n\r\n", 1},
		{"lengths of two digits", func(q *Request) { q.Cmd("A").Str("0123456789") }, "*2\r\n$1\r\nA\r\n$10\r\n0123456789\r\n", 1},
		{"integers", func(q *Request) { q.Cmd("A").Int(0).Int(-1).Int(math.MinInt64) }, "*4\r\n$1\r\nA\r\n$1\r\n0\r\n$2\r\n-1\r\n$20\r\n-9223372036854775808\r\n", 1},
		{"floats", func(q *Request) { q.Cmd("A").Float(1.5).Float(-0.1).Float(1e21) }, "*4\r\n$1\r\nA\r\n$3\r\n1.5\r\n$4\r\n-0.1\r\n$5\r\n1e+21\r\n", 1},
		{"floats that are no numbers", func(q *Request) { q.Cmd("A").Float(math.Inf(1)).Float(math.Inf(-1)).Float(math.NaN()) }, "*4\r\n$1\r\nA\r\n$3\r\ninf\r\n$4\r\n-inf\r\n$3\r\nnan\r\n", 1},
		{"args", func(q *Request) { q.Cmd("A").Args().Args("b", "c") }, "*3\r\n$1\r\nA\r\n$1\r\nb\r\n$1\r\nc\r\n", 1},
		{
			"several commands",
			func(q *Request) { q.Cmd("MULTI").Cmd("GET").Str("k"); q.Cmd("EXEC") },
			"*1\r\n$5\r\nMULTI\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*1\r\n$4\r\nEXEC\r\n", 3,
		},
	} {
		var q Request
		c.build(&q)
		require.Equal(t, c.want, string(q.Encoded()), c.name)
		require.Equal(t, c.len, q.Len(), c.name)
		require.Equal(t, len(q.Encoded()), cap(q.Encoded()), c.name)
		q.Reset()
		c.build(&q)
		require.Equal(t, c.want, string(q.Encoded()), "%s, reused", c.name)
	}
}

// The count of arguments is made longer in place, in every command of the request.
func TestRequestArgumentCounts(t *testing.T) {
	t.Parallel()
	var q Request
	for _, count := range []int{1, 8, 9, 10, 11, 12, 98, 99, 100, 101, 999, 1000, 1001, 9999, 10000, 10001, 100000} {
		q.Reset()
		one := fmt.Sprintf("*%d\r\n$3\r\nDEL\r\n%s", count, strings.Repeat("$2\r\nkk\r\n", count-1))
		want := "*1\r\n$4\r\nPING\r\n" + one + one + "*1\r\n$4\r\nPING\r\n"
		q.Cmd("PING")
		for range 2 {
			q.Cmd("DEL")
			for range count - 1 {
				q.Str("kk")
			}
		}
		q.Cmd("PING")
		require.True(t, want == string(q.Encoded()), "%d arguments", count)
		require.Equal(t, 4, q.Len())
	}
}

func TestRequestMarks(t *testing.T) {
	t.Parallel()
	var q Request
	require.False(t, q.Idempotent())
	require.False(t, q.Blocking())
	q.Cmd("GET").Str("k").MarkIdempotent()
	require.True(t, q.Idempotent())
	require.False(t, q.Blocking())
	q.Cmd("BLPOP").MarkBlocking().Str("k")
	require.True(t, q.Idempotent())
	require.True(t, q.Blocking())
	q.Reset()
	require.Equal(t, Request{buf: q.buf}, q)
	require.Empty(t, q.Encoded())
}

func TestRequestCopiesItsArguments(t *testing.T) {
	t.Parallel()
	var q Request
	b := []byte("before")
	q.Cmd("A").Bytes(b)
	copy(b, "after!")
	encoded := q.Encoded()
	require.Contains(t, string(encoded), "before")
	_ = append(encoded, "scribble"...)
	q.Str("more")
	require.Equal(t, "*3\r\n$1\r\nA\r\n$6\r\nbefore\r\n$4\r\nmore\r\n", string(q.Encoded()))
}

func TestRequestArgumentBeforeCommand(t *testing.T) {
	t.Parallel()
	const why = "resp: Request has an argument before its first Cmd"
	for name, add := range map[string]func(q *Request){
		"Str":   func(q *Request) { q.Str("a") },
		"Bytes": func(q *Request) { q.Bytes(nil) },
		"Int":   func(q *Request) { q.Int(1) },
		"Float": func(q *Request) { q.Float(1) },
		"Args":  func(q *Request) { q.Args("a") },
	} {
		var q Request
		require.PanicsWithValue(t, why, func() { add(&q) }, name)
		q.Cmd("A")
		q.Reset()
		require.PanicsWithValue(t, why, func() { add(&q) }, "%s after Reset", name)
	}
}

// commandsOf reads a request as a server does.
func commandsOf(t testing.TB, encoded []byte) (commands [][]string) {
	t.Helper()
	var s Scanner
	for len(encoded) > 0 {
		n, err := s.Scan(encoded)
		require.NoError(t, err)
		require.NotZero(t, n)
		var r Reply
		r.Reset(encoded[:n:n])
		args := []string{}
		for _, b := range r.Args(nil) {
			args = append(args, string(b))
		}
		require.NoError(t, r.Err())
		require.Zero(t, r.Kind())
		commands = append(commands, args)
		encoded = encoded[n:]
	}
	return commands
}

func TestRequestReadBack(t *testing.T) {
	t.Parallel()
	var q Request
	var want [][]string
	for i := range 150 {
		args := []string{"CMD" + strconv.Itoa(i)}
		for j := range i {
			args = append(args, strings.Repeat("\r\n", j%7)+strconv.Itoa(j))
		}
		want = append(want, args)
		q.Cmd(args[0]).Args(args[1:]...)
	}
	require.Equal(t, want, commandsOf(t, q.Encoded()))
	require.Equal(t, len(want), q.Len())
}

func TestFloatsReadBack(t *testing.T) {
	t.Parallel()
	for _, f := range []float64{0, 1, -1, 0.1, 1.0 / 3, 1e21, 1e-7, math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1), math.Inf(-1), math.Copysign(0, -1)} {
		var q Request
		q.Cmd("A").Float(f)
		got, ok := parseFloat([]byte(commandsOf(t, q.Encoded())[0][1]))
		require.True(t, ok)
		require.Equal(t, math.Float64bits(f), math.Float64bits(got))
	}
}
