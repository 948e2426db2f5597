package frames

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The table and the slow decoder say the same, so that neither can be wrong alone.
func TestTableAgreesWithDecoder(t *testing.T) {
	t.Parallel()
	for _, f := range All() {
		limits := Limits{MaxFrame: f.MaxFrame, MaxDepth: f.MaxDepth, MaxElements: f.MaxElements}
		if limits.MaxFrame == 0 {
			limits.MaxFrame = defaultFrame
		}
		if limits.MaxDepth == 0 {
			limits.MaxDepth = defaultDepth
		}
		node, length, why := Decode(f.Bytes, limits)
		switch {
		case f.Err != "":
			require.Equal(t, Invalid, why, f.Name)
		case f.More:
			require.Equal(t, NeedMore, why, f.Name)
		default:
			require.Empty(t, why, f.Name)
			require.Equal(t, len(f.Bytes), length, f.Name)
			require.Equal(t, f.Want, node, f.Name)
		}
	}
}

func TestNamesAreUnique(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, f := range append(All(), Hostile()...) {
		same := seen[f.Name] && Named(f.Name).Bytes != f.Bytes
		require.False(t, same, f.Name)
		seen[f.Name] = true
	}
	require.Len(t, Debug(), 13, "DEBUG PROTOCOL knows thirteen types")
}

func TestEncode(t *testing.T) {
	t.Parallel()
	node := Agg('%', Bulk("a"), One('#', "t"), Verbatim("txt", "b"), Null).With(Bulk("x"), Int("1"))
	require.Equal(t, "|1\r\n$1\r\nx\r\n:1\r\n%2\r\n$1\r\na\r\n#t\r\n=5\r\ntxt:b\r\n_\r\n", node.Encode(3))
	require.Equal(t, "*4\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n$-1\r\n", node.Encode(2))
	for _, f := range Whole() {
		again, _, why := Decode(f.Want.Encode(3), Limits{MaxFrame: defaultFrame, MaxDepth: defaultDepth})
		require.Empty(t, why, f.Name)
		require.Equal(t, f.Want, again, f.Name)
	}
}
