package resp

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/internal/frames"
)

func TestAppend(t *testing.T) {
	t.Parallel()
	x := func() []byte { return []byte("x") }
	for want, b := range map[string][]byte{
		"x+OK\r\n":                    AppendSimple(x(), "OK"),
		"x+a  b\r\n":                  AppendSimple(x(), "a\r\nb"),
		"x-a  b\r\n":                  AppendError(x(), "a\r\nb"),
		"x,1000000\r\n":               AppendDouble(x(), 1e6, 3),
		"x$10\r\n2147483647\r\n":      AppendDouble(x(), 1<<31-1, 2),
		"x,-0\r\n":                    AppendDouble(x(), math.Copysign(0, -1), 3),
		"x,1e+17\r\n":                 AppendDouble(x(), 1e17, 3),
		"x,1e+21\r\n":                 AppendDouble(x(), 1e21, 3),
		"x-ERR no\r\n":                AppendError(x(), "ERR no"),
		"x!5\r\na\r\nb!\r\n":          AppendBulkError(x(), "a\r\nb!", 3),
		"x-a  b!\r\n":                 AppendBulkError(x(), "a\r\nb!", 2),
		"x:-12\r\n":                   AppendInt(x(), -12),
		"x$4\r\na\r\nb\r\n":           AppendBulk(x(), "a\r\nb"),
		"x$0\r\n\r\n":                 AppendBulk(x(), []byte{}),
		"x$-1\r\n":                    AppendNull(x(), 2),
		"x_\r\n":                      AppendNull(x(), 3),
		"x*-1\r\n":                    AppendNullArray(x(), 2),
		"_\r\n":                       AppendNullArray(nil, 3),
		"x#t\r\n":                     AppendBool(x(), true, 3),
		"x#f\r\n":                     AppendBool(x(), false, 3),
		"x:1\r\n":                     AppendBool(x(), true, 2),
		"x:0\r\n":                     AppendBool(x(), false, 2),
		"x,1.5\r\n":                   AppendDouble(x(), 1.5, 3),
		"x$3\r\n1.5\r\n":              AppendDouble(x(), 1.5, 2),
		"x,-inf\r\n":                  AppendDouble(x(), math.Inf(-1), 3),
		"x(123456789012345678901\r\n": AppendBigNumber(x(), "123456789012345678901", 3),
		"x$2\r\n12\r\n":               AppendBigNumber(x(), "12", 2),
		"x=7\r\ntxt:abc\r\n":          AppendVerbatim(x(), "txt", "abc", 3),
		"x$3\r\nabc\r\n":              AppendVerbatim(x(), "txt", "abc", 2),
		"x*10\r\n":                    AppendAggregate(x(), Array, 10, 3),
		"x*123\r\n":                   AppendAggregate(x(), Array, 123, 2),
		"x%0\r\n":                     AppendAggregate(x(), Map, 0, 3),
		"x*8\r\n":                     AppendAggregate(x(), Map, 4, 2),
		"x*2\r\n":                     AppendAggregate(x(), Set, 2, 2),
		"x*3\r\n":                     AppendAggregate(x(), Push, 3, 2),
		"x|1\r\n":                     AppendAggregate(x(), Attribute, 1, 3),
		"x~?\r\n":                     AppendStream(x(), Set),
		"x;2\r\nab\r\n":               AppendChunk(x(), "ab"),
		"x":                           AppendChunk(x(), ""),
		"x.\r\n":                      AppendStreamEnd(x(), Map),
		"x;0\r\n":                     AppendStreamEnd(x(), BulkString),
	} {
		require.Equal(t, want, string(b))
	}
	require.Panics(t, func() { AppendAggregate(nil, Attribute, 1, 2) })
	require.Panics(t, func() { AppendVerbatim(nil, "text", "abc", 3) })
}

// appendNode writes a tree with the functions of the package.
func appendNode(dst []byte, n frames.Node, protocol int) []byte {
	if len(n.Attrs) > 0 && protocol >= 3 {
		dst = AppendAggregate(dst, Attribute, len(n.Attrs)/2, protocol)
		for _, a := range n.Attrs {
			dst = appendNode(dst, a, protocol)
		}
	}
	switch kind := Kind(n.Kind); kind {
	case SimpleString:
		return AppendSimple(dst, n.Text)
	case SimpleError:
		return AppendError(dst, n.Text)
	case BulkError:
		return AppendBulkError(dst, n.Text, protocol)
	case Integer:
		return AppendInt(dst, n.Number())
	case BulkString:
		return AppendBulk(dst, n.Text)
	case Null:
		return AppendNull(dst, protocol)
	case Boolean:
		return AppendBool(dst, n.Text == "t", protocol)
	case Double:
		if f, _ := parseFloat(n.Text); string(formatFloat(nil, f)) == n.Text {
			return AppendDouble(dst, f, protocol)
		}
		return append(dst, n.Encode(protocol)...) // a spelling that AppendDouble does not choose
	case BigNumber:
		return AppendBigNumber(dst, n.Text, protocol)
	case VerbatimString:
		return AppendVerbatim(dst, n.Format, n.Text, protocol)
	default:
		count := len(n.Elems)
		if kind == Map {
			count /= 2
		}
		dst = AppendAggregate(dst, kind, count, protocol)
		for _, e := range n.Elems {
			dst = appendNode(dst, e, protocol)
		}
		return dst
	}
}

// appendStreamed is appendNode with every aggregate and every bulk string streamed.
func appendStreamed(dst []byte, n frames.Node) []byte {
	kind := Kind(n.Kind)
	if len(n.Attrs) > 0 {
		dst = AppendAggregate(dst, Attribute, len(n.Attrs)/2, 3)
		for _, a := range n.Attrs {
			dst = appendStreamed(dst, a)
		}
	}
	switch {
	case kind == Push:
		dst = AppendAggregate(dst, Push, len(n.Elems), 3)
		for _, e := range n.Elems {
			dst = appendStreamed(dst, e)
		}
		return dst
	case kind == BulkString:
		half := len(n.Text) / 2
		dst = AppendChunk(AppendChunk(AppendStream(dst, kind), n.Text[:half]), n.Text[half:])
		return AppendStreamEnd(dst, kind)
	case !kind.isAggregate():
		n.Attrs = nil
		return appendNode(dst, n, 3)
	}
	dst = AppendStream(dst, kind)
	for _, e := range n.Elems {
		dst = appendStreamed(dst, e)
	}
	return AppendStreamEnd(dst, kind)
}

// Every reply of the table can be written, in RESP2, in RESP3 and streamed, and read back.
func TestAppendEveryFrame(t *testing.T) {
	t.Parallel()
	forEachFrame(t, frames.Whole(), func(t *testing.T, c frames.Frame) {
		for _, protocol := range []int{2, 3} {
			require.Equal(t, c.Want.Encode(protocol), string(appendNode(nil, c.Want, protocol)))
		}
		for _, frame := range [][]byte{appendNode(nil, c.Want, 3), appendStreamed(nil, c.Want)} {
			n, err := (&Scanner{MaxDepth: 1 << 10}).Scan(frame)
			require.NoError(t, err, "%q", frame)
			require.Equal(t, len(frame), n)
			r := replyTo(string(frame))
			require.Equal(t, c.Want, nodeFrom(t, r))
			requireAtEnd(t, r)
		}
	})
}
