package resp

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/internal/frames"
)

// scannerFor returns a Scanner with the limits of a row.
func scannerFor(f frames.Frame) *Scanner {
	return &Scanner{MaxFrame: f.MaxFrame, MaxDepth: f.MaxDepth, MaxElements: f.MaxElements}
}

// forEachFrame runs f for every row.
func forEachFrame(t *testing.T, rows []frames.Frame, f func(t *testing.T, c frames.Frame)) {
	t.Helper()
	for _, c := range rows {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			f(t, c)
		})
	}
}

// replyTo returns a cursor over frame, which has no room behind it, so that a read beyond it panics.
func replyTo(frame string) *Reply {
	r := new(Reply)
	r.Reset([]byte(frame)[:len(frame):len(frame)])
	return r
}

// nodeOf makes a tree of a Value, with nothing but its exported methods.
func nodeOf(t testing.TB, v Value) frames.Node {
	t.Helper()
	kind := byte(v.Kind())
	switch v.Kind() {
	case Null:
		return frames.Null
	case SimpleError, BulkError:
		return frames.One(kind, v.Err().(*Error).Message)
	case Array, Map, Set, Push:
		node := frames.Agg(kind)
		for e := range v.All() {
			node.Elems = append(node.Elems, nodeOf(t, e))
		}
		require.Len(t, node.Elems, v.Len())
		return node
	}
	text, err := v.Text()
	require.NoError(t, err)
	return frames.Node{Kind: kind, Text: text, Format: v.Format()}
}

// nodeFrom makes a tree of the next value of r, attributes included, with the methods that read one value at a time.
func nodeFrom(t testing.TB, r *Reply) frames.Node {
	t.Helper()
	var attrs []frames.Node
	for n := r.Attributes(); n > 0; n = r.Attributes() {
		for range 2 * n {
			attrs = append(attrs, nodeFrom(t, r))
		}
	}
	node := bareNodeFrom(t, r)
	node.Attrs = attrs
	return node
}

func bareNodeFrom(t testing.TB, r *Reply) frames.Node {
	t.Helper()
	kind := byte(r.Kind())
	switch r.Kind() {
	case Null:
		require.True(t, r.Null())
		return frames.Null
	case SimpleError, BulkError:
		return frames.One(kind, r.ErrorReply().Message)
	case Integer:
		return frames.Int(strconv.FormatInt(r.Int(), 10))
	case Array, Map, Set, Push:
		node := frames.Agg(kind)
		for range r.Array() {
			node.Elems = append(node.Elems, nodeFrom(t, r))
		}
		return node
	}
	format := r.Format()
	b := r.Bytes()
	if len(b) > 0 {
		requireInsideOrOwn(t, r.buf, b)
	}
	return frames.Node{Kind: kind, Text: string(b), Format: format}
}

// requireAtEnd fails unless all of the frame has been read.
func requireAtEnd(t testing.TB, r *Reply) {
	t.Helper()
	require.NoError(t, r.Err())
	require.Zero(t, r.Kind())
	require.False(t, r.Null())
	require.Nil(t, r.ErrorReply())
	require.Zero(t, r.Attributes())
	require.NoError(t, r.Err())
	r.Skip()
	require.Equal(t, &TypeError{Want: "complete value"}, r.Err())
}
