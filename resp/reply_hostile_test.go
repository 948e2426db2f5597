package resp

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/internal/frames"
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
	func(r *Reply) []byte { r.Format(); return nil },
	func(r *Reply) []byte { r.Attributes(); return nil },
	func(r *Reply) []byte { r.Pair(); return nil },
	func(r *Reply) []byte { _ = r.Value().String(); return nil },
	func(r *Reply) []byte { r.AppendTo(nil); return nil },
	func(r *Reply) []byte { r.Args(nil); return nil },
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

// requireInsideOrOwn fails unless got is a capped part of frame, or shares nothing with it because it was put together from chunks.
func requireInsideOrOwn(t testing.TB, frame, got []byte) {
	t.Helper()
	if len(got) == 0 {
		return
	}
	at := reflect.ValueOf(got).Pointer() - reflect.ValueOf(frame).Pointer()
	if at < uintptr(len(frame)) || !bytes.Contains(frame, []byte("$?\r\n")) {
		requireInside(t, frame, got)
	}
}

// drive calls methods in the order that ops says, over and over, until the cursor is at the end or stuck.
func drive(t testing.TB, frame, ops []byte) {
	t.Helper()
	var r Reply
	r.Reset(frame)
	for _, op := range ops {
		requireInsideOrOwn(t, frame, replyMethods[int(op)%len(replyMethods)](&r))
		if r.pos > len(frame) {
			t.Fatalf("at %d of %d", r.pos, len(frame))
		}
	}
	for range len(frame)/minValue + 1 {
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
	rows := append([]frames.Frame{
		{Name: "empty"},
		{Name: "CR", Bytes: "\r"},
		{Name: "CRLF", Bytes: "\r\n\r\n"},
		{Name: "kind and CR", Bytes: "$\r"},
		{Name: "length beyond the frame", Bytes: "$100\r\nabc\r\n"},
		{Name: "length up to the frame's end", Bytes: "$3\r\nabc"},
		{Name: "length into the CRLF", Bytes: "$3\r\nabc\r"},
		{Name: "count beyond the frame", Bytes: "*100\r\n:1\r\n"},
		{Name: "pairs beyond the frame", Bytes: "%2\r\n:1\r\n:2\r\n:3\r\n"},
		{Name: "attribute beyond the frame", Bytes: "|2\r\n:1\r\n:2\r\n:3\r\n"},
		{Name: "attribute without a value", Bytes: "|1\r\n:1\r\n:2\r\n"},
		{Name: "attribute with a bad count", Bytes: "|x\r\n:1\r\n"},
		{Name: "array with a bad count", Bytes: "*x\r\n:1\r\n"},
		{Name: "verbatim string too short", Bytes: "=2\r\nab\r\n"},
		{Name: "unknown kind", Bytes: "x1\r\n"},
		{Name: "attributes in attributes", Bytes: strings.Repeat("|1\r\n", large) + strings.Repeat(":1\r\n", large)},
		{Name: "unfinished attributes", Bytes: strings.Repeat("|2\r\n", large)},
		{Name: "arrays in arrays", Bytes: strings.Repeat("*1\r\n", large) + ":1\r\n"},
		{Name: "unfinished arrays", Bytes: strings.Repeat("*2\r\n", large)},
		{Name: "attribute cut off by the end of a stream", Bytes: "*?\r\n|1\r\n:1\r\n.\r\n"},
		{Name: "array cut off by the end of a stream", Bytes: "*?\r\n*2\r\n:1\r\n.\r\n"},
		{Name: "stream that ends as a string does", Bytes: "*?\r\n;0\r\n"},
		{Name: "string that ends as an array does", Bytes: "$?\r\n;1\r\na\r\n.\r\n"},
		{Name: "string of values", Bytes: "$?\r\n:1\r\n;0\r\n"},
		{Name: "stream without an end", Bytes: "%?\r\n+a\r\n"},
		{Name: "integer without its LF", Bytes: ":12\r"},
		{Name: "negative integer without its CRLF", Bytes: ":-12"},
		{Name: "integer of 18 digits without its LF", Bytes: ":123456789012345678\r"},
		{Name: "CR without LF", Bytes: "$?\r0;4\r0000000!0\r000.0\r0"},
		{Name: "only ends", Bytes: ".\r\n.\r\n"},
		{Name: "large counts", Bytes: strings.Repeat("*1000\r\n", large)},
	}, frames.All()...)
	forEachFrame(t, rows, func(t *testing.T, c frames.Frame) {
		frame := []byte(c.Bytes[:min(len(c.Bytes), 1<<12)])
		for op := range replyMethods {
			require.NotPanics(t, func() {
				drive(t, frame, []byte{byte(op)})
				drive(t, frame, []byte{byte(op), byte(op), 6, byte(op), 7, byte(op)})
			})
		}
	})
}

// A cursor over a frame of which the end is missing stays inside what is there.
func TestReplyOverEveryTruncation(t *testing.T) {
	t.Parallel()
	forEachFrame(t, frames.All(), func(t *testing.T, c frames.Frame) {
		for cut := range min(len(c.Bytes), 200) {
			frame := []byte(c.Bytes[:cut])
			for op := range replyMethods {
				drive(t, frame[:cut:cut], []byte{byte(op)})
			}
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

// However deep a frame is, nothing recurses into it.
func TestDepthCostsNoStack(t *testing.T) {
	t.Parallel()
	const levels = 1 << 18
	for _, header := range []string{"*1\r\n", "~?\r\n"} {
		frame := strings.Repeat(header, levels) + ":1\r\n"
		if header[1] == '?' {
			frame += strings.Repeat(".\r\n", levels)
		}
		n, err := (&Scanner{MaxDepth: 1 << 30}).Scan([]byte(frame))
		require.NoError(t, err)
		require.Equal(t, len(frame), n)
		r := replyTo(frame)
		r.Skip()
		requireAtEnd(t, r)
		v := replyTo(frame).Value()
		require.Equal(t, 1, v.Len())
	}
	v := replyTo(strings.Repeat("*1\r\n", levels) + ":1\r\n").Value()
	require.Len(t, v.String(), 2*levels+1)
}
