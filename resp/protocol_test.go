package resp

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/internal/frames"
)

// readAs reads the next value with the method that a caller uses who knows what to expect, whatever the protocol. It is the type in RESP3
// that says what to expect.
func readAs(t *testing.T, r *Reply, expected frames.Node) (got any) {
	t.Helper()
	switch Kind(expected.Kind) {
	case Null:
		return r.Null()
	case SimpleError, BulkError:
		return r.ErrorReply().Code()
	case Integer:
		return r.Int()
	case Boolean:
		return r.Bool()
	case Double:
		f := r.Float()
		if f != f { // not a number is not equal to itself, and has a sign
			return "nan"
		}
		return math.Float64bits(f)
	case Map:
		got := [][2]any{}
		n := r.Pairs()
		for i := range n {
			key := readAs(t, r, expected.Elems[2*i])
			got = append(got, [2]any{key, readAs(t, r, expected.Elems[2*i+1])})
		}
		return got
	case Array, Set, Push:
		got := []any{}
		for i := range r.Array() {
			got = append(got, readAs(t, r, expected.Elems[i]))
		}
		return got
	}
	return r.Text()
}

// requireWhole fails unless frame is one, cut as it is.
func requireWhole(t *testing.T, frame string, cuts ...int) {
	t.Helper()
	n, err := scanIn(&Scanner{MaxDepth: 1 << 10}, []byte(frame), cuts...)
	if err != nil || n != len(frame) {
		t.Fatalf("%q cut at %d: %d, %v", frame, cuts, n, err)
	}
}

// The same answer reads the same in RESP2, in RESP3 and streamed, however it arrives: pairs, sets, doubles, booleans, nulls and all others.
func TestProtocolsReadTheSame(t *testing.T) {
	t.Parallel()
	forEachFrame(t, frames.Whole(), func(t *testing.T, c frames.Frame) {
		var all []any
		for _, frame := range []string{c.Bytes, c.Want.Encode(3), c.Want.Encode(2), string(appendStreamed(nil, c.Want))} {
			for cut := range len(frame) {
				requireWhole(t, frame, cut)
			}
			requireWhole(t, frame, byteByByte([]byte(frame))...)
			r := replyTo(frame)
			all = append(all, readAs(t, r, c.Want))
			requireAtEnd(t, r)
		}
		for _, other := range all[1:] {
			require.Equal(t, all[0], other)
		}
	})
}
