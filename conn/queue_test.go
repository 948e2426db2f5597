package conn

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// The queue does what a slice would do.
func TestQueue(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var q queue
	var want []*call
	for seq := range uint64(3000) {
		switch n := random.IntN(20); {
		case n < 10 && len(want) < 50 || len(want) == 0:
			own := &call{seq: seq}
			q.push(own)
			want = append(want, own)
		case n < 13:
			want[random.IntN(len(want))].left.Store(true)
		default:
			i := random.IntN(len(want))
			q.remove(want[i])
			want = slices.Delete(want, i, i+1)
		}
		var got []*call
		for own := q.head; own != nil; own = own.next {
			got = append(got, own)
		}
		require.True(t, slices.Equal(want, got))
		var first, unsent *call
		for _, own := range want {
			if first == nil && !own.left.Load() {
				first = own
			}
			if unsent == nil && first != nil && own.seq >= seq/2 {
				unsent = own
			}
		}
		require.True(t, first == q.waiting())
		require.True(t, unsent == q.unsent(seq/2))
	}
}
