package pool

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a queue counts is what is in it, whoever comes, leaves, or stays without being looked at.
func TestQueueCounts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var q queue
	var want []*waiter
	for range 5000 {
		switch n := random.IntN(10); {
		case n < 5 || len(want) == 0:
			w := &waiter{need: need{exclusive: random.IntN(2) == 0, after: random.Uint64N(2)}, tests: random.IntN(8) == 0, noted: random.IntN(2) == 0}
			q.push(w)
			want = append(want, w)
		case n < 8:
			i := random.IntN(len(want))
			require.True(t, q.remove(want[i]))
			want = slices.Delete(want, i, i+1)
			require.False(t, q.remove(&waiter{}))
		default: // some are served, some stay, the rest is not looked at
			waiters, ahead := q.waiters, q.tally
			q = queue{waiters: waiters[:0]}
			var stay []*waiter
			looked := random.IntN(len(waiters) + 1)
			for i, w := range waiters {
				if i == looked {
					stay = append(stay, waiters[i:]...)
					q.keep(waiters[i:], ahead)
					break
				}
				ahead.count(w, -1)
				if random.IntN(2) == 0 {
					stay = append(stay, w)
					q.push(w)
				}
			}
			want = stay
		}
		var counted tally
		for _, w := range want {
			counted.count(w, 1)
		}
		require.Equal(t, counted, q.tally)
		require.True(t, slices.Equal(want, q.waiters))
	}
}
