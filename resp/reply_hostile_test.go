package resp

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// replyMethods are all methods that may move the cursor, with what they return of the frame.
var replyMethods = []func(r *Reply) []byte{
	func(r *Reply) []byte { r.Kind(); return nil },
	func(r *Reply) []byte { r.Null(); return nil },
	func(r *Reply) []byte { r.ErrorReply(); return nil },
	func(r *Reply) []byte { r.Int(); return nil },
	func(r *Reply) []byte { r.Float(); return nil },
	func(r *Reply) []byte { r.Bool(); return nil },
	func(r *Reply) []byte { r.Array(); return nil },
	func(r *Reply) []byte { r.Pairs(); return nil },
	func(r *Reply) []byte { r.Skip(); return nil },
	func(r *Reply) []byte { r.Value(); return nil },
	func(r *Reply) []byte { _ = r.Err(); return nil },
	func(r *Reply) []byte { r.Text(); return nil },
	(*Reply).Bytes,
	(*Reply).Raw,
}

// requireInside fails unless got is a capped part of frame.
func requireInside(t testing.TB, frame, got []byte) {
	t.Helper()
	if len(got) == 0 {
		return
	}
	at := reflect.ValueOf(got).Pointer() - reflect.ValueOf(frame).Pointer()
	if cap(got) == len(got) && at < uintptr(len(frame)) && int(at)+len(got) <= len(frame) {
		return
	}
	t.Fatalf("%q with room for %d is no capped part of the frame", got, cap(got))
}

// drive calls methods in the order that ops says, over and over, until the cursor is at the end or stuck.
func drive(t testing.TB, frame, ops []byte) {
	t.Helper()
	var r Reply
	r.Reset(frame)
	for _, op := range ops {
		requireInside(t, frame, replyMethods[int(op)%len(replyMethods)](&r))
		if r.pos > len(frame) {
			t.Fatalf("at %d of %d", r.pos, len(frame))
		}
	}
	for range len(frame)/minElement + 1 {
		if r.err == nil {
			requireInside(t, frame, r.Raw())
		}
	}
	require.Zero(t, r.Kind(), "every value is at least three bytes, so this must be the end")
	require.Error(t, r.Err())
}

// No Scanner accepted these, or not yet.
func TestReplyOverWhatNobodyScanned(t *testing.T) {
	t.Parallel()
	large := 1 << 9
	rows := append([]frameCase{
		{name: "empty"},
		{name: "CR", bytes: "\r"},
		{name: "CRLF", bytes: "\r\n\r\n"},
		{name: "kind and CR", bytes: "$\r"},
		{name: "length beyond the frame", bytes: "$100\r\nabc\r\n"},
		{name: "length up to the frame's end", bytes: "$3\r\nabc"},
		{name: "length into the CRLF", bytes: "$3\r\nabc\r"},
		{name: "count beyond the frame", bytes: "*100\r\n:1\r\n"},
		{name: "pairs beyond the frame", bytes: "%2\r\n:1\r\n:2\r\n:3\r\n"},
		{name: "attribute beyond the frame", bytes: "|2\r\n:1\r\n:2\r\n:3\r\n"},
		{name: "attribute without a value", bytes: "|1\r\n:1\r\n:2\r\n"},
		{name: "attribute with a bad count", bytes: "|x\r\n:1\r\n"},
		{name: "array with a bad count", bytes: "*x\r\n:1\r\n"},
		{name: "verbatim string too short", bytes: "=2\r\nab\r\n"},
		{name: "unknown kind", bytes: "x1\r\n"},
		{name: "attributes in attributes", bytes: strings.Repeat("|1\r\n", large) + strings.Repeat(":1\r\n", large)},
		{name: "unfinished attributes", bytes: strings.Repeat("|2\r\n", large)},
		{name: "arrays in arrays", bytes: strings.Repeat("*1\r\n", large) + ":1\r\n"},
		{name: "unfinished arrays", bytes: strings.Repeat("*2\r\n", large)},
		{name: "large counts", bytes: strings.Repeat("*1000\r\n", large)},
	}, frames...)
	forEachFrame(t, rows, func(t *testing.T, c frameCase) {
		frame := []byte(c.bytes[:min(len(c.bytes), 1<<12)])
		for op := range replyMethods {
			require.NotPanics(t, func() {
				drive(t, frame, []byte{byte(op)})
				drive(t, frame, []byte{byte(op), byte(op), 6, byte(op), 7, byte(op)})
			})
		}
	})
}

// Callers may allocate by what Array and Pairs return, whatever the bytes.
func TestReplyCountsFitTheFrame(t *testing.T) {
	t.Parallel()
	for frame, fits := range map[string]bool{
		"*2\r\n_\r\n_\r\n":       true,
		"*3\r\n_\r\n_\r\n":       false,
		"%1\r\n_\r\n_\r\n":       true,
		"%2\r\n_\r\n_\r\n":       false,
		"~1\r\n_\r\n":            true,
		"~2\r\n_\r\n":            false,
		">100\r\n_\r\n":          false,
		"*2147483640\r\n":        false,
		"%1073741824\r\n":        false,
		"|2\r\n_\r\n_\r\n*0\r\n": false,
	} {
		r := replyTo(frame)
		require.Equal(t, fits, r.Array() > 0, "%q", frame)
		require.Equal(t, fits, r.Err() == nil, "%q", frame)
		r = replyTo(frame)
		require.Equal(t, fits && frame[0] != '~', r.Pairs() > 0, "%q", frame)
	}
}

// A method that fails leaves the cursor where it was.
func TestReplyFailureDoesNotMove(t *testing.T) {
	t.Parallel()
	for _, frame := range []string{"*2\r\n*1\r\n:1\r\n", "*2\r\n:1\r\n$9\r\nabc\r\n", "%1\r\n:1\r\n*x\r\n:1\r\n", "*1\r\n|1\r\n:1\r\n:1\r\n"} {
		for name, read := range map[string]func(r *Reply){
			"Raw":   func(r *Reply) { require.Nil(t, r.Raw()) },
			"Skip":  (*Reply).Skip,
			"Value": func(r *Reply) { require.Zero(t, r.Value()) },
			"Int":   func(r *Reply) { r.Int() },
			"Bytes": func(r *Reply) { r.Bytes() },
		} {
			r := replyTo(frame)
			read(r)
			require.Zero(t, r.pos, "%s of %q", name, frame)
			var mismatch *TypeError
			require.ErrorAs(t, r.Err(), &mismatch)
		}
	}
}

func TestValueOfBoundedDepth(t *testing.T) {
	t.Parallel()
	deep := func(levels int) *Reply { return replyTo(strings.Repeat("*1\r\n", levels) + ":1\r\n") }
	r := deep(maxValueDepth)
	require.Equal(t, Array, r.Value().Kind())
	requireEnd(t, r)

	r = deep(maxValueDepth + 1)
	require.Zero(t, r.Value())
	require.Equal(t, &TypeError{Want: "value of bounded depth", Got: Array}, r.Err())
	require.Zero(t, r.pos)

	n, err := (&Scanner{MaxDepth: 1 << 30}).Scan(deep(1 << 18).buf)
	require.NoError(t, err)
	require.Equal(t, 4<<18+4, n)
	r = deep(1 << 18)
	r.Skip()
	requireEnd(t, r)
}
